"""Stores that the tests of the ontology ask."""

from pathlib import Path

from tcps.model import Stage
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules import line


def small(folder: Path) -> Store:
    """A published SKU, one whose compilation failed, and an Andon of a SKU that nobody knows."""
    store = Store.create(folder, actor="alice", clock=FixedClock(), disk=line.Unhurried())
    line.published(store)
    line.sku(store)
    line.run(store, "SKU-2", Stage.SHACL_VALIDATION)
    line.run(store, "SKU-2", Stage.COMPILATION, line.FAILING)
    line.trigger(store, "elsewhere")
    return store
