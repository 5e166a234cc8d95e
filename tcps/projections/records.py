"""The record files: one readable JSON file a record, written from the ledger after it is durable.

`records.lock` serialises the writers of these files. It holds the sequence number up to which every
record file is written, and the boot of the machine in which that is true (format 5.3): the files are
not synced one by one, so what a power cut left of them is known only up to the checkpoint.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tcps import checkpoints
from tcps.canonical import file_bytes
from tcps.files import Disk, boot_id
from tcps.ledger import Change, Entry
from tcps.locks import lock
from tcps.model import KINDS, Json, Stage, number_of
from tcps.model.text import RECORD_BYTES

NOTE_BYTES = 500
"""No `records.lock` is longer."""
_SHARD = 1000
_FOLDERS = {"analysis": "analyses"}
"""The folders of kinds whose plural is not made with an s."""


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
    return f"records/{_folder(kind)}/{shard:04d}/{record_id}.json"


def kind_of(path: str) -> str:
    """The kind of record whose file may be at a path; empty for none."""
    parts = path.split("/")
    if parts[1:2] == ["skus"]:
        return "sku" if parts[-1] == "sku.json" else "receipt"
    return next((kind for kind in KINDS if parts[1] in (_folder(kind), f"{kind}.json")), "")


def _folder(kind: str) -> str:
    return _FOLDERS.get(kind, f"{kind}s")


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


def is_remnant(content: bytes, wanted: bytes) -> bool:
    """Whether `content` may be what a power cut left of `wanted`: cut short, or with zeros (format 5.5)."""
    return len(content) <= len(wanted) and all(
        got in (0, byte) for got, byte in zip(content, wanted, strict=False)
    )


class RecordFiles:
    """The record files of one store. `boot` names the running of the machine, `boot_id` by default."""

    def __init__(self, disk: Disk, root: Path, wait: float, boot: str | None = None) -> None:
        self.disk = disk
        self.root = root
        self.boot = boot_id() if boot is None else boot
        self._lock = lock(root / "records.lock", wait, disk)

    def read(self, path: str) -> bytes | None:
        """The bytes of a record's file, or None when there is none."""
        return self.disk.read(f"{self.root}/{path}", RECORD_BYTES)

    def read_plain(self, path: str) -> bytes | None:
        """The bytes of a plain file that can be read, and is no longer than a record can be; else None."""
        return self.disk.read_plain(f"{self.root}/{path}", RECORD_BYTES)

    def sha256(self, path: str) -> str | None:
        """SHA-256 in hex of a record's file; None for what `read_plain` cannot read."""
        return self.disk.sha256(f"{self.root}/{path}", RECORD_BYTES)

    def receipts_of(self, sku_id: str) -> dict[str, str | None]:
        """`all_files` of the SKU's receipts folder."""
        return self.all_files(f"{sku_folder(sku_id)}/receipts")

    def all_files(self, below: str) -> dict[str, str | None]:
        """SHA-256 of every file below a folder by path; None for what is no plain file."""
        paths = [path for path in self.disk.walk(self.root / below) if not is_temporary(path.name)]
        names = [path.relative_to(self.root).as_posix() for path in paths]
        return {name: self.sha256(name) for name in names}

    def acknowledged(self) -> int:
        """A sequence number up to which the ledger certainly was durable: record files come after it."""
        mark = Mark.parsed(self._note())
        return 0 if mark is None else mark.seq

    def position(self) -> int:
        """The sequence number up to which every record file is written and was not lost since."""
        return self._position(self._note())

    def is_settled(self) -> bool:
        """Whether the files are as the last writer left them: no restart of the machine came between."""
        mark = Mark.parsed(self._note())
        return mark is not None and mark.boot == self.boot

    def project(
        self,
        entries: Callable[[int, int], Iterable[Entry]],
        last: int,
        digests: Callable[[str, str], Iterable[str]] = lambda kind, record_id: (),
        wait: float | None = None,
    ) -> None:
        """Bring the files up to entry `last`, which is durable; `entries(first, last)` reads them.

        What somebody else has projected meanwhile is left alone, so that no newer file is replaced
        by an older one. When a power cut may have come between, so is a file that shows neither a
        state of its record (`digests(kind, id)` are all that it ever had) nor a remnant of one: it
        was changed by other hands, which a verification must see.
        """
        with self.locked(wait):
            note = self._lock.read_note()
            position = self._position(note)
            if position < last:
                mark = Mark.parsed(note)
                settled = mark is not None and mark.boot == self.boot
                self._write(entries(position + 1, last), None if settled else digests)
            made = Mark(max(position, last), self.boot).note()
            if made != note:
                self._lock.write_note(made)

    @contextlib.contextmanager
    def locked(self, wait: float | None = None) -> Iterator[None]:
        """Hold `records.lock`, which whoever writes a record file does."""
        self._lock.acquire(wait)
        try:
            yield
        finally:
            self._lock.release()

    def restate(self, seq: int) -> None:
        """Let `records.lock` name another entry, durably, whatever it said; the lock is held (format 5.7)."""
        self._lock.write_note(Mark(seq, self.boot).note())
        self.disk.sync_file(self.root / "records.lock")

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
        try:
            signed = checkpoints.read(self.disk, self.root)
        except ValueError:
            return 0
        return 0 if signed is None else signed.checkpoint.size

    def _write(self, entries: Iterable[Entry], digests: Callable[[str, str], Iterable[str]] | None) -> None:
        states: dict[tuple[str, str], list[Change]] = {}
        for entry in entries:
            for change in entry.changes:
                if change.is_reservation:
                    continue
                states.setdefault((change.kind, change.id), []).append(change)
        for (kind, record_id), changes in states.items():
            newest = changes[-1]
            path = self.root / relative_path(kind, record_id, newest.record)
            if digests is not None and self._is_foreign(path, changes, digests):
                continue
            if newest.record is None:
                self.disk.remove(path)
            else:
                self.disk.replace(path, file_bytes(newest.record))

    def _note(self) -> bytes:
        """The content of `records.lock`; none of one that is longer than any note."""
        return self.disk.read(self.root / "records.lock", NOTE_BYTES) or b""

    def _is_foreign(
        self, path: Path, changes: list[Change], digests: Callable[[str, str], Iterable[str]]
    ) -> bool:
        """Whether a file is there that neither a writer nor a power cut can have left."""
        content = self.disk.read_plain(path, RECORD_BYTES)
        if content is None:
            return path.is_symlink() or path.exists()
        found = hashlib.sha256(content).hexdigest()
        records = [change.record for change in changes if change.record is not None]
        return (
            not any(change.sha256 == found for change in changes)
            and not any(is_remnant(content, file_bytes(record)) for record in records)
            and found not in digests(changes[-1].kind, changes[-1].id)
        )
