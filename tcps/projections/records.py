"""The record files: one readable JSON file a record, written from the ledger after it is durable.

`records.lock` serialises the writers of these files. It holds the sequence number up to which every
record file is written, and the boot of the machine in which that is true (format 5.3): the files are
not synced one by one, so what a power cut left of them is known only up to the checkpoint.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tcps.canonical import file_bytes
from tcps.files import Disk, boot_id
from tcps.ledger import Change, Entry
from tcps.locks import lock
from tcps.merkle import Checkpoint
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


class Mark(NamedTuple):
    """What `records.lock` says: the last entry whose record files were written, and in which boot."""

    seq: int
    boot: str

    def note(self) -> bytes:
        """The file's content: the number, a space, the boot."""
        return f"{self.seq} {self.boot}\n".encode()

    @classmethod
    def parsed(cls, note: bytes) -> "Mark | None":
        """The mark in a file's content; None for an empty or a damaged one."""
        digits, _, boot = note.decode("ascii", "replace").removesuffix("\n").partition(" ")
        plain = digits.isascii() and digits.isdigit() and len(digits) < 19
        return cls(int(digits), boot) if plain else None


class RecordFiles:
    """The record files of one store. `boot` names the running of the machine, `boot_id` by default."""

    def __init__(self, disk: Disk, root: Path, wait: float, boot: str | None = None) -> None:
        self.disk = disk
        self.root = root
        self.boot = boot_id() if boot is None else boot
        self._lock = lock(root / "records.lock", wait)

    def read(self, path: str) -> bytes | None:
        """The bytes of a record's file, or None when there is none."""
        return self.disk.read(self.root / path)

    def read_plain(self, path: str) -> bytes | None:
        """The bytes of a record's file if it is a plain one that can be read, else None."""
        return self.disk.read_plain(self.root / path)

    def sha256(self, path: str) -> str | None:
        """SHA-256 in hex of a record's file; None for what `read_plain` cannot read."""
        return self.disk.sha256(self.root / path)

    def receipts_of(self, sku_id: str) -> dict[str, str | None]:
        """SHA-256 of every file in the SKU's receipts folder by path; None for what is no plain file."""
        folder = self.root / sku_folder(sku_id) / "receipts"
        paths = [path for path in self.disk.walk(folder) if not is_temporary(path.name)]
        names = [path.relative_to(self.root).as_posix() for path in paths]
        return {name: self.sha256(name) for name in names}

    def acknowledged(self) -> int:
        """A sequence number up to which the ledger certainly was durable: record files come after it."""
        mark = Mark.parsed(self.disk.read(self.root / "records.lock") or b"")
        return 0 if mark is None else mark.seq

    def position(self) -> int:
        """The sequence number up to which every record file is written and was not lost since."""
        return self._position(self.disk.read(self.root / "records.lock") or b"")

    def is_settled(self) -> bool:
        """Whether the files are as the last writer left them: no restart of the machine came between."""
        mark = Mark.parsed(self.disk.read(self.root / "records.lock") or b"")
        return mark is not None and mark.boot == self.boot

    def project(self, entries: Callable[[int, int], Iterable[Entry]], last: int) -> None:
        """Bring the files up to entry `last`, which is durable; `entries(first, last)` reads them.

        What somebody else has projected meanwhile is left alone, so that no newer file is replaced
        by an older one.
        """
        self._lock.acquire()
        try:
            note = self._lock.read_note()
            position = self._position(note)
            if position < last:
                self._write(entries(position + 1, last))
            made = Mark(max(position, last), self.boot).note()
            if made != note:
                self._lock.write_note(made)
        finally:
            self._lock.release()

    def restart(self, position: int) -> None:
        """Say that only the entries up to `position` are known to be in the files."""
        self._lock.acquire()
        try:
            self._lock.write_note(Mark(position, self.boot).note())
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the lock's descriptor back."""
        self._lock.close()

    def _position(self, note: bytes) -> int:
        mark = Mark.parsed(note)
        if mark is not None and mark.boot == self.boot:
            return mark.seq
        durable = self._checkpointed()
        return durable if mark is None else min(durable, mark.seq)

    def _checkpointed(self) -> int:
        """The checkpoint's size: up to there the record files were synced (format 4.7)."""
        content = self.disk.read(self.root / "checkpoint") or b""
        try:
            return Checkpoint.parsed(content.decode()).size
        except ValueError:
            return 0

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
