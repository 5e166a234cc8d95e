"""The process that answers queries: kept for the next, replaced when it has gone, ended with the store."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcps.errors import TcpsError
from tcps.ontology.limits import Limits
from tcps.store import Store
from tests.store import shop

COUNT = "SELECT (COUNT(?o) AS ?n) { ?o a tcps:WorkOrder }"
ENGINES = ("oxigraph", "rdflib")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path, actor="alice") as made:
        shop.order(made)
        yield made


def workers() -> set[int]:
    """The children of this process, whichever thread started them."""
    tasks = Path("/proc/self/task").iterdir()
    found = {int(one) for task in tasks for one in (task / "children").read_text().split()}
    return {pid for pid in found if b"worker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def counted(store: Store, engine: str) -> int:
    return int(store.ontology(engine).ask(COUNT).values()[0]["n"])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_next_query_on_the_same_graph_is_answered_by_the_same_process(store: Store, engine: str) -> None:
    assert counted(store, engine) == 1
    (first,) = workers()
    assert counted(store, engine) == 1
    assert workers() == {first}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_that_has_moved_on_has_a_process_of_its_own(store: Store, engine: str) -> None:
    assert counted(store, engine) == 1
    before = workers()
    shop.order(store)
    assert counted(store, engine) == 2
    assert len(workers()) == 1
    assert not workers() & before


def test_one_that_was_killed_while_it_waited_is_replaced(store: Store) -> None:
    assert counted(store, "oxigraph") == 1
    (pid,) = workers()
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert counted(store, "oxigraph") == 1
    assert not workers() & {pid}


@pytest.mark.parametrize("query", ["SELECT", "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"])
def test_one_that_failed_is_not_asked_again(store: Store, query: str) -> None:
    assert counted(store, "oxigraph") == 1
    before = workers()
    with pytest.raises(TcpsError):
        store.query_ontology(query, limits=Limits(seconds=2, size=1 << 16))
    assert not workers() & before
    assert counted(store, "oxigraph") == 1


def test_a_process_that_waits_ends_with_its_store(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice") as store:
        counted(store, "oxigraph")
        assert workers()
    assert not workers()
