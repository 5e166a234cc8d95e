"""The states that a power cut can leave while backups are pruned."""

from collections.abc import Iterator
from random import Random

from tcps.backup import Folder, Shelf, verify
from tcps.files import Disk
from tests.crash.histories import based
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Recorder
from tests.crash.states import power_cuts
from tests.store import shop

FOLDER = "backups"
_MOST = 64
"""So many states after one call are looked at."""


def check() -> int:
    """Nothing that is kept is gone, nothing that is left has lost its chain; how many states were seen."""
    place, seen = Place(), set[frozenset[str]]()
    try:
        for image, kept in list(_cuts(place)):
            names = frozenset(name for name in image if name.startswith(f"{FOLDER}/tcps-"))
            if names not in seen:
                _look(place, image, kept)
            seen.add(names)
    finally:
        place.remove()
    return len(seen)


def _cuts(place: Place) -> Iterator[tuple[Image, set[str]]]:
    """Every state from the beginning of the prune on, and what it keeps."""
    base = based(place, "covered")
    place.put(base.image, base.index)
    recorder, disk = Recorder(place.folder, Medium(base.image), base.promise), Disk()
    disk.system = recorder
    with shop.opened(place.folder, disk=disk, boot="one") as store:
        for kind in ("full", "incremental", "incremental", "full", "incremental"):
            shop.order(store)
            store.backup(kind, to=place.folder / FOLDER)
        begun = len(recorder.steps)
        done = store.prune_backups({"last": 1}, to=place.folder / FOLDER)
    place.learn()
    kept = {str(one.name) for one in done.archives if one.reasons}
    assert len(kept) == 2
    medium = Medium(base.image)
    for number, step in enumerate(recorder.steps, 1):
        if step.call is not None:
            step.call.on(medium)
        if number > begun:
            for image in power_cuts(medium, Random(number), _MOST, None):
                yield image, kept


def _look(place: Place, image: Image, kept: set[str]) -> None:
    place.put(image, {})
    shelf = Shelf(Folder(place.folder / FOLDER))
    names = [str(name) for name in shelf.names]
    assert kept <= {*names}, "an archive that is kept is gone"
    assert [one.findings for one in verify(shelf, names)] == [[]] * len(names), "one has lost its chain"
    place.learn()
