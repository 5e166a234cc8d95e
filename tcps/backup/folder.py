"""A place of archives that is a folder of this machine (format 13.5)."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tcps.backup.places import Place, Source
from tcps.backup.progress import Progress
from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.locks import Lock, lock


class File(Source):
    """A file in a folder."""

    def __init__(self, disk: Disk, path: Path, name: str, size: int) -> None:
        super().__init__(name, size)
        self._disk = disk
        self._path = path

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end."""
        return self._disk.read_at(self._path, offset, length)


class Folder(Place):
    """A folder on this machine."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self.disk = disk or Disk()

    def __str__(self) -> str:
        return str(self.path)

    def files(self) -> Iterable[str]:
        """The names of what is there."""
        return self.disk.names(self.path)

    def where(self, name: str = "") -> str:
        """The absolute path."""
        return str(self.path.absolute() / name)

    def size(self, name: str) -> int:
        """How many bytes an archive has; 0 when it is not there."""
        return self.disk.size(self.path / name)

    def file(self, name: str) -> Source | None:
        """An archive as it lies there; None when it is not there or no plain file."""
        path = self.path / name
        size = self.disk.plain_size(path)
        return None if size is None else File(self.disk, path, name, size)

    def lock(self, store_id: str, wait: float) -> Lock:
        """A lock on a file in the folder."""
        return lock(self.path / f".tcps-{store_id}.lock", wait, self.disk)

    def make(self) -> None:
        """Make the folder, and sync those above it."""
        missing = [one for one in (self.path, *self.path.parents) if not one.exists()]
        self.disk.make_dirs(self.path)
        for one in missing:
            self.disk.sync_dir(one.parent)

    def clear(self, store_id: str) -> None:
        """Remove temporary files."""
        for name in self.disk.names(self.path):
            if name.startswith(f".tcps-{store_id}-") and name.endswith(".tmp"):
                self.disk.remove(self.path / name)

    def remove(self, name: str) -> None:
        """Remove an archive."""
        self.disk.remove(self.path / name)

    def sync(self) -> None:
        """Make durable which archives are there."""
        self.disk.sync_dir(self.path)

    @contextlib.contextmanager
    def storing(
        self, name: str, pieces: Iterable[bytes], check: bool, progress: Progress
    ) -> Iterator[Source]:
        """Write an archive beside its place, which is durable before it is renamed."""
        temporary = self.path / f".{name}.tmp"
        try:
            yield File(self.disk, temporary, name, self._written(temporary, pieces))
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
