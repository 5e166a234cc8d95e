"""Who knows of entries that a restore would give up: the store that is there, and anchors (format 14.3)."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tcps import checkpoints
from tcps.errors import IntegrityError, TcpsError
from tcps.ledger import Ledger, parse_line
from tcps.merkle import Tree, leaf_hash
from tcps.projections.records import RecordFiles
from tcps.verify import Anchor
from tcps.verify.anchors import Roots
from tcps.verify.entries import told


class Last(NamedTuple):
    """An entry and its leaf hash."""

    seq: int
    leaf: bytes


class Known(NamedTuple):
    """A store as far as it can be read: its last entry, and up to where it says that it was acknowledged."""

    last: Last | None
    acknowledged: int

    @classmethod
    def of(cls, records: RecordFiles, origin: str) -> "Known":
        """What can be learned of a store, which may be damaged; it is only read."""
        try:
            signed = checkpoints.newest(records.disk, records.root, origin)
            size = 0 if signed is None else signed.checkpoint.size
        except TcpsError:
            size = 0
        return cls(_last(Ledger(records.disk, records.root / "ledger")), max(size, records.acknowledged()))

    @property
    def seq(self) -> int:
        """The newest entry that it has or had."""
        return max(self.acknowledged, 0 if self.last is None else self.last.seq)


class Lost(NamedTuple):
    """Entries up to `seq` that a restore would give up: the class of the finding, and who knows of them."""

    seq: int
    class_: str
    why: str


class Witnesses:
    """Anchors, and the store that is there: what they know of a ledger that is to end at an entry."""

    def __init__(self, seq: int, anchors: Sequence[Anchor]) -> None:
        self._seq = seq
        self._anchors = anchors
        self._roots = Roots(anchor.checkpoint.size for anchor in anchors)

    def note(self, tree: Tree) -> None:
        """Look at the ledger's tree after each line, while it is laid down."""
        self._roots.note(tree)

    def longer(self, there: Known | None) -> Iterator[Lost]:
        """Those who know of later entries."""
        if there is not None and there.seq > self._seq:
            seq = there.seq
            yield Lost(seq, "ROLLED_BACK", f"the store that is there has come to entry {seq}")
        for name, checkpoint, _ in self._anchors:
            if checkpoint.size > self._seq:
                yield Lost(checkpoint.size, "ROLLED_BACK", f"{name} has {checkpoint.size} entries")

    def other(self, there: Known | None, ledger: Ledger) -> Iterator[Lost]:
        """Those who know of another ledger than the one that was laid down."""
        last = None if there is None else there.last
        if last is not None and last.seq <= self._seq and last.leaf != _leaf(ledger, last.seq):
            yield Lost(last.seq, "FORKED", f"the store that is there has another entry {last.seq}")
        for name, (origin, size, root), _ in self._anchors:
            if size <= self._seq and self._roots.at(size) != root:
                yield Lost(size, "FORKED", f"{name} of {origin} has another root at entry {size}")

    def holding(self) -> list[Anchor]:
        """The anchors that the ledger is consistent with."""
        return [one for one in self._anchors if self._roots.at(one.checkpoint.size) == one.checkpoint.root]


def require_accepted(lost: Sequence[Lost], seq: int) -> None:
    """Raise IntegrityError when anything would be given up."""
    if lost:
        raise IntegrityError(
            f"nothing is restored: the backup goes to entry {seq}; {lost[0].why}",
            hint="if that is to be given up, restore with --accept-rollback: an entry will say so",
            details={"class": lost[0].class_, "sequence": seq, "known": max(one.seq for one in lost)},
        )


def _last(ledger: Ledger) -> Last | None:
    """The last entry that can be one, of the last segment that has any."""
    for segment in reversed(ledger.segments()):
        last = None
        for line in ledger.lines_of(segment, 0):
            try:
                entry = parse_line(line, None)
                told(entry, (line.segment, line.offset, len(line.content)), frozenset())
            except ValueError:
                continue
            last = Last(entry.seq, leaf_hash(line.content))
        if last is not None:
            return last
    return None


def _leaf(ledger: Ledger, seq: int) -> bytes | None:
    """The leaf hash of an entry of a ledger that was laid down; None when there is none."""
    segment = max((first for first in ledger.segments() if first <= seq), default=1)
    line = next(islice(ledger.lines_of(segment, 0), seq - segment, None), None) if seq > 0 else None
    return None if line is None else leaf_hash(line.content)
