"""The only writer to disk: append, sync, atomic replace, directories.

Every byte that the store's promises rest on passes through a `Disk` (the SQLite index, which can be
thrown away, writes its own file). A failure of the operating system becomes a `TcpsError` that names
the file and the reason.
"""

import contextlib
import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from tcps.errors import TcpsError

FILE_MODE, DIR_MODE = 0o600, 0o700


@contextlib.contextmanager
def storage(action: str, path: object) -> Iterator[None]:
    """Turn an OSError of the body into a `storage_error` that says what could not be done to what."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TcpsError(
            f"cannot {action} {path}: {reason}",
            details={"path": str(path), "errno": error.errno},
        ) from error


class Disk:
    """File operations on the real file system. Nothing is durable before the sync that covers it."""

    def read(self, path: Path | str) -> bytes | None:
        """The whole file, or None when there is none."""
        with storage("read", path):
            try:
                with open(path, "rb", buffering=0) as file:
                    return file.read()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def read_plain(self, path: Path) -> bytes | None:
        """The bytes of a plain file; None for none, a link, a directory, a device.

        One that must not or cannot be read is `storage_error`: nobody can say what it holds.
        """
        with storage("read", path):
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                with open(fd, "rb", buffering=0, closefd=True) as file:
                    return file.read() if stat.S_ISREG(os.fstat(fd).st_mode) else None
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE):
                    raise
                return None

    def sha256(self, path: Path) -> str | None:
        """SHA-256 in hex of a plain file; None for what `read_plain` cannot read."""
        content = self.read_plain(path)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def walk(self, directory: Path) -> Iterator[Path]:
        """Every name below a directory that is no directory itself, sorted; links are not followed."""
        for name in self.names(directory):
            path = directory / name
            if path.is_dir() and not path.is_symlink():
                yield from self.walk(path)
            else:
                yield path

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; none when there is no file."""
        with storage("read", path):
            try:
                with open(path, "rb", buffering=0) as file:
                    file.seek(offset)
                    return file.read(length)
            except FileNotFoundError:
                return b""

    def names(self, directory: Path) -> list[str]:
        """The sorted names in a directory; none when it does not exist."""
        with storage("list", directory):
            try:
                return sorted(os.listdir(directory))
            except FileNotFoundError:
                return []

    def size(self, path: Path) -> int:
        """The file's length in bytes; 0 when there is none."""
        with storage("read", path):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return 0

    def make_dirs(self, directory: Path) -> None:
        """The directory and its missing parents, private to the user."""
        with storage("make", directory):
            try:
                os.mkdir(directory, DIR_MODE)
            except FileExistsError:
                if not directory.is_dir():
                    raise
            except FileNotFoundError:
                if directory.parent == directory:  # the working directory is gone
                    raise
                self.make_dirs(directory.parent)
                self.make_dirs(directory)

    def open_append(self, path: Path) -> int:
        """A descriptor that only appends; the file is made when missing."""
        with storage("open", path):
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)

    def append(self, fd: int, data: bytes, path: Path) -> None:
        """Write all of `data` at the end; on failure the file is cut back to where it was."""
        with storage("write to", path):
            start = os.fstat(fd).st_size
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
            except OSError:
                os.ftruncate(fd, start)
                raise

    def truncate(self, fd: int, size: int, path: Path) -> None:
        """Cut the file to `size` bytes."""
        with storage("cut", path):
            os.ftruncate(fd, size)

    def sync(self, fd: int, path: Path) -> None:
        """Force the file's data to the medium. A failed sync must not be tried again on this descriptor."""
        with storage("sync", path):
            _datasync(fd)

    def close(self, fd: int) -> None:
        """Give the descriptor back."""
        os.close(fd)

    def sync_file(self, path: Path) -> None:
        """Force a file's data to the medium, whoever wrote it."""
        fd = self.open_append(path)
        try:
            self.sync(fd, path)
        finally:
            self.close(fd)

    def sync_dir(self, directory: Path) -> None:
        """Force the directory's entries to the medium."""
        with storage("sync", directory):
            fd = os.open(directory, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def sync_all(self) -> None:
        """Force everything written so far to the medium (record files before a checkpoint)."""
        os.sync()

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        """Give `path` this content by write-to-temp and rename: readers see the old or the new, whole."""
        folder, name = os.path.split(path)
        temp = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
        with storage("write", path):
            try:
                fd = self._create(temp)
                try:
                    _write_all(fd, data)
                    if durably:
                        os.fsync(fd)
                finally:
                    os.close(fd)
                os.rename(temp, path)
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(temp)
                raise

    def replace_durably(self, path: Path, data: bytes) -> None:
        """`replace`, with the content synced before the rename and the directory after it."""
        self.replace(path, data, durably=True)
        self.sync_dir(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file or a directory; an existing non-empty directory is never replaced."""
        with storage("rename", source):
            os.rename(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file; none is no error."""
        with storage("remove", path), contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def _create(self, temp: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            return os.open(temp, flags, FILE_MODE)
        except FileNotFoundError:
            self.make_dirs(Path(temp).parent)
            return os.open(temp, flags, FILE_MODE)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _datasync(fd: int) -> None:
    if sys.platform == "darwin":  # there fsync(2) stops at the drive's cache
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def boot_id() -> str:
    """A text that changes when the machine starts anew; empty where the system does not tell."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""
