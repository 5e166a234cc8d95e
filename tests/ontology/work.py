"""What a process of its own does in these tests: `python -m tests.ontology.work MODE FOLDER`."""

import sys
from collections.abc import Callable

from tcps.store import Store
from tests.store import shop

COUNT = "SELECT (COUNT(?o) AS ?n) { ?o a tcps:WorkOrder }"


def rebuild(folder: str) -> None:
    """Add an order and make the graph anew, until killed."""
    with Store.open(folder, actor="builder") as store:
        while True:
            shop.order(store)
            store.rebuild_ontology()


def forward(folder: str) -> None:
    """Add an order and ask, until killed."""
    with Store.open(folder, actor="writer") as store:
        while True:
            shop.order(store)
            print(store.query_ontology(COUNT).values()[0]["n"], flush=True)


MODES: dict[str, Callable[[str], None]] = {"rebuild": rebuild, "forward": forward}

if __name__ == "__main__":
    MODES[sys.argv[1]](sys.argv[2])
