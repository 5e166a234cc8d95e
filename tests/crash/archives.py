"""The states that a power cut can leave while backups are made: `python -m tests.crash.archives`."""

from collections.abc import Iterator
from random import Random

from tcps.backup import Folder, Shelf, verify
from tcps.files import Disk
from tests.crash.histories import Base, based
from tests.crash.medium import Image, Medium
from tests.crash.place import Place
from tests.crash.recorder import Recorder
from tests.crash.states import power_cuts
from tests.store import shop

FOLDER = "deep/er/backups"
"""Folders that are not there yet."""
_MOST = 64
"""So many states after one call are looked at."""


def check() -> int:
    """What has an archive's name is whole, and stays once it was reported; how many states were seen."""
    place, seen = Place(), set[tuple[frozenset[tuple[str, bytes | None]], int]]()
    try:
        base = based(place, "covered")
        for image, reported in list(_cuts(place, base)):
            archives = {name: content for name, content in image.items() if not name.startswith(".tcps/")}
            state = (frozenset(archives.items()), len(reported))
            if state not in seen:
                _look(place, image, reported)
            seen.add(state)
    finally:
        place.remove()
    return len(seen)


def _cuts(place: Place, base: Base) -> Iterator[tuple[Image, list[str]]]:
    """Every state, and the archives that had been reported by then.

    The last one is made between the append of a line and its writer's sync.
    """
    place.put(base.image, base.index)
    recorder = Recorder(place.folder, Medium(base.image), base.promise)
    disk, made = Disk(), list[tuple[int, str]]()
    disk.system = recorder

    def back_up(kind: str) -> None:
        with shop.opened(place.folder, disk=disk, boot="one") as store:
            name = str(store.backup(kind, to=place.folder / FOLDER).name)
        made.append((len(recorder.steps), name))

    def before_the_sync(name: str) -> bool:
        if name == "datasync":
            recorder.before = None
            back_up("incremental")
        return False

    with shop.opened(place.folder, disk=disk, boot="one") as store:
        for kind in ("full", "incremental"):
            shop.order(store)
            back_up(kind)
        recorder.before = before_the_sync
        shop.order(store)
    place.learn()
    medium = Medium(base.image)
    for done, step in enumerate(recorder.steps, 1):
        if step.call is not None:
            step.call.on(medium)
        for image in power_cuts(medium, Random(done), _MOST, None):
            yield image, [name for at, name in made if at <= done]


def _look(place: Place, image: Image, reported: list[str]) -> None:
    place.put(image, {})
    folder = place.folder / FOLDER
    shelf = Shelf(Folder(folder))
    names = [str(name) for name in shelf.names]
    assert [one.findings for one in verify(shelf, names)] == [[]] * len(names), "an archive is not whole"
    assert {*reported} <= {*names}, "an archive that was reported is gone"
    with shop.opened(place.folder, boot="two") as store:
        shop.order(store)
        made = store.backup("incremental", to=folder)
        assert (made.reason is None) == bool(names), "an archive cannot be gone on from"
        (verdict,) = verify(Shelf(Folder(folder)), [str(made.name)])
        assert verdict.intact
    place.learn()


if __name__ == "__main__":
    print(f"distinct states: {check()}")
