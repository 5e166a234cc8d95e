"""The ledger as a verification reads it: every line from the first, nothing taken on trust.

Stretches are read by as many processes as there are; here their results are put together, in order.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tcps.ledger import Head, Ledger
from tcps.merkle import Tree, leaf_hash
from tcps.model import Policy
from tcps.projections.records import RecordFiles
from tcps.projections.shown import shows_later
from tcps.rules.findings import Finding
from tcps.rules.policy import setting
from tcps.verify import findings
from tcps.verify.anchors import Roots
from tcps.verify.entries import RolledBack, Salvaged
from tcps.verify.lines import Place, Read, Reader, Seen, Stretch
from tcps.verify.parallel import results
from tcps.verify.rows import AnyRow, Heads, Rows, Spill

_STRETCH = 1024 * 1024
"""How many bytes are read at once."""


class Plan(NamedTuple):
    """What there is to read: the segments with their sizes, in order, and what is no segment in its place."""

    sizes: dict[int, int]
    findings: list[Finding]

    @property
    def bytes(self) -> int:
        """The size of the ledger."""
        return sum(self.sizes.values())

    def stretches(self) -> Iterator[Stretch]:
        """The ledger in pieces."""
        for segment, size in self.sizes.items():
            for start in range(0, size, _STRETCH):
                yield Stretch(segment, start, min(start + _STRETCH, size))


def plan(ledger: Ledger) -> Plan:
    """Look at the segments; one that is no plain file is a finding."""
    sizes: dict[int, int] = {}
    wrong: list[Finding] = []
    for segment in ledger.segments():
        size = ledger.disk.plain_size(ledger.path(segment))
        if size is None:
            wrong.append(findings.no_plain_file(f"ledger/{ledger.path(segment).name}"))
        else:
            sizes[segment] = size
    if 1 not in ledger.segments():
        wrong.append(findings.no_first_segment(f"ledger/{ledger.path(1).name}"))
    return Plan(sizes, wrong)


class Reading:
    """What the ledger says; `acknowledged` entries of it were known to somebody before it was read.

    `leaves` has the hashes of the `lines` of these numbers.

    The record files are asked only whether they show a line after one that cannot be read.
    """

    def __init__(
        self,
        ledger: Ledger,
        records: RecordFiles,
        roots: Roots,
        acknowledged: int,
        lines: Iterable[int] = (),
    ) -> None:
        self.ledger = ledger
        self.records = records
        self.findings: list[Finding] = []
        self.tree = Tree()
        self.head = Head()
        self.unreadable = 0
        self.roots = roots
        self.leaves: dict[int, bytes | None] = dict.fromkeys(lines)
        self._acknowledged = acknowledged
        self._gaps: list[tuple[Place, float]] = []
        self._told: list[tuple[Place, Salvaged | RolledBack]] = []
        self._rejected: set[Place] = set()
        self._doubtful: list[tuple[Seen, bytes]] = []
        self._last: tuple[int, bytes] | None = None
        self._resync = False
        self._torn = False
        self._rows = Rows([], [])

    def read(
        self,
        planned: Plan,
        wanted: frozenset[str] | None,
        spills: list[Spill],
        progress: Callable[[int, int], None],
    ) -> None:
        """Read to the end, past what cannot be what was written.

        The bytes of a line that is being written, or was torn before anybody was told, are no finding.
        There is a process for each of the `spills`.
        """
        self.findings += planned.findings
        self.unreadable = len(planned.findings)
        processes, read = len(spills), 0
        work = _Work(self.ledger, spills, wanted)
        tasks: list[Stretch | None] = [*planned.stretches(), *[None] * processes]
        heads: list[Heads] = [{}] * processes
        for number, done in enumerate(results(work.start, tasks, processes)):
            task = tasks[number]
            if isinstance(done, Read) and task is not None:
                self._put(done)
                read += task.end - task.start
                progress(read, planned.bytes)
            elif not isinstance(done, Read):
                heads[number % processes] = done
        self._rows = Rows(spills, heads)

    def has_rows(self, shard: int) -> bool:
        """Whether any line that was read speaks of a shard."""
        return self._rows.has(shard)

    def rows(self, shard: int) -> Iterator[AnyRow]:
        """The rows of a shard, of lines that are part of the ledger, in no order."""
        for row in self._rows.of(shard):
            if self._is_part((row.segment, row.offset)):
                yield row

    @property
    def max_gap_hours(self) -> float:
        """What the newest policy says of the longest gap between receipts."""
        kept = [hours for place, hours in self._gaps if self._is_part(place)]
        return kept[-1] if kept else float(setting(Policy(), "max_gap_hours"))

    @property
    def salvaged(self) -> list[Salvaged]:
        """The entries that a salvage made."""
        return [one for place, one in self._told if isinstance(one, Salvaged) and self._is_part(place)]

    @property
    def rolled_back(self) -> list[RolledBack]:
        """The entries by which restores say what they gave up."""
        return [one for place, one in self._told if isinstance(one, RolledBack) and self._is_part(place)]

    def was_withdrawn(self) -> bool:
        """Whether lines that nobody was told of are gone: a writer takes them back when its sync fails."""
        if self._last is None or self.head.seq <= self._acknowledged:
            return False
        length, leaf = self._last
        content = self.ledger.line_at(self.head.segment, self.head.offset - length - 1, length)
        return leaf_hash(content) != leaf

    def _is_part(self, place: Place) -> bool:
        return place < self.head[1:] and place not in self._rejected

    def _put(self, read: Read) -> None:
        self._gaps += read.gaps
        self._told += read.told
        if self._is_next(read):
            assert read.first is not None
            size = sum(read.lengths) + len(read.lengths)
            self.head = Head(self.head.seq + len(read.lengths), read.segment, read.offset + size)
            self._last = (read.lengths[-1], read.leaves[-32:])
            for leaf in read.leaf_hashes():
                self._grow(leaf)
        else:
            for line, leaf in zip(read.lines(), read.leaf_hashes(), strict=True):
                self._put_line(line, leaf)

    def _is_next(self, read: Read) -> bool:
        """Whether a stretch is sound and simply follows what was read before."""
        follows = read.segment in (self.head.segment, self.head.seq + 1)
        troubled = self._resync or self._doubtful or self._torn
        return read.first == self.head.seq + 1 and follows and not troubled

    def _put_line(self, line: Seen, leaf: bytes) -> None:
        if line.parsed and self._doubtful:
            self._settle()
        if self._torn:
            return
        reason = line.reason or self._misplaced(line)
        if reason is None:
            assert line.seq is not None
            self.head = Head(line.seq, line.segment, line.offset + line.length + 1)
            self._last = (line.length, leaf)
            self._resync = False
            self._grow(leaf)
        elif self.head.seq >= self._acknowledged:
            self._doubtful.append((line._replace(reason=reason), leaf))
        else:
            self._reject(line._replace(reason=reason), leaf)

    def _misplaced(self, line: Seen) -> str | None:
        """Why an entry is not the next one; after a line that cannot be read, any later one is."""
        last, seq = self.head.seq, line.seq or 0
        if self._resync and seq > last:
            return None
        if line.segment not in (self.head.segment, last + 1) and not self._resync:
            return f"segment {line.segment} does not follow entry {last}"
        return None if seq == last + 1 else f"it has sequence number {seq}, not {last + 1}"

    def _settle(self) -> None:
        """An entry stands after doubtful lines: they are damage if it, or one after it, was acknowledged.

        One without a newline may be about to get it.
        """
        doubtful, self._doubtful = self._doubtful, []
        first = doubtful[0][0]
        acknowledged = shows_later(self.ledger, self.records, self.head, (first.segment, first.offset))
        for line, leaf in doubtful:
            if not line.whole or not acknowledged:
                self._torn = True
                return
            self._reject(line, leaf)

    def _reject(self, line: Seen, leaf: bytes) -> None:
        self.findings.append(findings.of_ledger(self.ledger, line, self.tree.size + 1))
        self.unreadable += 1
        self._resync = True
        self._rejected.add((line.segment, line.offset))
        self._grow(leaf)

    def _grow(self, leaf: bytes) -> None:
        self.tree.append(leaf)
        self.roots.note(self.tree)
        if self.tree.size in self.leaves:
            self.leaves[self.tree.size] = leaf


class _Work(NamedTuple):
    """The reading of stretches; each process has a file of its own for rows."""

    ledger: Ledger
    spills: list[Spill]
    wanted: frozenset[str] | None

    def start(self, number: int) -> Callable[[Stretch | None], Read | Heads]:
        """What reads a stretch; at the end it is asked for its rows."""
        spill = self.spills[number]
        reader = Reader(self.ledger, spill, self.wanted)
        return lambda stretch: spill.flush() if stretch is None else reader(stretch)
