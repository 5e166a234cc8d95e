"""What comes in between while an operation is done: its end, a failure, another process."""

import contextlib
import errno
import fcntl
import os
import re
import threading

from tcps.errors import TcpsError
from tcps.files import Disk
from tests.crash.medium import Image
from tests.crash.place import Place
from tests.crash.recorder import Recorder
from tests.crash.workloads import Act, Operation, checkpoint, repair, sign
from tests.store import shop

SIGNED = re.compile(r"\.tcps/checkpoints/\d+")


class KilledError(BaseException):
    """The process is dead: nothing that it would do after this happens."""


def tell(recorder: Recorder, operation: Operation, before: bytes) -> None:
    """Note that an operation has returned: what it did must survive from now on."""
    promise, ledger = recorder.promise, recorder.ledger()
    if operation is not repair:
        is_longer = len(ledger) > len(before) or operation in (checkpoint, sign)
        promise = promise._replace(acknowledged=ledger if is_longer else before + b"and its entry")
    if operation in (checkpoint, sign):
        image = recorder.medium.live()
        signed = frozenset((path, image[path] or b"") for path in filter(SIGNED.fullmatch, image))
        promise = promise._replace(checkpoint=covered(image), signed=signed)
    if operation is repair:
        promise = promise._replace(wrong=frozenset())
    recorder.told(promise)


def covered(image: Image) -> int:
    """How many entries the checkpoint covers."""
    content = image.get(".tcps/checkpoint") or b"\n0"
    return int(content.split(b"\n")[1])


class Between:
    """Watches the calls of an act while it is entered, and lets come in between what the act says.

    `step` is where that was.
    """

    def __init__(self, act: Act, place: Place, recorder: Recorder) -> None:
        self.act = act
        self.place = place
        self.recorder = recorder
        self.step: int | None = None
        self._count = -1
        self._full = False
        self._overtaker: Overtaker | None = None

    def __enter__(self) -> None:
        self.recorder.before = self._before if self.act.at >= 0 else None

    def __exit__(self, *exc: object) -> None:
        self.recorder.before = None

    def end(self) -> None:
        """Let the other process, if it was held up, come to its end."""
        if self._overtaker is not None:
            self._overtaker.end()

    def _before(self, name: str) -> bool:
        if self._overtaker is not None and self._overtaker.is_here():
            return self._overtaker.before(name)
        self._count += 1
        if self._count == self.act.at:
            self.step = len(self.recorder.steps)
            if self.act.other is not None and not _is_locked(self.place):
                self._meet(self.act.other, name)
        if self._count >= self.act.at and self.act.how == "killed":
            raise KilledError
        if self._overtaker is not None and self._count == self.act.at:
            raise _failure(name)
        if self._count == self.act.at and self.act.how == "fails" and name != "sync":
            raise _failure(name)  # but sync(2) tells of none
        if self._full and "write" in name:
            self._full = False
            raise _failure(name)
        self._full = self._full or (
            self._count == self.act.at and self.act.how == "fills" and name == "write"
        )
        return self._full

    def _meet(self, other: Operation, name: str) -> None:
        if self.act.how == "is overtaken":
            if name == "datasync":
                self._overtaker = Overtaker(other, self.place, self.recorder)
                self._overtaker.start()
        else:
            self.recorder.before = None
            do(other, self.place, self.recorder)
            self.recorder.before = self._before


class Overtaker:
    """Another process that does an operation, and is held up before its first sync of a file."""

    def __init__(self, operation: Operation, place: Place, recorder: Recorder) -> None:
        self._thread = threading.Thread(target=do, args=(operation, place, recorder))
        self._held_up = threading.Event()
        self._goes_on = threading.Event()

    def start(self) -> None:
        self._thread.start()
        self._held_up.wait()

    def end(self) -> None:
        self._goes_on.set()
        self._thread.join()

    def is_here(self) -> bool:
        return threading.current_thread() is self._thread

    def before(self, name: str) -> bool:
        if name == "datasync":
            self._held_up.set()
            self._goes_on.wait()
        return False


def do(operation: Operation, place: Place, recorder: Recorder) -> None:
    """Let another process do something; it waits for nobody."""
    disk, before = Disk(), recorder.ledger()
    disk.system = recorder
    with contextlib.suppress(TcpsError), shop.opened(place.folder, disk=disk, boot="one", wait=0) as store:
        operation(store)
        tell(recorder, operation, before)


def _failure(name: str) -> OSError:
    number = errno.EIO if "sync" in name else errno.ENOSPC
    return OSError(number, os.strerror(number))


def _is_locked(place: Place) -> bool:
    """Whether a writer is at work, whom the other one would have to wait for."""
    fd = os.open(place.folder / ".tcps" / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
