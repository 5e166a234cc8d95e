"""Reading records: from their files, each checked against the ledger's digest (format 5.4)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tcps.canonical import file_bytes, sha256_hex
from tcps.errors import IntegrityError
from tcps.ledger import Change, Entry, Ledger, Line, damaged, parse_line
from tcps.projections.index import Index
from tcps.projections.records import RecordFiles


class Row(NamedTuple):
    """What the index knows of a record."""

    kind: str
    id: str
    revision: int
    sha256: str
    seq: int
    path: str


class Loader:
    """Gives the bytes of records and the entries of the ledger, by way of one index.

    `pending` are entries that the index has and the ledger not yet: those of a batch under way.
    """

    def __init__(
        self, index: Index, ledger: Ledger, records: RecordFiles, pending: Sequence[Entry] = ()
    ) -> None:
        self.index = index
        self.ledger = ledger
        self.records = records
        self.pending = pending

    def of_ledger(self) -> "Loader":
        """One that reads every record from the ledger."""
        return _OfLedger(self.index, self.ledger, self.records, self.pending)

    def row(self, kind: str, record_id: str) -> Row | None:
        """The index's row of a record."""
        found = self.index.db.execute(
            "SELECT kind, id, revision, sha256, seq, path FROM record WHERE kind=? AND id=?",
            (kind, record_id),
        ).fetchone()
        return None if found is None else Row(*found)

    def load(self, row: Row) -> bytes:
        """The bytes of a record as this index knows it.

        The file is the source while it has the digest of the ledger. When it has not, the ledger's
        own line is, unless the file should have been right: that is `integrity_error`.
        """
        content = self.records.read(row.path)
        if content is not None and sha256_hex(content) == row.sha256:
            return content
        if self.records.position() >= row.seq and not self._was_rewritten(row):
            raise self._damaged(row, content)
        return self.from_ledger(row)

    def from_ledger(self, row: Row) -> bytes:
        """The bytes of a record from the line that last changed it."""
        for change in self.entry(row.seq).changes:
            if (change.kind, change.id) == (row.kind, row.id) and change.record is not None:
                return file_bytes(change.record)
        raise IntegrityError(f"ledger entry {row.seq} does not hold {row.id}")

    def digests(self, kind: str, record_id: str) -> Iterator[str]:
        """SHA-256 of the file of every state that the record ever had, newest first."""
        sql = "SELECT seq FROM change WHERE kind=? AND id=? ORDER BY seq DESC"
        for (seq,) in self.index.db.execute(sql, (kind, record_id)).fetchall():
            for change in self.entry(seq).changes:
                if (change.kind, change.id) == (kind, record_id) and change.sha256 is not None:
                    yield change.sha256

    def entry(self, seq: int) -> Entry:
        """One entry of the ledger, read at its place. Raises IntegrityError."""
        if self.pending and seq >= self.pending[0].seq:
            return self.pending[seq - self.pending[0].seq]
        found = self.index.db.execute(
            'SELECT segment, "offset", length FROM entry WHERE seq=?', (seq,)
        ).fetchone()
        if found is None:
            raise IntegrityError(f"the index has no ledger entry {seq}", hint="remove index.sqlite")
        segment, offset, length = found
        line = Line(segment, offset, self.ledger.line_at(segment, offset, length))
        try:
            return parse_line(line, seq)
        except ValueError as error:
            raise damaged(self.ledger, line, error) from None

    def newer_changes(self) -> Iterator[Change]:
        """What the ledger says after this reader's snapshot; record files may show it already."""
        head = self.index.position().head
        for seq, line in enumerate(self.ledger.lines(head), start=head.seq + 1):
            try:
                yield from parse_line(line, seq).changes
            except ValueError:  # it is being written
                return

    def _was_rewritten(self, row: Row) -> bool:
        """Whether the file is right after all: written meanwhile, by this or a later transaction."""
        content = self.records.read(row.path)
        got = None if content is None else sha256_hex(content)
        return got == row.sha256 or any(
            (change.kind, change.id) == (row.kind, row.id) and change.sha256 == got
            for change in self.newer_changes()
        )

    def _damaged(self, row: Row, content: bytes | None) -> IntegrityError:
        path = self.records.root / row.path
        got = None if content is None else f"sha256:{sha256_hex(content)}"
        what = (
            "is gone, or is none that a record can have"
            if content is None
            else "was changed since it was written"
        )
        return IntegrityError(
            f"the file of {row.id} {what}: {path}",
            hint="tcps verify lists all damage; tcps repair mends it from the ledger",
            details={"id": row.id, "path": str(path), "expected": f"sha256:{row.sha256}", "got": got},
        )


class _OfLedger(Loader):
    """Reads no record files."""

    def load(self, row: Row) -> bytes:
        """The bytes of a record from the line that last changed it."""
        return self.from_ledger(row)
