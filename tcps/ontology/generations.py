"""Graphs on disk: folders that never change, and the file `current` that names one of them.

A generation is made under a name of its own and then named by replacing `current` as a whole, so a
reader finds the old one or the new one, and one that a crash left half made is never named. Nothing is
synced: `current` says in which boot of the machine it was written, and counts in no other. It also has
the digest of each file, so that a verification can tell damage (format 10.5).
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

FOLDER = "ontology"
"""Where a store has its graphs: a folder for each engine."""
_NAME = re.compile(r"[0-9]{12}-[0-9a-f]{8}")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_FOR_PEOPLE = re.compile(r"LOCK|LOG|LOG\.old\.[0-9]+")
"""What RocksDB leaves beside a graph."""

_LARGEST = 16 * 1024 * 1024
"""The most bytes that `current` has: it names every file."""


class File(Part, frozen=True, kw_only=True):
    """A file of a generation: its length and its SHA-256 in hex."""

    size: int
    sha256: str


class Pointer(Part, frozen=True, kw_only=True):
    """What `current` says: the generation, what it was made of and with, up to which entry of the ledger.

    `leaf` is the hash of that entry's line. RocksDB itself says nothing of a file that lost its end.
    """

    generation: str
    store_id: str
    boot: str
    seq: int
    leaf: str
    projection: int = projection.VERSION
    vocabulary: str = ""
    files: dict[str, File] = msgspec.field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, int]:
        """The lengths of its files."""
        return {name: file.size for name, file in self.files.items()}

    def is_of(self, store_id: str, boot: str) -> bool:
        """Whether it was made of this store, in this boot, by this program."""
        made = Pointer(
            generation=self.generation,
            store_id=store_id,
            boot=boot,
            seq=self.seq,
            leaf=self.leaf,
            vocabulary=made_with(),
            files=self.files,
        )
        return self == made


def made_with() -> str:
    """The digest of the vocabulary of this program."""
    return sha256_hex(vocabulary.source())


def places(disk: Disk, folder: Path) -> "list[Generations]":
    """Where the store in this folder keeps graphs, or may have kept them."""
    found = disk.entries(folder / FOLDER)
    return [Generations(disk, folder / FOLDER / name, 0) for name, kind in found if kind != "file"]


class Generations:
    """The generations of one engine in one store. `wait` bounds the wait for one who is making one."""

    def __init__(self, disk: Disk, folder: Path, wait: float) -> None:
        self.disk = disk
        self.folder = folder
        self.wait = wait

    def current(self) -> Pointer | None:
        """What `current` says; None where there is none, or none that makes sense."""
        try:
            content = self.disk.read(self.folder / "current", _LARGEST)
            pointer = msgspec.convert(parse(content or b""), Pointer)
        except (ValueError, msgspec.ValidationError, TcpsError):
            return None
        sound = _NAME.fullmatch(pointer.generation) and all(map(_FILE.fullmatch, pointer.files))
        return pointer if sound else None

    def path(self, name: str) -> Path:
        """The folder of a generation."""
        return self.folder / name

    def entries(self, name: str) -> list[tuple[str, str]]:
        """The names in a generation, each with what it is, but for what RocksDB leaves for people."""
        found = self.disk.entries(self.path(name))
        return [one for one in found if one[1] != "file" or not _FOR_PEOPLE.fullmatch(one[0])]

    def sizes(self, name: str) -> dict[str, int]:
        """The lengths of a generation's files; 0 for what is no file, none where there is no such folder."""
        place = self.path(name)
        return {one: self.disk.size(place / one) if kind == "file" else 0 for one, kind in self.entries(name)}

    def is_whole(self, pointer: Pointer) -> bool:
        """Whether every byte of the generation is what was written."""
        return all(self._file(pointer.generation, name) == file for name, file in pointer.files.items())

    def described(self, name: str) -> dict[str, File]:
        """The files of a new generation; what it has from the one that is named is not read again."""
        before = self.current()
        if before is None or before.generation == name:
            return {one: self._file(name, one) for one, _ in self.entries(name)}
        source, found = self.path(before.generation), {}
        for one, _ in self.entries(name):
            linked = one in before.files and self.disk.is_same(self.path(name) / one, source / one)
            found[one] = before.files[one] if linked else self._file(name, one)
        return found

    def _file(self, name: str, one: str) -> File:
        path = self.path(name) / one
        fd = self.disk.open_plain(path)
        if fd is None:
            return File(size=0, sha256="")
        try:
            size, sha256 = self.disk.measured(fd, path)
        finally:
            self.disk.close(fd)
        return File(size=size, sha256=sha256)

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
