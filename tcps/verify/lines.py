"""Reading a stretch of the ledger: each line by itself, so that any process can do it (format 4.2, 4.3)."""

from collections.abc import Iterator
from typing import NamedTuple

from tcps.ledger import Ledger, Line, parse_line
from tcps.merkle import leaf_hash
from tcps.verify.entries import RolledBack, Salvaged, told
from tcps.verify.rows import Spill

_BLOCK = 16 * 1024


class Stretch(NamedTuple):
    """A part of a segment: the lines that begin from byte `start` up to byte `end`."""

    segment: int
    start: int
    end: int


Place = tuple[int, int]
"""A line's segment and offset."""


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
    told: list[tuple[Place, Salvaged | RolledBack]]
    """The entries that say something of the ledger itself."""

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
        self._told: list[tuple[Place, Salvaged | RolledBack]] = []

    def __call__(self, stretch: Stretch) -> Read:
        """Read a stretch."""
        seen, leaves, self._gaps = list[Seen](), list[bytes](), list[tuple[Place, float]]()
        self._told = []
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
            told=self._told,
        )

    def _seen(self, line: Line) -> Seen:
        place = (line.segment, line.offset, len(line.content))
        try:
            entry = parse_line(line, None)
        except ValueError as error:
            return Seen(*place, None, str(error), parsed=False, whole=line.whole)
        try:
            said = told(entry, place, self._wanted)
        except ValueError as error:
            return Seen(*place, entry.seq, str(error), parsed=True, whole=line.whole)
        for shard, row in said.rows:
            self._spill.add(shard, row)
        if said.max_gap_hours is not None:
            self._gaps.append((place[:2], said.max_gap_hours))
        if said.itself is not None:
            self._told.append((place[:2], said.itself))
        return Seen(*place, entry.seq, None, parsed=True, whole=line.whole)


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
