"""Bringing the index to the ledger's head, and telling a torn tail from damage (format 4.6, 8).

A tail is torn when a crash left bytes that nobody was told of; it is cut off and kept in
`ledger/torn/`. Bytes that a projection has applied, or that a checkpoint covers, were acknowledged:
when they cannot be read, that is damage, which is reported and never written over.
"""

from pathlib import Path

from tcps.canonical import file_bytes, sha256_hex
from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.ledger import Change, Head, Ledger, Line, damaged, parse_line
from tcps.merkle import Checkpoint, leaf_hash
from tcps.projections.index import Index, Position
from tcps.projections.records import RecordFiles, relative_path


def read_checkpoint(disk: Disk, folder: Path, origin: str) -> Checkpoint | None:
    """The store's checkpoint; None when there is none yet. Raises IntegrityError when it is garbled."""
    content = disk.read(folder / "checkpoint")
    if content is None:
        return None
    try:
        checkpoint = Checkpoint.parsed(content.decode())
        if checkpoint.origin != origin:
            raise ValueError(f"it is of {checkpoint.origin}, not of {origin}")
    except ValueError as error:
        raise IntegrityError(f"{folder / 'checkpoint'} is damaged: {error}") from None
    return checkpoint


def confirm(index: Index, ledger: Ledger) -> None:
    """Check that the ledger still has the last line that the index applied; else it was cut or replaced."""
    position = index.position()
    head = position.head
    if head.seq == 0:
        return
    length = head.offset - position.line_offset - 1
    path = ledger.path(head.segment)
    if ledger.disk.size(path) >= head.offset:
        content = ledger.line_at(head.segment, position.line_offset, length + 1)
        if content.endswith(b"\n") and leaf_hash(content[:-1]) == position.leaf:
            return
    raise IntegrityError(
        f"the ledger no longer holds entry {head.seq}, which was acknowledged: {path}",
        hint="it was cut, replaced or rolled back; restore it, or if an older copy was put back on"
        " purpose, remove index.sqlite",
        details={"path": str(path), "sequence": head.seq},
    )


def fold(index: Index, ledger: Ledger, checkpoint: Checkpoint | None = None) -> tuple[Head, Line | None, str]:
    """Apply the lines after the index's position, as far as they can be read.

    Gives the head reached, and the first line that cannot be read with the reason, if there is one.
    Raises IntegrityError when the tree over the lines is not the one of the checkpoint.
    """
    position = index.position()
    head, tree = position.head, position.tree
    for line in ledger.lines(head):
        try:
            if line.offset == 0 and line.segment not in (head.segment, head.seq + 1):
                raise ValueError(f"segment {line.segment} does not follow entry {head.seq}")
            entry = parse_line(line, head.seq + 1)
        except ValueError as error:
            return head, line, str(error)
        index.apply(entry, line, tree)
        head = Head(entry.seq, line.segment, line.end)
        if checkpoint is not None and checkpoint.size == head.seq and tree.root() != checkpoint.root:
            raise IntegrityError(
                f"the first {head.seq} ledger lines are not those of the checkpoint",
                hint="the ledger was rewritten; restore the store from a backup",
                details={"size": head.seq},
            )
    return head, None, ""


def mend_tail(
    ledger: Ledger,
    records: RecordFiles,
    head: Head,
    bad: Line,
    reason: str,
    covered: int,
) -> None:
    """Cut off a torn tail that starts with the line `bad` after `head`; raise IntegrityError on damage.

    `covered` is the size of the checkpoint.
    """
    acknowledged = max(covered, records.position())
    if head.seq + 1 <= acknowledged or _was_projected(ledger, records, head, bad):
        raise damaged(ledger, bad, reason)
    ledger.cut(head, ledger.directory / "torn")


def require_reaches(ledger: Ledger, position: Position, checkpoint: Checkpoint | None) -> None:
    """Check that the ledger has every line that its checkpoint covers."""
    if checkpoint is not None and position.head.seq < checkpoint.size:
        path = ledger.path(position.head.segment)
        raise IntegrityError(
            f"the ledger ends at entry {position.head.seq}; its checkpoint covers {checkpoint.size}",
            hint="lines were removed; restore the store from a backup",
            details={"path": str(path), "size": position.head.seq, "checkpoint": checkpoint.size},
        )


def _was_projected(ledger: Ledger, records: RecordFiles, head: Head, bad: Line) -> bool:
    """Whether a record file shows a line after the bad one: then that line, and so the bad one, was synced."""
    after = [line for line in ledger.lines(head) if (line.segment, line.offset) > (bad.segment, bad.offset)]
    for number, line in enumerate(after, start=head.seq + 2):
        try:
            entry = parse_line(line, number)
        except ValueError:
            continue
        if any(_on_disk(records, change) for change in entry.changes):
            return True
    return False


def _on_disk(records: RecordFiles, change: Change) -> bool:
    if change.record is None:
        return False
    content = records.read(relative_path(change.kind, change.id, change.record))
    return content is not None and sha256_hex(content) == sha256_hex(file_bytes(change.record))
