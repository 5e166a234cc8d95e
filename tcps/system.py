"""The calls to the operating system that a store is read and written with, one method each.

This is the seam: whatever the store's promises rest on passes through a `System`, so that a test can
record every call, let the Nth one fail, or end the process there. Outside of it are only SQLite's own
files (the index, which can be thrown away) and `flock(2)`, which changes no file.
"""

import errno
import os
import sys
from pathlib import Path

Where = str | Path
_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


class System:
    """The real calls. Each raises OSError as the call does; descriptors are not inherited."""

    def open(self, path: Where, flags: int, mode: int = 0o600) -> int:
        """open(2), close-on-exec."""
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def close(self, fd: int) -> None:
        """close(2)."""
        os.close(fd)

    def read(self, fd: int, length: int) -> bytes:
        """read(2): up to `length` bytes, none at the end."""
        return os.read(fd, length)

    def pread(self, fd: int, length: int, offset: int) -> bytes:
        """pread(2)."""
        return os.pread(fd, length, offset)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """write(2); gives how many bytes were taken, which may be fewer."""
        return os.write(fd, data)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """pwrite(2)."""
        return os.pwrite(fd, data, offset)

    def truncate(self, fd: int, size: int) -> None:
        """ftruncate(2)."""
        os.ftruncate(fd, size)

    def datasync(self, fd: int) -> None:
        """fdatasync(2): the file's bytes and length are on the medium when it returns."""
        if sys.platform == "darwin":  # there fsync(2) stops at the drive's cache
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        """fsync(2): of a directory, its entries."""
        os.fsync(fd)

    def sync(self) -> None:
        """sync(2): everything that was written."""
        os.sync()

    def rename(self, source: Where, target: Where) -> None:
        """rename(2)."""
        os.rename(source, target)

    def exchange(self, one: Where, other: Where) -> None:
        """renameat2(2) with RENAME_EXCHANGE: each gets the other's name, in one step. ENOSYS without it."""
        import ctypes

        call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        if call is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def unlink(self, path: Where) -> None:
        """unlink(2)."""
        os.unlink(path)

    def mkdir(self, path: Where, mode: int = 0o700) -> None:
        """mkdir(2)."""
        os.mkdir(path, mode)

    def rmdir(self, path: Where) -> None:
        """rmdir(2)."""
        os.rmdir(path)

    def listdir(self, path: Where) -> list[str]:
        """The names in a directory, in no order."""
        return os.listdir(path)

    def entries(self, path: Where) -> list[tuple[str, str]]:
        """The names in a directory, in no order, each with `folder`, `file` or, of anything else, `other`."""
        with os.scandir(path) as found:
            return [(entry.name, _kind(entry)) for entry in found]

    def statvfs(self, path: Where) -> os.statvfs_result:
        """statvfs(3): the space of the file system that holds the path."""
        return os.statvfs(path)

    def stat(self, path: Where) -> os.stat_result:
        """stat(2)."""
        return os.stat(path)

    def fstat(self, fd: int) -> os.stat_result:
        """fstat(2)."""
        return os.fstat(fd)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else "other"
