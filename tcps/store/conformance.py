"""Whether the records of a store conform to the shapes: all of them, or those that changed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from tcps.canonical import line_bytes, parse, sha256_hex
from tcps.errors import TcpsError
from tcps.model import Part, Receipt, Sku
from tcps.ontology import shacl
from tcps.ontology.projection import Projection, State
from tcps.ontology.shacl import Breach, Told
from tcps.store.engine import Engine
from tcps.store.graph import finder, head_of, leaf_of, state_at, statements
from tcps.store.view import View

Key = tuple[str, str]
_REACH = 2
"""How far the records go that a rule about one of them looks at."""


class Judged(NamedTuple):
    """What was judged: `records` of them, those that changed after entry `since` (0: all), and the verdict.

    `report` is the standard's own, as Turtle, when all were judged.
    """

    conforms: bool
    records: int
    since: int
    sequence: int
    breaches: tuple[Breach, ...]
    report: str | None


class _Mark(Part, frozen=True, kw_only=True):
    """Up to which entry everything conformed to which shapes."""

    store_id: str
    seq: int
    leaf: str
    shapes: str


def validate(store: Engine, *, full: bool = False, told: Told | None = None) -> Judged:
    """The verdict on what changed since everything conformed, or on all. Raises Undecided without pySHACL.

    When all are looked at, `told` is told of `records` and then of `shapes`.
    """
    place = store.fold.folder / "ontology" / "conforms"
    with store.view() as view:
        since = 0 if full else _since(store, view, place)
        judged = _part(view, since) if since else _all(view, told)
        if judged.conforms:
            _remember(store, place, _mark(view, head_of(view)))
    return judged


def _all(view: View, told: Told | None) -> Judged:
    verdict = shacl.judge(statements(view, told), told)
    (count,) = view.loader.index.db.execute("SELECT count(*) FROM record").fetchone()
    head = head_of(view)
    return Judged(verdict.conforms, count, 0, head, verdict.breaches, verdict.report)


def _part(view: View, since: int) -> Judged:
    """Judge the changed records among those that the rules about them look at."""
    head = head_of(view)
    entries = map(view.loader.entry, range(since + 1, head + 1))
    changed = {(change.kind, change.id) for entry in entries for change in entry.changes}
    states = _with_neighbours(view, changed)
    present = [key for key in changed if key in states]
    if not present:
        return Judged(True, 0, since, head, (), None)
    writer = Projection(view.store_id, finder(view))
    verdict = shacl.judge(block for state in states.values() for block in writer.blocks(state))
    own = {f"{kind}:{record_id}" for kind, record_id in present}
    found = tuple(one for one in verdict.breaches if one.record.partition("#")[0] in own)
    return Judged(not found, len(present), since, head, found, None)


def _with_neighbours(view: View, keys: Iterable[Key]) -> dict[Key, State]:
    states: dict[Key, State] = {}
    waiting = set(keys)
    for _ in range(_REACH + 1):
        found = {key: state for key in waiting if (state := _now(view, key)) is not None}
        states |= found
        waiting = {key for state in found.values() for key in _linked(view, state)} - states.keys()
    return states


def _now(view: View, key: Key) -> State | None:
    row = view.loader.row(*key)
    return None if row is None else state_at(view, *key, row.seq)


def _linked(view: View, state: State) -> Iterator[Key]:
    """The records that a record names, and the receipts of a SKU."""
    record = state.record
    for field, kind in (("work_order_id", "work_order"), ("sku_id", "sku"), ("andon_id", "andon_event")):
        if kind != state.kind and record.get(field):
            yield kind, record[field]
    for order_id in record.get("depends_on", ()):
        yield "work_order", order_id
    if state.kind in (Sku.kind, Receipt.kind):
        sql = "SELECT id FROM receipt WHERE sku_id=?"
        for (receipt_id,) in view.loader.index.db.execute(sql, (record["sku_id"],)):
            yield "receipt", receipt_id


def _since(store: Engine, view: View, place: Path) -> int:
    """The entry up to which everything is known to conform; 0 when nothing is."""
    try:
        mark = msgspec.convert(parse(store.fold.disk.read(place) or b""), _Mark)
    except (ValueError, msgspec.ValidationError, TcpsError):
        return 0
    return mark.seq if mark.seq <= head_of(view) and mark == _mark(view, mark.seq) else 0


def _mark(view: View, seq: int) -> _Mark:
    shapes = sha256_hex(shacl.shapes())
    return _Mark(store_id=view.store_id, seq=seq, leaf=leaf_of(view, seq), shapes=shapes)


def _remember(store: Engine, place: Path, mark: _Mark) -> None:
    try:
        store.fold.disk.make_dirs(place.parent)
        store.fold.disk.replace(place, line_bytes(msgspec.to_builtins(mark)) + b"\n")
    except TcpsError as error:  # the next one judges more than it must
        store.fold.notice(f"it is not kept that the records conform: {error.message}")
