"""Reading a stretch of the ledger: each line by itself, so that any process can do it (format 4.2, 4.3)."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from tcps.canonical import file_bytes, sha256_hex
from tcps.ledger import SALVAGE, Change, Entry, Ledger, Line, parse_line
from tcps.merkle import leaf_hash
from tcps.model import KINDS, AndonEvent, Policy, Receipt, Record, Timestamp, to_ms
from tcps.model.text import is_id
from tcps.rules.policy import setting
from tcps.verify.rows import AnyRow, Promise, Span, Spill, State, shard_of, shard_of_sku

_BLOCK = 16 * 1024
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


class Stretch(NamedTuple):
    """A part of a segment: the lines that begin from byte `start` up to byte `end`."""

    segment: int
    start: int
    end: int


Where = tuple[str, int, int, int, int]
"""The first fields of a row: of which record, by which entry, in which line."""
Place = tuple[int, int]
"""A line's segment and offset."""


class Salvaged(NamedTuple):
    """An entry that a salvage made: so many records, and receipts among them, rest on its actor's word."""

    sequence: int
    time: Timestamp
    actor: str
    records: int
    receipts: int


class Seen(NamedTuple):
    """A line: where it is, its number if it has one, and why it is none that was ever written.

    `parsed` is whether it is an entry at all, `whole` whether it has its newline.
    """

    segment: int
    offset: int
    length: int
    seq: int | None
    reason: str | None
    parsed: bool
    whole: bool


class Read(NamedTuple):
    """What reading a stretch gave, line by line."""

    segment: int
    offset: int
    lengths: list[int]
    """Of the lines, the first of which is at `offset`, without their newlines."""
    leaves: bytes
    """The leaf hashes of the lines."""
    first: int | None
    """The number of the first line, when all lines are entries and numbered without a gap."""
    seen: list[Seen]
    """The lines, when they are not."""
    gaps: list[tuple[Place, float]]
    """What the policy of a line says of the longest gap between receipts."""
    salvaged: list[tuple[Place, Salvaged]]
    """The entries that a salvage made."""

    def lines(self) -> Iterator[Seen]:
        """Every line."""
        if self.first is None:
            yield from self.seen
            return
        offset = self.offset
        for seq, length in enumerate(self.lengths, start=self.first):
            yield Seen(self.segment, offset, length, seq, None, parsed=True, whole=True)
            offset += length + 1

    def leaf_hashes(self) -> Iterator[bytes]:
        """The leaf hash of every line."""
        return (self.leaves[at : at + 32] for at in range(0, len(self.leaves), 32))


class Reader:
    """Reads stretches, and keeps rows of what they say: of `wanted` SKUs, or (None) of everything."""

    def __init__(self, ledger: Ledger, spill: Spill, wanted: frozenset[str] | None) -> None:
        self._ledger = ledger
        self._spill = spill
        self._wanted = wanted
        self._gaps: list[tuple[Place, float]] = []
        self._salvaged: list[tuple[Place, Salvaged]] = []

    def __call__(self, stretch: Stretch) -> Read:
        """Read a stretch."""
        seen, leaves, self._gaps = list[Seen](), list[bytes](), list[tuple[Place, float]]()
        self._salvaged = []
        for line in lines_of(self._ledger, stretch):
            leaves.append(leaf_hash(line.content))
            seen.append(self._seen(line))
        first = seen[0].seq if seen and _is_sound(seen) else None
        return Read(
            segment=stretch.segment,
            offset=seen[0].offset if seen else stretch.end,
            lengths=[line.length for line in seen],
            leaves=b"".join(leaves),
            first=first,
            seen=seen if first is None else [],
            gaps=self._gaps,
            salvaged=self._salvaged,
        )

    def _seen(self, line: Line) -> Seen:
        place = (line.segment, line.offset, len(line.content))
        try:
            entry = parse_line(line, None)
        except ValueError as error:
            return Seen(*place, None, str(error), parsed=False, whole=line.whole)
        try:
            rows = self._rows(entry, place)
        except ValueError as error:
            return Seen(*place, entry.seq, str(error), parsed=True, whole=line.whole)
        for shard, row in rows:
            self._spill.add(shard, row)
        if entry.action == SALVAGE:
            self._salvaged.append((place[:2], _salvaged(entry)))
        return Seen(*place, entry.seq, None, parsed=True, whole=line.whole)

    def _rows(self, entry: Entry, place: tuple[int, int, int]) -> list[tuple[int, AnyRow]]:
        """The rows of an entry, each with its shard; raises ValueError when the entry cannot be."""
        _require_sound(entry)
        rows: list[tuple[int, AnyRow]] = []
        for change in entry.changes:
            record = _record(change, entry.action)
            if change.is_reservation:
                continue
            where = (change.id, entry.seq, *place)
            if isinstance(record, Receipt | AndonEvent):
                told = _told(record, change, where)
                if self._wanted is None or told.sku_id in self._wanted:
                    rows.append((shard_of_sku(told.sku_id), told))
            elif isinstance(record, Policy):
                self._gaps.append((place[:2], _max_gap_hours(record)))
            if self._is_kept(change):
                state = State(*where, change.kind, change.sha256)
                rows.append((shard_of(change.kind, change.id), state))
        return rows

    def _is_kept(self, change: Change) -> bool:
        """Whether the state of a record is of interest; that of a receipt is a promise already."""
        if self._wanted is None:
            return change.kind != "receipt"
        return change.kind == "sku" and change.id in self._wanted


def lines_of(ledger: Ledger, stretch: Stretch) -> Iterator[Line]:
    """The lines that begin in a stretch, the last one to its end."""
    path, offset = ledger.path(stretch.segment), stretch.start
    before = min(offset, 1)  # the byte before tells whether a line begins at `start`
    data = ledger.disk.read_at(path, offset - before, stretch.end - offset + before)
    if before:
        newline = data.find(b"\n")
        if newline < 0:
            return
        data, offset = data[newline + 1 :], offset + newline
    *whole, rest = data.split(b"\n")
    for content in whole:
        yield Line(stretch.segment, offset, content)
        offset += len(content) + 1
    if rest:
        yield _completed(ledger, Line(stretch.segment, offset, rest))


def _completed(ledger: Ledger, begun: Line) -> Line:
    """The line with what stands after the stretch in which it begins."""
    pieces, at = [begun.content], begun.offset + len(begun.content)
    while block := ledger.disk.read_at(ledger.path(begun.segment), at, min(len(pieces), 64) * _BLOCK):
        piece, newline, _ = block.partition(b"\n")
        pieces.append(piece)
        at += len(block)
        if newline:
            return Line(begun.segment, begun.offset, b"".join(pieces))
    return Line(begun.segment, begun.offset, b"".join(pieces), whole=False)


def _is_sound(seen: list[Seen]) -> bool:
    """Whether the lines are all entries, and numbered without a gap."""
    return all(line.reason is None for line in seen) and all(
        line.seq == number for number, line in enumerate(seen, start=seen[0].seq or 0)
    )


def _salvaged(entry: Entry) -> Salvaged:
    receipts = sum(change.kind == "receipt" for change in entry.changes if change.record is not None)
    return Salvaged(entry.seq, entry.time, entry.actor, len(entry.changes), receipts)


def _require_sound(entry: Entry) -> None:
    _require_time(entry.time)
    changed = {(change.kind, change.id) for change in entry.changes}
    if not changed and entry.action != SALVAGE:
        raise ValueError("it changes nothing")
    if len(changed) != len(entry.changes):
        raise ValueError("it changes a record twice")


def _record(change: Change, action: str) -> Record | None:
    """The record of a change; raises ValueError when it is none, or has another digest than stated."""
    kind = KINDS.get(change.kind)
    if kind is None:
        raise ValueError(f"it changes a record of the unknown kind {change.kind}")
    if not is_id(change.id):
        raise ValueError(f"it changes {change.id!r}, which is no id")
    if change.record is None:
        if (change.is_reservation and action != SALVAGE) or change.sha256 is not None:
            raise ValueError(f"it deletes {change.id}, and so no entry does")
        return None
    if sha256_hex(file_bytes(change.record)) != change.sha256:
        raise ValueError(f"the digest that it states of {change.id} is not that of the record")
    record = msgspec.convert(change.record, kind)
    if (record.id, record.revision) != (change.id, change.revision):
        raise ValueError(f"it holds {record.id}, revision {record.revision}, as another")
    return record


def _max_gap_hours(policy: Policy) -> float:
    hours = setting(policy, "max_gap_hours")
    if not isinstance(hours, int | float):
        raise ValueError(f"it sets max_gap_hours to {hours!r}")
    return hours


def _told(record: Receipt | AndonEvent, change: Change, where: Where) -> Promise | Span:
    """What a SKU's chain needs to know of the record."""
    return _promise(record, change, where) if isinstance(record, Receipt) else _span(record, where)


def _promise(receipt: Receipt, change: Change, where: Where) -> Promise:
    assert change.sha256 is not None
    if not is_id(receipt.sku_id):
        raise ValueError(f"it holds a receipt of {receipt.sku_id!r}, which is no id")
    _require_time(receipt.timestamp)
    return Promise(
        *where,
        change.sha256,
        receipt.sku_id,
        receipt.sequence,
        receipt.stage,
        receipt.status,
        receipt.timestamp,
        receipt.previous,
    )


def _span(andon: AndonEvent, where: Where) -> Span:
    end = None if andon.resolution is None else _ms(andon.resolution.resolved_at)
    return Span(*where, andon.sku_id, _ms(andon.created_at), end)


def _ms(time: Timestamp) -> int:
    _require_time(time)
    return to_ms(time)


def _require_time(time: Timestamp) -> None:
    """Raises ValueError for a time that is not written as the store writes times."""
    if not _TIME.fullmatch(time):
        raise ValueError(f"{time!r} is not a time in UTC with milliseconds")
    datetime.fromisoformat(time)
