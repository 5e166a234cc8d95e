"""Bringing the index to the ledger's head, and telling a torn tail from damage (format 4.6, 8).

A tail is torn when a crash left bytes that nobody was told of; it is cut off and kept in
`ledger/torn/`. Bytes that a projection has applied, or that a checkpoint covers, were acknowledged:
when they cannot be read, that is damage, which is reported and never written over.
"""

from typing import NamedTuple

from tcps.errors import IntegrityError
from tcps.ledger import Head, Ledger, Line, damaged, parse_line
from tcps.merkle import Checkpoint, leaf_hash
from tcps.projections.index import Index, Position
from tcps.projections.records import RecordFiles
from tcps.projections.shown import shows_later


class Reached(NamedTuple):
    """How far a fold came, and the first line that it could not read, with the reason."""

    head: Head
    bad: Line | None = None
    reason: str = ""


def confirm(position: Position, ledger: Ledger) -> None:
    """Check that the ledger still has the last line of an index; else it was cut or replaced."""
    head = position.head
    if head.seq == 0:
        return
    length = head.offset - position.line_offset - 1
    content = ledger.line_at(head.segment, position.line_offset, length + 1)
    if len(content) == length + 1 and content.endswith(b"\n") and leaf_hash(content[:-1]) == position.leaf:
        return
    path = ledger.path(head.segment)
    raise IntegrityError(
        f"the ledger no longer holds entry {head.seq}, which was acknowledged: {path}",
        hint="it was cut, replaced or rolled back; restore it, or if an older copy was put back on"
        " purpose, remove index.sqlite and records.lock",
        details={"path": str(path), "sequence": head.seq},
    )


def fold(index: Index, ledger: Ledger, checkpoint: Checkpoint | None = None) -> Reached:
    """Apply the lines after the index's position, as far as they can be read.

    Raises IntegrityError when the tree over the lines is not the one of the checkpoint.
    """
    position = index.position()
    reached, last, tree = Reached(position.head), None, position.tree
    for line in ledger.lines(position.head):
        head = reached.head
        try:
            if line.offset == 0 and line.segment not in (head.segment, head.seq + 1):
                raise ValueError(f"segment {line.segment} does not follow entry {head.seq}")
            entry = parse_line(line, head.seq + 1)
            index.apply(entry, line)
        except ValueError as error:
            reached = Reached(head, line, str(error))
            break
        reached, last = Reached(Head(entry.seq, line.segment, line.end)), line
        tree.append(leaf_hash(line.content))
        if checkpoint is not None and checkpoint.size == entry.seq and tree.root() != checkpoint.root:
            raise IntegrityError(
                f"the first {entry.seq} ledger lines are not those of the checkpoint",
                hint="the ledger was rewritten; restore the store from a backup",
                details={"size": entry.seq},
            )
    if last is not None:
        index.reach(reached.head, last, tree)
    if position.head.seq == 0:
        index.add_lookups()
    return reached


def require_sound(ledger: Ledger, reached: Reached, acknowledged: int) -> None:
    """Raise IntegrityError when the ledger cannot be read, or ends, before an acknowledged entry.

    `acknowledged` was learned before the ledger was read, for the ledger grows.
    """
    if reached.head.seq >= acknowledged:
        return
    if reached.bad is not None:
        raise damaged(ledger, reached.bad, reached.reason)
    path = ledger.path(reached.head.segment)
    raise IntegrityError(
        f"the ledger ends at entry {reached.head.seq}; {acknowledged} entries were acknowledged",
        hint="lines were removed; restore the store from a backup",
        details={"path": str(path), "size": reached.head.seq, "acknowledged": acknowledged},
    )


def mend_tail(ledger: Ledger, records: RecordFiles, reached: Reached, bad: Line) -> None:
    """Cut off a torn tail that starts with the line `bad`; raise IntegrityError on damage."""
    if shows_later(ledger, records, reached.head, (bad.segment, bad.offset)):
        raise damaged(ledger, bad, reached.reason)
    ledger.cut(reached.head, ledger.directory / "torn")
