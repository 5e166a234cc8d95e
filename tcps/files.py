"""The only writer to disk: append, sync, atomic replace, directories.

Every byte that the store's promises rest on passes through a `Disk`, and every call that it makes
through its `System` (the SQLite index, which can be thrown away, writes its own file). A failure of
the operating system becomes a `TcpsError` that names the file and the reason.
"""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tcps.errors import TcpsError
from tcps.system import System

FILE_MODE, DIR_MODE = 0o600, 0o700
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_HINTS = {
    errno.EISDIR: "a folder is where a file belongs: move it away",
    errno.ESPIPE: "a pipe or a device is where a file belongs: move it away",
    errno.ENOTDIR: "a file is where a folder belongs: move it away",
    errno.EACCES: "check the permissions",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the quota",
}
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)
_UNREADABLE = (errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR)


@contextlib.contextmanager
def storage(action: str, path: object) -> Iterator[None]:
    """Turn an OSError of the body into a `storage_error` that says what could not be done to what."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TcpsError(
            f"cannot {action} {path}: {reason}",
            hint=_HINTS.get(error.errno or 0),
            details={"path": str(path), "errno": error.errno},
        ) from error


class Disk:
    """File operations on the real file system. Nothing is durable before the sync that covers it."""

    system = System()

    def read(self, path: Path | str, most: int | None = None) -> bytes | None:
        """The whole file, or None when there is none, or something else in its place, which might block.

        None also for one of more than `most` bytes, which is none that anybody of ours wrote.
        """
        with storage("read", path):
            try:
                fd = self.system.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except (FileNotFoundError, NotADirectoryError):
                return None
            try:
                return self._content(fd, most)
            finally:
                self.close(fd)

    def read_plain(self, path: Path | str, most: int | None = None) -> bytes | None:
        """The bytes of a plain file; None for none, a link, a directory, a device, more than `most` bytes.

        One that must not or cannot be read is `storage_error`: nobody can say what it holds.
        """
        system = self.system
        with storage("read", path):
            try:
                fd = system.open(path, _PLAIN)
                try:
                    return self._content(fd, most)
                finally:
                    self.close(fd)
            except OSError as error:
                if error.errno in _UNREADABLE:
                    raise
                return None

    def sha256(self, path: Path | str, most: int | None = None) -> str | None:
        """SHA-256 in hex of a plain file; None for what `read_plain` does not read."""
        content = self.read_plain(path, most)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def plain_size(self, path: Path | str) -> int | None:
        """The length of a plain file; None for what `read_plain` cannot read."""
        with storage("read", path):
            try:
                fd = self.system.open(path, _PLAIN)
                try:
                    status = self.system.fstat(fd)
                    return status.st_size if stat.S_ISREG(status.st_mode) else None
                finally:
                    self.close(fd)
            except OSError as error:
                if error.errno in _UNREADABLE:
                    raise
                return None

    def open_plain(self, path: Path | str) -> int | None:
        """A descriptor of a plain file; None for what `read_plain` cannot read."""
        with storage("read", path):
            try:
                fd = self.system.open(path, _PLAIN)
            except OSError as error:
                if error.errno in _UNREADABLE:
                    raise
                return None
            if stat.S_ISREG(self.system.fstat(fd).st_mode):
                return fd
            self.close(fd)
            return None

    def measured(self, fd: int, path: Path | str) -> tuple[int, str]:
        """The length and the SHA-256 in hex of what is left in an open file, read piece by piece."""
        length, digest = 0, hashlib.sha256()
        with storage("read", path):
            while piece := self.system.read(fd, 1 << 20):
                length += len(piece)
                digest.update(piece)
        return length, digest.hexdigest()

    def is_same(self, path: Path | str, other: Path | str) -> bool:
        """Whether two names are of one file."""
        try:
            first, second = self.system.stat(path), self.system.stat(other)
        except OSError:
            return False
        return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)

    def space(self, path: Path | str) -> tuple[int, int]:
        """The bytes of a path's file system that are free for us, and all of them."""
        with storage("look at the space of", path):
            found = self.system.statvfs(path)
            return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

    def entries(self, directory: Path | str) -> list[tuple[str, str]]:
        """The sorted names in a directory, each with `folder`, `file` or `other`; links are not followed.

        None when it does not exist or is no directory.
        """
        with storage("list", directory):
            try:
                return sorted(self.system.entries(directory))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def walk(self, directory: Path) -> Iterator[Path]:
        """Every name below a directory that is no directory itself, sorted; links are not followed."""
        for name, kind in self.entries(directory):
            if kind == "folder":
                yield from self.walk(directory / name)
            else:
                yield directory / name

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; none when there is no file."""
        with storage("read", path):
            try:
                fd = self.system.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except (FileNotFoundError, NotADirectoryError):
                return b""
            try:
                plain = stat.S_ISREG(self.system.fstat(fd).st_mode)
                return self.system.pread(fd, length, offset) if plain else b""
            finally:
                self.close(fd)

    def names(self, directory: Path) -> list[str]:
        """The sorted names in a directory; none when it does not exist or is no directory."""
        with storage("list", directory):
            try:
                return sorted(self.system.listdir(directory))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def size(self, path: Path) -> int:
        """The file's length in bytes; 0 when there is none."""
        with storage("read", path):
            try:
                return self.system.stat(path).st_size
            except (FileNotFoundError, NotADirectoryError):
                return 0

    def make_dirs(self, directory: Path) -> None:
        """The directory and its missing parents, private to the user."""
        with storage("make", directory):
            try:
                self._make_dir(directory)
            except FileNotFoundError:
                if directory.parent == directory:
                    raise  # the working directory is gone
                if not directory.parent.is_dir():  # else another process has just made it
                    self.make_dirs(directory.parent)
                self._make_dir(directory)

    def open_append(self, path: Path) -> int:
        """A descriptor that only appends; the file is made when missing."""
        with storage("open", path):
            return self.system.open(path, _APPEND, FILE_MODE)

    def open_new(self, path: Path | str) -> int:
        """A descriptor of a new, empty file; what was there is removed, not written over (format 5.2)."""
        with storage("write", path):
            return self._create(os.fspath(path))

    def append(self, fd: int, data: bytes, path: Path | str) -> None:
        """Write all of `data` at the end; after a failure a part of it may be there."""
        with storage("write to", path):
            self._write_all(fd, data)

    def truncate(self, fd: int, size: int, path: Path) -> None:
        """Cut the file to `size` bytes."""
        with storage("cut", path):
            self.system.truncate(fd, size)

    def sync(self, fd: int, path: Path) -> None:
        """Force the file's data to the medium. A failed sync must not be tried again on this descriptor."""
        with storage("sync", path):
            self.system.datasync(fd)

    def close(self, fd: int) -> None:
        """Give the descriptor back. What it wrote was synced or given up, so that a failure loses nothing."""
        with contextlib.suppress(OSError):
            self.system.close(fd)

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
            fd = self.system.open(directory, os.O_RDONLY)
            try:
                self.system.fsync(fd)
            finally:
                self.close(fd)

    def sync_all(self) -> None:
        """Force everything written so far to the medium (record files before a checkpoint)."""
        with storage("sync", "the file systems"):
            self.system.sync()

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        """Give `path` this content by write-to-temp and rename: readers see the old or the new, whole.

        The caller holds the lock under which this file is written. A temporary file that a crash has left
        is removed by the next one who writes the file (format 5.2); it is not written over, for a power
        cut could then leave a mixture of two contents.
        """
        folder, name = os.path.split(path)
        temp = os.path.join(folder, f".{name}.tmp")
        system = self.system
        with storage("write", path):
            try:
                fd = self._create(temp)
                try:
                    self._write_all(fd, data)
                    if durably:
                        system.fsync(fd)
                finally:
                    system.close(fd)
                system.rename(temp, path)
            except OSError:
                with contextlib.suppress(OSError):
                    system.unlink(temp)
                raise

    def replace_durably(self, path: Path, data: bytes) -> None:
        """`replace`, with the content synced before the rename and the directory after it."""
        self.replace(path, data, durably=True)
        self.sync_dir(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file or a directory; an existing non-empty directory is never replaced."""
        with storage("rename", source):
            self.system.rename(source, target)

    def exchange(self, one: Path, other: Path) -> bool:
        """Give two folders each other's name, in one step; False where that cannot be done in one."""
        with storage("exchange", one):
            try:
                self.system.exchange(one, other)
            except OSError as error:
                if error.errno in _NO_EXCHANGE:
                    return False
                raise
            return True

    def remove(self, path: Path) -> None:
        """Remove a file; none is no error."""
        with storage("remove", path), contextlib.suppress(FileNotFoundError):
            self.system.unlink(path)

    def remove_all(self, directory: Path) -> None:
        """Remove a directory and all that is in it; links are not followed. None is no error."""
        for name, kind in self.entries(directory):
            if kind == "folder":
                self.remove_all(directory / name)
            else:
                self.remove(directory / name)
        with storage("remove", directory), contextlib.suppress(FileNotFoundError):
            self.system.rmdir(directory)

    def remove_dir(self, directory: Path) -> None:
        """Remove an empty directory."""
        with storage("remove", directory):
            self.system.rmdir(directory)

    def probe(self, directory: Path) -> None:
        """Write a file, sync it, read it again, remove it. Raises TcpsError where one of these fails."""
        path, data = directory / f".probe-{os.urandom(4).hex()}.tmp", os.urandom(64)
        with storage("write", path):
            fd = self._create(str(path))
            try:
                self._write_all(fd, data)
                self.system.datasync(fd)
            finally:
                self.close(fd)
        found = self.read(path)
        self.remove(path)
        if found != data:
            raise TcpsError(f"{path} did not hold what was written to it", details={"path": str(path)})

    def _make_dir(self, directory: Path) -> None:
        try:
            self.system.mkdir(directory, DIR_MODE)
        except FileExistsError:
            if not directory.is_dir():
                raise

    def _create(self, temp: str) -> int:
        """A new file, whatever was there."""
        try:
            return self.system.open(temp, _NEW, FILE_MODE)
        except FileExistsError:
            self.system.unlink(temp)
        except FileNotFoundError:
            self.make_dirs(Path(temp).parent)
        return self.system.open(temp, _NEW, FILE_MODE)

    def _content(self, fd: int, most: int | None) -> bytes | None:
        """What is in an open file; None when it is no plain one, or longer than it may be."""
        status = self.system.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or (most is not None and status.st_size > most):
            return None
        return self._read_from(fd, status.st_size)

    def _read_from(self, fd: int, size: int) -> bytes:
        """All bytes from where the descriptor stands: `size` of them, if nobody is writing."""
        content = self.system.read(fd, size + 1)
        if len(content) in (0, size):  # the usual case: the one byte more was not there
            return content
        pieces = [content]
        while piece := self.system.read(fd, 1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            taken = self.system.write(fd, view)
            if taken == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            view = view[taken:]


def boot_id() -> str:
    """A text that changes when the machine starts anew; empty where the system does not tell."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""
