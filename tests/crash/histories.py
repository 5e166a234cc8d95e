"""Recording what a workload does: the real library on a real folder, every call noted."""

from typing import NamedTuple

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.crash.between import Between, KilledError, tell
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Files, Promise, Recorder, Step
from tests.crash.workloads import DAMAGED, STORE_ID, STRANGER, Act, Workload, lay_base
from tests.store import shop


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
    identity.write_text(identity.read_text().replace(given, STORE_ID))
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


def _opened(place: Place, recorder: Recorder, before: Store | None) -> Store:
    if before is not None:
        before.close()
    disk = Disk()
    disk.system = recorder
    return shop.opened(place.folder, disk=disk, boot="one")


def _act(store: Store, act: Act, place: Place, recorder: Recorder) -> tuple[bool, int | None]:
    """Do one act; whether its process was killed, and the step at which something came in between."""
    before, between = recorder.ledger(), Between(act, place, recorder)
    try:
        with between:
            act.operation(store)
    except KilledError:
        return True, between.step
    except TcpsError as error:
        if "may be there" not in (error.hint or ""):  # then it never will be
            promise, ledger = recorder.promise, before if act.other is None else recorder.ledger()
            recorder.told(promise._replace(possible=(ledger,), refused=promise.refused + 1))
    else:
        tell(recorder, act.operation, before)
    between.end()
    return False, between.step
