"""One writer at a time: an exclusive lock on a file that is never deleted and that names its holder.

Blocking `flock(2)`, which wakes the next writer at once and in turn; `filelock` where the platform
has no flock. The two exclude each other on one file (ADR 3).
"""

import os
from pathlib import Path

from tcps.errors import LockTimeout
from tcps.files import FILE_MODE, storage

try:
    import fcntl
except ImportError:  # pragma: no cover - a platform without flock
    fcntl = None  # type: ignore[assignment]


class Lock:
    """The lock on `path`; `acquire` waits at most `wait` seconds. Not reentrant; not shared by threads."""

    def __init__(self, path: Path, wait: float) -> None:
        self.path = path
        self.wait = wait
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises LockTimeout, naming the holder, when it is not free in time."""
        if self._fd is None:
            with storage("open", self.path):
                self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        if not _try(self._fd) and not self._wait_for(self._fd):
            raise held(self.path, self.wait)

    def release(self) -> None:
        """Let the next one in."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release, and give the descriptor back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def read_note(self) -> bytes:
        """The file's content, at most 500 bytes."""
        return os.pread(self._held(), 500, 0)

    def write_note(self, note: bytes) -> None:
        """Replace the file's content; only while the lock is held."""
        with storage("write", self.path):
            os.pwrite(self._held(), note, 0)
            os.ftruncate(self._held(), len(note))

    def _held(self) -> int:
        if self._fd is None:
            raise RuntimeError("the lock is not held")
        return self._fd

    def _wait_for(self, fd: int) -> bool:
        """Block in a thread, for flock(2) knows no time-out; a thread that is too late lets go again."""
        import threading  # only a contended lock pays for it

        deciding, done = threading.Lock(), threading.Event()
        abandoned = False

        def block() -> None:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with deciding:
                if abandoned:
                    os.close(fd)
                else:
                    done.set()

        threading.Thread(target=block, daemon=True).start()
        done.wait(self.wait)
        with deciding:
            if done.is_set():
                return True
            abandoned = True
            self._fd = None
        return False


class PollingLock(Lock):
    """The same lock by `filelock`: for platforms without flock(2)."""

    def acquire(self) -> None:
        from filelock import FileLock, Timeout

        self._file_lock = FileLock(str(self.path), timeout=self.wait, mode=FILE_MODE)
        try:
            self._file_lock.acquire()
        except Timeout:
            raise held(self.path, self.wait) from None
        self._fd = os.open(self.path, os.O_RDWR)

    def release(self) -> None:
        self.close()

    def close(self) -> None:
        super().close()
        if hasattr(self, "_file_lock"):
            self._file_lock.release()


def lock(path: Path, wait: float) -> Lock:
    """The lock that this platform has."""
    return Lock(path, wait) if fcntl is not None else PollingLock(path, wait)


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
