"""Where archives lie: a folder; names, bytes, a new file that is there whole or not at all (format 13.5)."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tcps.backup.names import Name
from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.locks import Lock, lock


class Source(NamedTuple):
    """A file of which any part can be read; `name` is what findings call it."""

    disk: Disk
    path: Path
    name: str
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on."""
        return self.disk.read_at(self.path, offset, length)

    def until(self, end: int) -> "Beginning":
        """Its bytes up to an offset, one after the other."""
        return Beginning(self, end)


class Beginning:
    """The bytes of a source up to an offset, read in order."""

    def __init__(self, source: Source, end: int) -> None:
        self._source = source
        self._end = end
        self._at = 0

    def read(self, length: int = -1, /) -> bytes:
        """Up to `length` bytes, or all that are left; none at the end."""
        left = self._end - self._at
        got = self._source.read_at(self._at, left if length < 0 else min(left, length))
        self._at += len(got)
        return got


class Folder:
    """A folder with archives, of one store or of several."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self.disk = disk or Disk()

    def names(self, store_id: str | None = None) -> list[Name]:
        """The archives, of one store or (None) of all, in the order in which they were made."""
        found = [name for one in self.disk.names(self.path) if (name := Name.parsed(one)) is not None]
        return sorted(
            (name for name in found if store_id in (None, name.store_id)),
            key=lambda name: (name.made, name.seq, name),
        )

    def source(self, name: str) -> Source | None:
        """A file by its name; None when it is not there or no plain file."""
        path = self.path / name
        size = self.disk.plain_size(path)
        return None if size is None else Source(self.disk, path, name, size)

    def lock(self, store_id: str, wait: float) -> Lock:
        """What whoever adds or removes archives of a store holds; the kernel frees it when they end."""
        return lock(self.path / f".tcps-{store_id}.lock", wait, self.disk)

    def make(self) -> None:
        """Make the folder, durably, where it is missing."""
        missing = [one for one in (self.path, *self.path.parents) if not one.exists()]
        self.disk.make_dirs(self.path)
        for one in missing:
            self.disk.sync_dir(one.parent)

    def clear(self, store_id: str) -> None:
        """Remove what a crash has left of unfinished archives; the lock is held."""
        for name in self.disk.names(self.path):
            if name.startswith(f".tcps-{store_id}-") and name.endswith(".tmp"):
                self.disk.remove(self.path / name)

    def remove(self, name: str) -> None:
        """Remove an archive; the lock is held. It is gone for good after `sync`."""
        self.disk.remove(self.path / name)

    def sync(self) -> None:
        """Make durable which files are there."""
        self.disk.sync_dir(self.path)

    @contextlib.contextmanager
    def adding(self, name: str, pieces: Iterable[bytes]) -> Iterator[Source]:
        """Write a file beside its place and give it, to be looked at; after the body it has its name.

        What it holds is durable before it has its name, and so is the name at the end. When anything
        fails there is no file, nor anything else. The lock is held.
        """
        temporary = self.path / f".{name}.tmp"
        try:
            yield Source(self.disk, temporary, name, self._written(temporary, pieces))
            self.disk.rename(temporary, self.path / name)
        except BaseException:
            with contextlib.suppress(TcpsError):
                self.disk.remove(temporary)
            raise
        self.disk.sync_dir(self.path)

    def _written(self, path: Path, pieces: Iterable[bytes]) -> int:
        fd, size = self.disk.open_new(path), 0
        try:
            for piece in pieces:
                self.disk.append(fd, piece, path)
                size += len(piece)
            self.disk.sync(fd, path)
        finally:
            self.disk.close(fd)
        return size
