"""A disk that fails, or ends the process, at its Nth operation: the real seam, with real files."""

import os
import signal
from pathlib import Path
from typing import Any

from tcps.files import Disk, storage

OPERATIONS = frozenset(n for n, v in vars(Disk).items() if callable(v) and not n.startswith("_"))


class QuickDisk(Disk):
    """Does not sync the whole machine, which takes as long as others have been writing."""

    def sync_all(self) -> None:
        pass


class FailingDisk(QuickDisk):
    """Raises an OSError of `errno` at operation `at`; at every later one too when it is `for_good`."""

    def __init__(self, at: int, errno: int, *, for_good: bool = False) -> None:
        self.at = at
        self.errno = errno
        self.for_good = for_good
        self.count = 0

    def __getattribute__(self, name: str) -> Any:
        operation = super().__getattribute__(name)
        if name not in OPERATIONS or name == "close":
            return operation

        def counted(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.at or (self.for_good and self.count > self.at):
                with storage(name, arguments[0] if arguments else "everything"):
                    raise OSError(self.errno, os.strerror(self.errno))
            return operation(*arguments, **options)

        return counted

    @property
    def failed(self) -> bool:
        return self.count >= self.at


class DyingDisk(QuickDisk):
    """Kills its process at operation `at`: `after` it, or before it (of an append, `half` way through)."""

    def __init__(self, at: int, when: str) -> None:
        self.at = at
        self.when = when
        self.count = 0

    def __getattribute__(self, name: str) -> Any:
        operation = super().__getattribute__(name)
        if name not in OPERATIONS:
            return operation

        def counted(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count != self.at:
                return operation(*arguments, **options)
            if self.when == "half" and name == "append":
                os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if self.when == "after":
                operation(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("it lives on")

        return counted


def in_child(work: Any, log: Path) -> int:
    """Run `work(log)` in a forked child that writes what was acknowledged to `log`; its exit status."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        try:
            work(log)
            os._exit(0)
        finally:
            os._exit(70)
    return os.waitpid(pid, 0)[1]
