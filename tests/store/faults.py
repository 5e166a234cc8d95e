"""A `System` that fails, or ends the process, at its Nth call: the real seam, with real files."""

import contextlib
import errno
import os
import random
import signal
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tcps.files import Disk
from tcps.system import System
from tests.conftest import DEEP

CALLS = frozenset(name for name in vars(System) if not name.startswith("_"))
_WRITES = frozenset({"write", "pwrite"})
_CHANGES = _WRITES | {"truncate", "datasync", "fsync", "rename", "exchange", "unlink", "mkdir", "rmdir"}


class QuickSystem(System):
    """Does not sync the whole machine, which takes as long as others have been writing."""

    def sync(self) -> None:
        pass


class QuickDisk(Disk):
    """A disk on the real system, or on one that a test has made."""

    system: System = QuickSystem()

    def __init__(self, system: System | None = None) -> None:
        self.system = system or self.system


class Watched(QuickSystem):
    """Each call goes through `reached`, which may do something else."""

    def __getattribute__(self, name: str) -> Any:
        call = super().__getattribute__(name)
        return (lambda *arguments: self.reached(name, call, arguments)) if name in CALLS else call

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Make the call."""
        return call(*arguments)


class Fault(NamedTuple):
    """What fails, and how: with `errno`, or (`part`) after a write that takes only part of the bytes.

    `hits(name, arguments)` says which calls it can befall: a full disk hinders nobody who reads.
    """

    name: str
    hits: Callable[[str, tuple[Any, ...]], bool]
    errno: int
    part: Callable[[int], int] | None = None


def _takes_space(name: str, arguments: tuple[Any, ...]) -> bool:
    made = name == "open" and arguments[1] & os.O_CREAT and not os.path.exists(arguments[0])
    return bool(made) or name in _WRITES | {"datasync", "fsync", "rename", "exchange", "mkdir"}


def _changes(name: str, arguments: tuple[Any, ...]) -> bool:
    return name in _CHANGES or (name == "open" and bool(arguments[1] & (os.O_WRONLY | os.O_RDWR)))


def _opens(name: str, _: tuple[Any, ...]) -> bool:
    return name in ("open", "listdir")


def _any(name: str, _: tuple[Any, ...]) -> bool:
    return True


def _writes(name: str, arguments: tuple[Any, ...]) -> bool:
    return name in _WRITES and len(arguments[1]) > 0


FAULTS = (
    Fault("ENOSPC", _takes_space, errno.ENOSPC),
    Fault("EDQUOT", _takes_space, errno.EDQUOT),
    Fault("EROFS", _changes, errno.EROFS),
    Fault("EMFILE", _opens, errno.EMFILE),
    Fault("EIO", _any, errno.EIO),
    Fault("EINTR", _any, errno.EINTR),
    Fault("no byte taken", _writes, errno.ENOSPC, lambda size: 0),
    Fault("one byte taken", _writes, errno.ENOSPC, lambda size: 1),
    Fault("half taken", _writes, errno.ENOSPC, lambda size: size // 2),
    Fault("one byte left", _writes, errno.ENOSPC, lambda size: size - 1),
)


class FailingSystem(Watched):
    """The `at`-th call that the fault can befall fails; every later one too when it is `for_good`.

    `failed` is the first call that did.
    """

    def __init__(self, fault: Fault, at: int, *, for_good: bool = False) -> None:
        self.fault = fault
        self.at = at
        self.for_good = for_good
        self.count = 0
        self.failed = ""

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if not self.fault.hits(name, arguments):
            return call(*arguments)
        self.count += 1
        first = self.count == self.at
        if not first and not (self.for_good and self.count > self.at):
            return call(*arguments)
        if first and self.fault.part is not None:
            fd, content, *offset = arguments
            return call(fd, content[: self.fault.part(len(content))], *offset)
        self.failed = self.failed or name
        if name == "close":  # it fails and closes all the same
            call(*arguments)
        raise OSError(self.fault.errno, os.strerror(self.fault.errno))


class DyingSystem(Watched):
    """Kills its process `before` or `after` the `at`-th call, or `half`-way through the `at`-th write."""

    def __init__(self, at: int, when: str) -> None:
        self.at = at
        self.when = when
        self.count = 0

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        hit = self.when != "half" or name in _WRITES
        self.count += hit
        if not hit or self.count != self.at:
            return call(*arguments)
        if self.when == "half":
            fd, content, *offset = arguments
            call(fd, content[: len(content) // 2], *offset)
        if self.when == "after":
            with contextlib.suppress(OSError):
                call(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("it lives on")


def places(total: int, few: int = 6) -> Sequence[int]:
    """At which of so many calls something happens: at all of them in the deep run, else at a few."""
    every = range(1, total + 1)
    return every if DEEP else sorted(random.Random(total).sample(every, min(few, total)))


def in_child(work: Callable[[], object]) -> int:
    """Run `work` in a forked child; its exit status."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        try:
            work()
            os._exit(0)
        finally:
            os._exit(70)
    return os.waitpid(pid, 0)[1]
