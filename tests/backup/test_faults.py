"""Any call to the system fails, once or for good, or is the process's last one, at every place of backups.

Whatever comes of it: what has an archive's name is whole, the store is no worse, the next backup is made.
The deep run takes every place, the gate a few of each; `-s` shows how many.
"""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tcps.backup import Folder, Shelf, verify
from tcps.errors import TcpsError
from tests.backup import shelf
from tests.store import shop
from tests.store.faults import FAULTS, DyingSystem, FailingSystem, Fault, QuickDisk, Watched, in_child, places

ENTRIES = 4


def prepared(folder: Path) -> Path:
    """A store with a full archive, and entries since."""
    with shop.made(folder) as store:
        shop.order(store)
        store.checkpoint()
        store.backup(to=folder / "backups")
        shop.receipt(store, shop.sku(store).id)
    return folder


def work(folder: Path, system: Watched) -> tuple[list[str], list[TcpsError], list[str]]:
    """An incremental backup and, into another folder, a full one: made archives, failures, notices."""
    made, errors, said = list[str](), list[TcpsError](), list[str]()
    try:
        with shop.opened(folder, disk=QuickDisk(system)) as store:
            for kind, to in (("incremental", "backups"), ("full", "elsewhere/backups")):
                try:
                    archive = store.backup(kind, to=folder / to)
                    assert archive.manifest.to.seq == ENTRIES
                    made.append(archive.where)
                except TcpsError as error:
                    errors.append(error)
            said = store.notices
    except TcpsError as error:
        errors.append(error)
    return made, errors, said


def check(folder: Path, made: list[str]) -> None:
    """What was reported is there, what is there is whole, and everything goes on."""
    for place in (folder / "backups", folder / "elsewhere" / "backups"):
        names = shelf.archives(place) if place.exists() else []
        assert [one.findings for one in verify(Shelf(Folder(place)), names)] == [[]] * len(names)
        assert {Path(one).name for one in made if Path(one).parent == place} <= {*names}
    with shop.opened(folder, disk=QuickDisk()) as store:
        shop.order(store)
        assert shop.classes(store) == set()
        for place in (folder / "backups", folder / "elsewhere" / "backups"):
            again = store.backup("incremental", to=place)
            assert again.manifest.to.seq == ENTRIES + 1
            (verdict,) = verify(Shelf(Folder(place)), [str(again.name)])
            assert verdict.intact
            assert shelf.leftovers(place) == []


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_no_archive_looks_good_that_is_not(quick_path: Path, fault: Fault, for_good: bool) -> None:
    """Format 13.5."""
    prepared(quick_path / "base")
    counting = FailingSystem(fault, 0)
    assert work(shop.copied(quick_path / "base", quick_path / "sound"), counting)[1:] == ([], [])
    for at in places(counting.count):
        folder, system = (
            shop.copied(quick_path / "base", quick_path / f"{at}"),
            FailingSystem(fault, at, for_good=for_good),
        )
        made, errors, _said = work(folder, system)
        assert system.count >= at
        assert all(error.code == "storage_error" for error in errors), at
        assert len(made) == 2 or errors, at
        check(folder, made)
        shutil.rmtree(folder)
    print(f"\n{fault.name}: {len(places(counting.count))} of {counting.count} places")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_killed_at_any_call_the_next_backup_is_made(quick_path: Path, when: str) -> None:
    """Format 13.5."""
    prepared(quick_path / "base")
    counting = DyingSystem(0, when)
    assert work(shop.copied(quick_path / "base", quick_path / "sound"), counting)[1:] == ([], [])
    for at in places(counting.count, few=10):
        folder = shop.copied(quick_path / "base", quick_path / f"{at}")
        status = in_child(lambda folder=folder, at=at: work(folder, DyingSystem(at, when)))
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        check(folder, [])
        shutil.rmtree(folder)
    print(f"\nkilled {when}: {len(places(counting.count))} of {counting.count} places")
