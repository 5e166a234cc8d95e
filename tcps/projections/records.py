"""The record files: one readable JSON file a record, written from the ledger after it is durable.

`records.lock` serialises the writers of these files and holds the sequence number up to which every
record file is written (format 5.3).
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from tcps.canonical import file_bytes
from tcps.files import Disk
from tcps.ledger import Change, Entry
from tcps.locks import lock
from tcps.model import Json, Stage, number_of

_SHARD = 1000


def relative_path(kind: str, record_id: str, record: Json | None = None) -> str:
    """Where the record's file is, below the store's folder (format 5.1).

    A receipt's place depends on its SKU, sequence and stage, so it needs the record.
    """
    if kind == "receipt":
        assert record is not None
        name = f"{record['sequence']:08d}-{Stage(record['stage'])}.json"
        return f"{sku_folder(record['sku_id'])}/receipts/{name}"
    if kind == "sku":
        return f"{sku_folder(record_id)}/sku.json"
    if kind == "policy":
        return "records/policy.json"
    shard = number_of(record_id, kind) // _SHARD
    return f"records/{kind}s/{shard:04d}/{record_id}.json"


def is_temporary(name: str) -> bool:
    """Whether a name is that of a file that was being written (format 5.2)."""
    return name.startswith(".") and name.endswith(".tmp")


def sku_folder(sku_id: str) -> str:
    """The folder of one SKU, in a shard named by the first two hex digits of its id's SHA-256."""
    return f"records/skus/{hashlib.sha256(sku_id.encode()).hexdigest()[:2]}/{sku_id}"


class RecordFiles:
    """The record files of one store."""

    def __init__(self, disk: Disk, root: Path, wait: float) -> None:
        self.disk = disk
        self.root = root
        self._lock = lock(root / "records.lock", wait)

    def read(self, path: str) -> bytes | None:
        """The bytes of a record's file, or None when there is none."""
        return self.disk.read(self.root / path)

    def receipts_of(self, sku_id: str) -> dict[str, str | None]:
        """SHA-256 of every file in the SKU's receipts folder by path; None for what is no plain file."""
        folder = f"{sku_folder(sku_id)}/receipts"
        names = self.disk.names(self.root / folder)
        paths = [f"{folder}/{name}" for name in names if not is_temporary(name)]
        return {path: self.disk.sha256(self.root / path) for path in paths}

    def position(self) -> int:
        """The sequence number up to which every record file was written."""
        return _number(self.disk.read(self.root / "records.lock") or b"")

    def project(self, entries: Callable[[int, int], Iterable[Entry]], last: int) -> None:
        """Bring the files up to entry `last`, which is durable; `entries(first, last)` reads them.

        What somebody else has projected meanwhile is left alone, so that no newer file is replaced
        by an older one.
        """
        self._lock.acquire()
        try:
            position = _number(self._lock.read_note())
            if position < last:
                self._write(entries(position + 1, last))
                self._lock.write_note(b"%d\n" % last)
        finally:
            self._lock.release()

    def restart(self, position: int) -> None:
        """Say that only the entries up to `position` are known to be in the files."""
        self._lock.acquire()
        try:
            self._lock.write_note(b"%d\n" % position)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the lock's descriptor back."""
        self._lock.close()

    def _write(self, entries: Iterable[Entry]) -> None:
        newest: dict[tuple[str, str], Change] = {}
        for entry in entries:
            for change in entry.changes:
                newest[change.kind, change.id] = change
        for change in newest.values():
            path = self.root / relative_path(change.kind, change.id, change.record)
            if change.record is None:
                self.disk.remove(path)
            else:
                self.disk.replace(path, file_bytes(change.record))


def _number(note: bytes) -> int:
    digits = note.strip()
    return int(digits) if digits.isdigit() and len(digits) < 19 else 0
