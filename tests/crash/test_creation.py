"""A power cut while a store is made: there is none, or a whole one; and one that was reported stays."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tcps.files import Disk
from tcps.store import create
from tests.conftest import FixedClock
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Promise, Recorder
from tests.crash.states import power_cuts
from tests.store import shop

HOME = Path("new") / "place"
"""Folders that are not there yet."""


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place(str(HOME))
    yield place
    place.remove()


def cuts(place: Place) -> Iterator[tuple[Image, bool]]:
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
        for image in power_cuts(medium, Random(done), 4096, None):
            yield image, done == len(recorder.steps)


def test_a_store_is_there_whole_or_not_at_all_and_stays_once_it_was_reported(place: Place) -> None:
    """Format 2.2."""
    seen = 0
    for image, reported in list(cuts(place)):
        seen += 1
        place.put(image, {})
        if f"{HOME}/.tcps" not in image:
            assert not reported, "a store that was reported is gone"
            create(place.folder / HOME, clock=FixedClock())
        with shop.opened(place.folder / HOME, boot="two") as store:
            shop.order(store)
            assert shop.classes(store) == set()
        place.learn()
    assert seen > 100
