"""What the judging of a shard rests on, and the ways to look at it again."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tcps.canonical import file_bytes
from tcps.errors import TcpsError
from tcps.ledger import Line, parse_line
from tcps.model import Timestamp
from tcps.projections.records import RecordFiles, is_remnant, is_temporary
from tcps.verify.reading import Reading
from tcps.verify.rows import Row


class Case(NamedTuple):
    """A store whose ledger was read.

    Record files are written up to entry `written`; they are `settled` when no restart of the machine
    came since. `anchored` is the newest entry that an anchor covers. `whole`: every record is judged,
    not only chains; `every_verdict`: intact chains are told of too. `sample` is the share of the files
    whose content is looked at. The index that is compared is of entry `indexed`; 0 when there is none.
    """

    records: RecordFiles
    reading: Reading
    store_id: str
    now: Timestamp
    written: int
    settled: bool
    anchored: int
    whole: bool
    every_verdict: bool
    sample: float
    indexed: int

    def chosen(self) -> bool:
        """Whether the content of one more file is looked at."""
        if self.sample >= 1:
            return True
        import random  # only a sample pays for it

        return random.SystemRandom().random() < self.sample

    def sha256(self, path: str) -> str | None:
        """SHA-256 in hex of a file; None when it is no plain file, gone, or longer than a record can be."""
        return self.records.sha256(path)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None for what has no `sha256`."""
        return self.records.read_plain(path)

    def content(self, row: Row, kind: str) -> bytes:
        """The bytes of a record's file as the ledger has them, read once more."""
        ledger = self.reading.ledger
        line = Line(row.segment, row.offset, ledger.line_at(row.segment, row.offset, row.length))
        try:
            changes = parse_line(line, row.seq).changes
            return next(file_bytes(c.record) for c in changes if (c.kind, c.id) == (kind, row.id))
        except (ValueError, StopIteration):
            raise TcpsError(f"ledger entry {row.seq} was changed while it was verified") from None

    def is_left(self, path: str, contents: Iterable[bytes]) -> bool:
        """Whether a file may be what a power cut left of one of these contents (format 5.5)."""
        found = None if self.settled else self.read(path)
        return found is not None and any(is_remnant(found, content) for content in contents)

    def walk(self, folder: str) -> Iterator[tuple[str, bool]]:
        """The path of everything below a folder that is no folder, and whether it is a plain file."""
        for name, kind in self.records.disk.entries(f"{self.records.root}/{folder}"):
            if kind == "folder":
                yield from self.walk(f"{folder}/{name}")
            elif not is_temporary(name):
                yield f"{folder}/{name}", kind == "file"
