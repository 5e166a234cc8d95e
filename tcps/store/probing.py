"""How a store does now: whether it can be read and written, how far its projections are (domain 13.2)."""

from typing import NamedTuple

from tcps.errors import LockTimeout, TcpsError, Undecided
from tcps.model import Timestamp
from tcps.ontology import engines
from tcps.ontology.generations import FOLDER, Generations
from tcps.store.engine import Engine
from tcps.store.graph import head_of, leaf_of
from tcps.store.view import View


class Probed(NamedTuple):
    """What is wrong with the store, and with its index; None where nothing is.

    `graph` says whether a graph is kept, `lacking` when the oldest entry was made that it has not.
    """

    store_trouble: str | None
    index_trouble: str | None
    graph: bool
    lacking: Timestamp | None


def probe(store: Engine, view: View) -> Probed:
    """Write to the store and read from it, and look at its projections."""
    seq = _graph(store, view)
    behind = seq is not None and seq < head_of(view)
    lacking = view.loader.entry(seq + 1).time if behind and seq is not None else None
    return Probed(_store(store, view), _index(store, view), seq is not None, lacking)


def _store(store: Engine, view: View) -> str | None:
    """Read the newest entry, write a file beside the ledger."""
    try:
        if head_of(view):
            view.loader.entry(head_of(view))
        store.fold.disk.probe(store.fold.folder)
    except TcpsError as error:
        return error.message
    return None


def _index(store: Engine, view: View) -> str | None:
    """A view of an index that is only in memory was folded for this command alone."""
    if view.loader.index.path is not None:
        return None
    try:
        with store.fold.locked(0):
            return "it cannot be kept: every command reads the whole ledger"
    except LockTimeout:  # somebody is writing, and a reader does not wait for that
        return None
    except TcpsError as error:
        return f"it cannot be kept: {error.message}"


def _graph(store: Engine, view: View) -> int | None:
    """Up to which entry of this ledger the graph is that is kept; None where none is."""
    try:
        name = engines.chosen().name
    except Undecided:  # then nobody can ask it
        return None
    pointer = Generations(store.fold.disk, store.fold.folder / FOLDER / name, 0).current()
    if pointer is None or pointer.store_id != view.store_id or pointer.seq > head_of(view):
        return None
    return pointer.seq if pointer.leaf == leaf_of(view, pointer.seq) else None
