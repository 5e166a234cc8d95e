"""One writer at a time: an exclusive lock on a file that is never deleted and that names its holder.

Blocking `flock(2)`, which wakes the next writer at once and in turn; `filelock` where the platform
has no flock. The two exclude each other on one file (ADR 3).
"""

import contextlib
import errno
import os
import threading
import weakref
from pathlib import Path

from tcps.errors import Conflict, LockTimeout
from tcps.files import FILE_MODE, Disk, storage

try:
    import fcntl
except ImportError:  # pragma: no cover - a platform without flock
    fcntl = None  # type: ignore[assignment]


Inode = tuple[int, int]


class Lock:
    """The lock on `path`; `acquire` waits at most `wait` seconds. Not reentrant; not shared by threads.

    It is of the folder that is there now: when another one was put in its place, it cannot be taken any
    more. A forked child has none of its parent's locks.
    """

    def __init__(self, path: Path, wait: float, disk: Disk | None = None) -> None:
        self.path = path
        self.wait = wait
        self._system = (disk or Disk()).system
        self._fd: int | None = None
        self._folder = identity(path.parent)
        _all.add(self)

    def acquire(self, wait: float | None = None) -> None:
        """Take the lock. Raises LockTimeout, naming the holder, when it is not free in time; Conflict."""
        wait = self.wait if wait is None else wait
        while True:
            with storage("lock", self.path):
                if self._fd is None:
                    self._fd = self._system.open(self.path, os.O_RDWR | os.O_CREAT, FILE_MODE)
                taken = _try(self._fd) or (wait > 0 and self._wait_for(self._fd, wait))
            if not taken:
                raise held(self.path, wait)
            if self._is_in_place(self._fd):
                self._require_folder()
                return
            self.close()  # somebody removed the file, which nobody should: what is there now counts

    def release(self) -> None:
        """Let the next one in."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release, and give the descriptor back."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):  # it is given back all the same
                self._system.close(fd)

    def forget(self) -> None:
        """In a forked child: give back the inherited descriptor, which leaves the parent its lock."""
        Lock.close(self)

    def read_note(self) -> bytes:
        """The file's content, at most 500 bytes."""
        with storage("read", self.path):
            return self._system.pread(self._held(), 500, 0)

    def write_note(self, note: bytes) -> None:
        """Replace the file's content; only while the lock is held. Half a note is none: it leaves none."""
        fd, written = self._held(), 0
        with storage("write", self.path):
            try:
                written = self._system.pwrite(fd, note, 0)
                if written < len(note):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._system.truncate(fd, len(note))
            except OSError:
                if 0 < written < len(note):
                    self._system.truncate(fd, 0)
                raise

    def _require_folder(self) -> None:
        """Raise Conflict, without the lock, when its folder is another one by now."""
        try:
            require_same(self.path.parent, self._folder)
        except Conflict:
            self.close()
            raise

    def _held(self) -> int:
        if self._fd is None:
            raise RuntimeError("the lock is not held")
        return self._fd

    def _is_in_place(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _wait_for(self, fd: int, wait: float) -> bool:
        waiter = _Waiter(fd)
        try:
            return waiter.taken_within(wait)
        finally:
            if waiter.abandoned:  # its thread still has the descriptor
                self._fd = None


class _Waiter:
    """Blocks in a thread, for flock(2) knows no time-out; one that comes too late lets go again."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.abandoned = False
        self.failure: OSError | None = None
        self._deciding = threading.Lock()
        self._done = threading.Event()

    def taken_within(self, seconds: float) -> bool:
        taken = False
        threading.Thread(target=self._block, daemon=True).start()
        try:
            taken = self._done.wait(min(seconds, threading.TIMEOUT_MAX))
        finally:  # also when a signal ends the wait
            with self._deciding:
                self.abandoned = not taken
                if self.abandoned and self._done.is_set():
                    os.close(self.fd)
        if self.failure is not None:
            raise self.failure
        return taken

    def _block(self) -> None:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        except OSError as error:
            self.failure = error
        with self._deciding:
            if self.abandoned:
                os.close(self.fd)
            self._done.set()


class PollingLock(Lock):
    """The same lock by `filelock`: for platforms without flock(2)."""

    def acquire(self, wait: float | None = None) -> None:
        """Take the lock, asking again and again. Raises LockTimeout."""
        from filelock import FileLock, Timeout

        wait = self.wait if wait is None else wait
        self._file_lock = FileLock(str(self.path), timeout=wait, mode=FILE_MODE)
        with storage("lock", self.path):
            try:
                self._file_lock.acquire()
            except Timeout:
                raise held(self.path, wait) from None
            self._fd = self._system.open(self.path, os.O_RDWR)
        self._require_folder()

    def release(self) -> None:
        """Let the next one in."""
        self.close()

    def close(self) -> None:
        """Release, and give the descriptors back."""
        super().close()
        if hasattr(self, "_file_lock"):
            self._file_lock.release()


def identity(path: Path) -> Inode | None:
    """Which file or folder a path names; None when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def require_same(folder: Path, known: Inode | None) -> None:
    """Raise Conflict when a folder is another one than the known one; one that is gone is not."""
    if known is not None and identity(folder) not in (None, known):
        raise Conflict(
            f"{folder} is another store than it was when this process opened it: one was restored",
            code="store_replaced",
            hint="what was not acknowledged is not in it; try again",
            details={"path": str(folder)},
        )


def lock(path: Path, wait: float, disk: Disk | None = None) -> Lock:
    """The lock that this platform has."""
    return Lock(path, wait, disk) if fcntl is not None else PollingLock(path, wait, disk)


def held(path: Path, wait: float) -> LockTimeout:
    """The error for a lock that was not free in time; `details.holder` is what its holder wrote."""
    with storage("read", path):
        holder = path.read_bytes()[:500].decode("utf-8", "replace").strip()
    return LockTimeout(
        f"the store is held by another process ({holder or 'unknown'}); gave up after {wait:g} s",
        hint="wait longer with --wait SECONDS",
        details={"holder": holder},
    )


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_all: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _close_inherited() -> None:
    """A child shares its parent's descriptors: with them it would hold the parent's locks, and keep them."""
    for one in list(_all):
        one.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)
