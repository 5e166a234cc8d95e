"""Graphs on disk: folders that never change, and the file `current` that names one of them.

A generation is made under a name of its own and then named by replacing `current` as a whole, so a
reader finds the old one or the new one, and one that a crash left half made is never named. Nothing is
synced: `current` says in which boot of the machine it was written, and counts in no other.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tcps.canonical import line_bytes, parse, sha256_hex
from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.locks import lock
from tcps.model import Part
from tcps.ontology import projection, vocabulary

_NAME = re.compile(r"[0-9]{12}-[0-9a-f]{8}")


class Pointer(Part, frozen=True, kw_only=True):
    """What `current` says: the generation, what it was made of and with, up to which entry of the ledger.

    `leaf` is the hash of that entry's line, `files` are the lengths of the generation's files: RocksDB
    itself says nothing of a file that lost its end.
    """

    generation: str
    store_id: str
    boot: str
    seq: int
    leaf: str
    projection: int = projection.VERSION
    vocabulary: str = ""
    files: dict[str, int] = msgspec.field(default_factory=dict)


def made_with() -> str:
    """The digest of the vocabulary of this program."""
    return sha256_hex(vocabulary.source())


class Generations:
    """The generations of one engine in one store. `wait` bounds the wait for one who is making one."""

    def __init__(self, disk: Disk, folder: Path, wait: float) -> None:
        self.disk = disk
        self.folder = folder
        self.wait = wait

    def current(self) -> Pointer | None:
        """What `current` says; None where there is none, or none that makes sense."""
        try:
            content = self.disk.read(self.folder / "current")
            pointer = msgspec.convert(parse(content or b""), Pointer)
        except (ValueError, msgspec.ValidationError, TcpsError):
            return None
        return pointer if _NAME.fullmatch(pointer.generation) else None

    def path(self, name: str) -> Path:
        """The folder of a generation."""
        return self.folder / name

    def files(self, name: str) -> dict[str, int]:
        """The lengths of a generation's files, but for locks and logs; none where there is no such folder."""
        found = self.disk.entries(self.path(name))
        names = [file for file, kind in found if kind == "file" and not file.startswith("LO")]
        return {file: self.disk.size(self.path(name) / file) for file in names}

    def new_name(self, seq: int) -> str:
        """A name that no generation has had."""
        return f"{seq:012d}-{os.urandom(4).hex()}"

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """Be the only one who makes a generation. Raises LockTimeout; TcpsError on a read-only disk."""
        self.disk.make_dirs(self.folder)
        held = lock(self.folder / "lock", self.wait, self.disk)
        held.acquire()
        try:
            yield
        finally:
            held.close()

    def publish(self, pointer: Pointer) -> None:
        """Name another generation; the one before stays for those who are about to open it."""
        before = self.current()
        self.disk.replace(self.folder / "current", line_bytes(msgspec.to_builtins(pointer)) + b"\n")
        kept = {pointer.generation, before.generation if before else ""}
        for name, kind in self.disk.entries(self.folder):
            if kind == "folder" and name not in kept:
                with contextlib.suppress(TcpsError):  # it costs room, and nothing else
                    self._remove(self.folder / name)

    def forget(self) -> None:
        """Let nothing be named any more."""
        with contextlib.suppress(TcpsError):
            self.disk.remove(self.folder / "current")

    def _remove(self, folder: Path) -> None:
        for name, kind in self.disk.entries(folder):
            if kind == "folder":
                self._remove(folder / name)
            else:
                self.disk.remove(folder / name)
        self.disk.remove_dir(folder)
