"""What the record files say of the ledger: a line that one of them shows was synced (format 4.6)."""

from tcps.canonical import file_bytes, sha256_hex
from tcps.ledger import Change, Entry, Head, Ledger, Line, parse_line
from tcps.projections.records import RecordFiles, relative_path


def shows_later(ledger: Ledger, records: RecordFiles, head: Head, bad: tuple[int, int]) -> bool:
    """Whether a record file shows a line after the bad one: then that line was synced, and so the bad one.

    `bad` is its segment and offset, `head` the last entry that can be read before it. Damage may have
    made or removed newlines, so the later lines' numbers are not held against them.
    """
    return any(
        _on_disk(records, change)
        for line in ledger.lines(head)
        if (line.segment, line.offset) > bad
        for change in _changes(line, head.seq)
    )


def _changes(line: Line, after: int) -> tuple[Change, ...]:
    try:
        entry: Entry = parse_line(line, None)
    except ValueError:
        return ()
    return entry.changes if entry.seq > after else ()


def _on_disk(records: RecordFiles, change: Change) -> bool:
    if change.record is None:
        return False
    try:
        path = relative_path(change.kind, change.id, change.record)
    except (KeyError, ValueError, TypeError):
        return False
    content = records.read_plain(path)
    return content is not None and sha256_hex(content) == sha256_hex(file_bytes(change.record))
