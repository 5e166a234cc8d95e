"""The states that a power cut can leave while a store is made: `python -m tests.crash.creation`."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tcps.files import Disk
from tcps.store import create
from tests.conftest import FixedClock
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Promise, Recorder
from tests.crash.states import EVERY, power_cuts
from tests.store import shop

HOME = Path("new") / "place"
"""Folders that are not there yet."""
STORE = f"{HOME}/.tcps"


def check() -> int:
    """A store is there whole or not at all, and stays once it was reported; how many states were seen."""
    place, seen = Place(str(HOME)), set[frozenset[tuple[str, bytes | None]]]()
    try:
        for image, reported in list(_cuts(place)):
            state = frozenset(image.items())
            if state not in seen or reported:
                _look(place, image, reported)
            seen.add(state)
    finally:
        place.remove()
    return len(seen)


def _cuts(place: Place) -> Iterator[tuple[Image, bool]]:
    """Every state, and whether the store had been reported by then."""
    recorder = Recorder(place.folder, Medium(), Promise(), home=str(HOME))
    disk = Disk()
    disk.system = recorder
    create(place.folder / HOME, disk=disk, clock=FixedClock())
    place.learn()
    medium = Medium()
    for done, step in enumerate(recorder.steps, 1):
        assert step.call is not None
        step.call.on(medium)
        for image in power_cuts(medium, Random(done), EVERY, None):
            yield image, done == len(recorder.steps)


def _look(place: Place, image: Image, reported: bool) -> None:
    place.put(image, {})
    if STORE in image:
        assert f"{STORE}/ledger/000000000001.jsonl" in image, "a store has no segment"
    else:
        assert not reported, "a store that was reported is gone"
        create(place.folder / HOME, clock=FixedClock())
    with shop.opened(place.folder / HOME, boot="two") as store:
        shop.order(store)
        assert shop.classes(store) == set()
    place.learn()


if __name__ == "__main__":
    print(f"distinct states: {check()}")
