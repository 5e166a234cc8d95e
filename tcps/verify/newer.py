"""What the ledger says after it was read: a record file may show it, for a line is there before its file."""

from tcps.ledger import Head, Ledger, parse_line
from tcps.projections.records import relative_path


class Newer:
    """The lines after a head, as far as they have come; looked at only when a file does not fit."""

    def __init__(self, ledger: Ledger, head: Head) -> None:
        self._ledger = ledger
        self._head = head
        self._states: dict[str, set[str | None]] = {}

    def look(self) -> None:
        """Read on. What cannot be read is being written, and is tried again the next time."""
        for line in self._ledger.lines(self._head):
            try:
                entry = parse_line(line, self._head.seq + 1)
                for change in entry.changes:
                    if change.is_reservation:
                        continue
                    path = relative_path(change.kind, change.id, change.record)
                    self._states.setdefault(path, set()).add(change.sha256)
            except (ValueError, KeyError, TypeError):
                return
            self._head = Head(entry.seq, line.segment, line.end)

    def explains(self, path: str, sha256: str | None) -> bool:
        """Whether a record has a newer state with this digest there, or (None) was deleted."""
        return sha256 in self._states.get(path, ())
