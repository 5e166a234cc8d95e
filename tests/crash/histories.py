"""Recording what a workload does: the real library on a real folder, every call noted."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from typing import NamedTuple

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Files, Promise, Recorder, Step
from tests.crash.workloads import DAMAGED, STRANGER, Act, Operation, Workload, checkpoint, lay_base, repair
from tests.store import shop

_STORE_ID = "0123456789abcdef"


class KilledError(BaseException):
    """The process is dead: nothing that it would do after this happens."""


class Base(NamedTuple):
    """A store whose every byte is durable, with its index, an older copy of that, and what was promised."""

    image: Image
    index: Files
    older: Files
    promise: Promise


class History(NamedTuple):
    """What was on the medium, all calls since then, and the step from which states are new.

    `boot` is the running of the machine in which the calls were made.
    """

    name: str
    image: Image
    steps: list[Step]
    first: int
    boot: str
    older: Files


def based(place: Place, name: str) -> Base:
    """Make one of the bases."""
    place.put({}, {})
    create(place.folder, clock=FixedClock())
    identity = place.folder / ".tcps" / "store.json"
    given = identity.read_text().split('"store_id": "')[1][:16]
    identity.write_text(identity.read_text().replace(given, _STORE_ID))
    older = lay_base(place, name)
    place.learn()
    recorder = Recorder(place.folder, Medium(place.image), Promise())
    ledger = recorder.ledger()
    promise = Promise(ledger, (ledger,))
    if name == "damaged":
        evidence = [place.image[f".tcps/{path}"] or b"" for path in (DAMAGED, STRANGER)]
        promise = promise._replace(wrong=frozenset((DAMAGED, STRANGER)), evidence=frozenset(evidence))
    return Base(place.image, recorder.index(), older, promise)


def recorded(place: Place, base: Base, workload: Workload) -> History:
    """Do the workload and note its calls."""
    place.put(base.image, base.index)
    recorder = Recorder(place.folder, Medium(base.image), base.promise)
    first, store = 0, None
    try:
        for n, act in enumerate(workload.acts):
            first = len(recorder.steps) if n <= workload.first else first
            if store is None or act.new:
                store = _opened(place, recorder, store)
            killed, at = _act(store, act, place, recorder)
            first = at if at is not None and n == workload.first else first
            if killed:
                store.close()
                place.put_index(recorder.steps[-1].index if recorder.steps else base.index)
                store = None
    finally:
        if store is not None:
            store.close()
    place.learn()
    assert place.image == recorder.medium.live(), f"{workload}: the model has another disk than the system"
    return History(str(workload), base.image, recorder.steps, first, "one", base.older)


def calls(place: Place, base: Base, act: Act) -> int:
    """How many calls an operation makes."""
    history = recorded(place, base, Workload("", (act,)))
    return sum(step.call is not None for step in history.steps)


def tell(recorder: Recorder, operation: Operation, before: bytes) -> None:
    """Note that an operation has returned: what it did must survive from now on."""
    promise, ledger = recorder.promise, recorder.ledger()
    if ledger != before or operation is checkpoint:
        promise = promise._replace(acknowledged=ledger)
    if operation is checkpoint:
        promise = promise._replace(checkpoint=covered(recorder.medium.live()))
    if operation is repair:
        promise = promise._replace(wrong=frozenset())
    recorder.told(promise)


def covered(image: Image) -> int:
    """How many entries the checkpoint covers."""
    content = image.get(".tcps/checkpoint") or b"\n0"
    return int(content.split(b"\n")[1])


def _opened(place: Place, recorder: Recorder, before: Store | None) -> Store:
    if before is not None:
        before.close()
    disk = Disk()
    disk.system = recorder
    return shop.opened(place.folder, disk=disk, boot="one")


def _act(store: Store, act: Act, place: Place, recorder: Recorder) -> tuple[bool, int | None]:
    """Do one act; whether its process was killed, and the step at which something came in between."""
    before, met = recorder.ledger(), list[int]()
    recorder.before = _hook(act, place, recorder, met)
    try:
        act.operation(store)
    except KilledError:
        return True, met[0]
    except TcpsError as error:
        recorder.before = None
        if "may be there" not in (error.hint or ""):  # then it never will be
            promise = recorder.promise
            refused = promise._replace(possible=(recorder.ledger(),), refused=promise.refused + 1)
            recorder.told(refused)
    else:
        tell(recorder, act.operation, before)
    finally:
        recorder.before = None
    return False, met[0] if met else None


def _hook(act: Act, place: Place, recorder: Recorder, met: list[int]) -> Callable[[str], None] | None:
    if act.at < 0:
        return None
    count = -1

    def before(name: str) -> None:
        nonlocal count
        count += 1
        if count >= act.at and act.how == "killed":
            met.append(len(recorder.steps))
            raise KilledError
        if count == act.at:
            met.append(len(recorder.steps))
            if act.how == "fails" and name != "sync":  # sync(2) tells of no failure
                number = errno.EIO if "sync" in name else errno.ENOSPC
                raise OSError(number, os.strerror(number))
            if act.other is not None and not _is_locked(place):
                _meet(act.other, place, recorder)

    return before


def _meet(operation: Operation, place: Place, recorder: Recorder) -> None:
    """Let another process do something; it waits for nobody."""
    hook, recorder.before = recorder.before, None
    disk, before = Disk(), recorder.ledger()
    disk.system = recorder
    try:
        with (
            contextlib.suppress(TcpsError),
            shop.opened(place.folder, disk=disk, boot="one", wait=0) as store,
        ):
            operation(store)
            tell(recorder, operation, before)
    finally:
        recorder.before = hook


def _is_locked(place: Place) -> bool:
    """Whether a writer is at work, whom the other one would have to wait for."""
    path = place.folder / ".tcps" / "lock"
    if not path.exists():
        return False
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
