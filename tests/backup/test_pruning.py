"""Pruning: what no rule keeps goes, and nothing that is kept loses what it rests on, whatever fails."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcps.backup import Folder, chains, verify
from tcps.errors import IntegrityError, InvalidInput, LockTimeout, TcpsError, Undecided
from tcps.locks import lock
from tcps.rules.retention import Keep
from tcps.store import Store
from tests.backup import shelf
from tests.conftest import MEMORY, FixedClock
from tests.store import shop
from tests.store.faults import FAULTS, DyingSystem, FailingSystem, Fault, QuickDisk, Watched, in_child, places

DAYS = Keep(daily=3)


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


def filled(store: Store, clock: FixedClock, folder: Path) -> list[str]:
    """Three times a full archive and two incremental ones on it, 8 hours apart from 10:00 on; the names."""
    for kind in ("full", "incremental", "incremental") * 3:
        shop.order(store)
        store.backup(kind, to=folder)
        clock.forward(hours=8)
    return shelf.archives(folder)


def proven(folder: Path) -> list[str]:
    """The archives, each proven with the whole of its chain."""
    names = shelf.archives(folder)
    assert all(one.intact for one in verify(chains.Shelf(Folder(folder)), names))
    return names


def test_what_no_rule_keeps_is_removed_and_what_is_left_is_whole(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    names = filled(store, clock, backups)
    tried = store.prune_backups({"daily": 3}, to=backups, dry_run=True)
    assert shelf.archives(backups) == names
    done = store.prune_backups({"daily": 3}, to=backups)
    assert done == tried
    kept = [str(one.name) for one in done.archives if one.reasons]
    assert kept == [names[n] for n in (3, 4, 6, 7, 8)]
    assert proven(backups) == kept
    assert shelf.leftovers(backups) == []
    again = store.prune_backups({"daily": 3}, to=backups)
    assert all(one.reasons for one in again.archives)
    assert proven(backups) == kept


def test_the_next_incremental_archive_goes_on_from_what_was_kept(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    filled(store, clock, backups)
    store.prune_backups(Keep(last=1), to=backups)
    shop.order(store)
    made = store.backup("incremental", to=backups)
    assert made.reason is None
    assert len(proven(backups)) == 4


def test_what_is_no_archive_of_the_store_is_never_removed(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    names = filled(store, clock, backups)
    with shop.made(backups.with_name(f"{backups.name}-other")) as other:
        theirs = other.backup(to=backups).path
    full = backups / names[0]
    masked = backups / theirs.name.replace(other.store_id, store.store_id)
    shutil.copy(theirs, masked)
    renamed = backups / names[0].replace("-000000000001-", "-000000000077-")
    shutil.copy(full, renamed)
    strange = [
        *("notes.txt", names[0][:-4], f"{names[0]}.sig", names[0].upper()),
        names[0].replace("20260120", "20261399"),
    ]
    for name in strange:
        (backups / name).write_text("not an archive")
    empty, link = (backups / names[0].replace("-20260120T10", f"-20260120T0{n}") for n in (1, 2))
    empty.touch()
    link.symlink_to(full)
    done = store.prune_backups(Keep(last=1), to=backups)
    assert done.problems.keys() == {masked.name, renamed.name, empty.name, link.name}
    assert {*os.listdir(backups)} - {f".tcps-{store.store_id}.lock", f".tcps-{other.store_id}.lock"} == {
        *(theirs.name, masked.name, renamed.name, *strange, empty.name, link.name),
        *names[6:],
    }


def _spoil(path: Path) -> None:
    """Change an archive so that its beginning can be read as before."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_a_damaged_newest_archive_keeps_what_is_good_before_it(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    names = filled(store, clock, backups)
    damaged = backups / names[6]
    _spoil(damaged)
    done = store.prune_backups(Keep(last=1), to=backups)
    assert shelf.archives(backups) == names[3:]
    reasons = {str(one.name): one.reasons for one in done.archives}
    assert reasons[names[5]] == ("newest that can be restored",)
    assert reasons[names[3]] == (f"needed by {names[4]}", "newest good full one")
    assert "bytes are not those" in done.problems[names[6]]


def test_where_none_can_be_restored_none_is_removed(store: Store, clock: FixedClock, backups: Path) -> None:
    names = filled(store, clock, backups)
    for name in (names[0], names[3], names[6]):
        _spoil(backups / name)
    with pytest.raises(IntegrityError, match="none is removed"):
        store.prune_backups(Keep(last=1), to=backups)
    assert shelf.archives(backups) == names


def test_an_archive_of_a_later_program_could_rest_on_any_other(
    store: Store, clock: FixedClock, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = filled(store, clock, backups)
    monkeypatch.setattr("tcps.backup.manifest.ARCHIVE_FORMAT", 0)
    with pytest.raises(Undecided, match="none is removed") as found:
        store.prune_backups(Keep(last=1), to=backups)
    assert found.value.code == "format_too_new"
    assert shelf.archives(backups) == names


@pytest.mark.parametrize("keep", [{}, {"last": 0}, {"last": -1}, {"last": True}, {"fortnightly": 2}])
def test_a_policy_that_keeps_nothing_is_refused(
    store: Store, clock: FixedClock, backups: Path, keep: dict[str, int]
) -> None:
    names = filled(store, clock, backups)
    with pytest.raises(InvalidInput):
        store.prune_backups(keep, to=backups)
    assert shelf.archives(backups) == names


def test_a_backup_that_is_under_way_is_waited_for(store: Store, clock: FixedClock, backups: Path) -> None:
    names = filled(store, clock, backups)
    held = lock(backups / f".tcps-{store.store_id}.lock", 0)
    held.acquire()
    with pytest.raises(LockTimeout, match=r"another backup or prune is under way in .*; gave up after 0 s"):
        store.prune_backups(Keep(last=1), to=backups, wait=0)
    assert shelf.archives(backups) == names
    store.prune_backups(Keep(last=1), to=backups, wait=0, dry_run=True)
    held.close()
    store.prune_backups(Keep(last=1), to=backups, wait=0)
    assert shelf.archives(backups) == names[6:]


def test_where_there_is_no_archive_nothing_is_made(store: Store, backups: Path) -> None:
    assert store.prune_backups(Keep(last=1), to=backups).archives == []
    assert not backups.exists()


def test_what_a_crash_has_left_is_removed(store: Store, clock: FixedClock, backups: Path) -> None:
    names = filled(store, clock, backups)
    (backups / f".{names[0]}.tmp").touch()
    store.prune_backups(Keep(last=1), to=backups)
    assert shelf.leftovers(backups) == []


# whatever fails


class Shelf:
    """A store with archives, of which a copy is pruned as often as it is asked for."""

    def __init__(self, store: Store, clock: FixedClock, place: Path) -> None:
        self.folder = store.folder.parent
        self.place = place
        filled(store, clock, place / "sound")
        done = store.prune_backups(DAYS, to=place / "sound", dry_run=True)
        self.kept = [str(one.name) for one in done.archives if one.reasons]

    def prune(self, name: str, system: Watched, start: Callable[[], object]) -> None:
        """Prune the copy with this name; `start` is called when only that is left to do."""
        with shop.opened(self.folder, disk=QuickDisk(system)) as store:
            start()
            store.prune_backups(DAYS, to=self.place / name, wait=0)

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.place / "sound", self.place / name))

    def require_nothing_lost(self, name: str) -> None:
        """What is there can be restored, what is kept is there, and the next run does the rest."""
        assert set(self.kept) <= set(proven(self.place / name))
        with shop.opened(self.folder, disk=QuickDisk()) as store:
            store.prune_backups(DAYS, to=self.place / name, wait=0)
        assert proven(self.place / name) == self.kept
        shutil.rmtree(self.place / name)


@pytest.fixture(scope="module")
def pruned() -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        clock = FixedClock()
        with Store.create(place, actor="alice", clock=clock, disk=QuickDisk()) as store:
            yield Shelf(store, clock, Path(place))


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("fault", [one for one in FAULTS if one.part is None], ids=lambda fault: fault.name)
def test_whatever_fails_nothing_that_is_kept_is_lost(pruned: Shelf, fault: Fault, for_good: bool) -> None:
    counting = FailingSystem(fault, 0)
    pruned.copy("counted")
    pruned.prune("counted", counting, lambda: setattr(counting, "count", 0))
    pruned.require_nothing_lost("counted")
    assert counting.count
    for at in places(counting.count):
        system = FailingSystem(fault, 0, for_good=for_good)

        def start(system: FailingSystem = system, at: int = at) -> None:
            system.count, system.at = 0, at

        pruned.copy(f"{at}")
        with contextlib.suppress(TcpsError):
            pruned.prune(f"{at}", system, start)
            assert system.failed == "close", at
        assert system.failed, at
        pruned.require_nothing_lost(f"{at}")
    print(f"\n{fault.name}: {len(places(counting.count))} of {counting.count} places")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_nothing_that_is_kept_is_lost(pruned: Shelf, when: str) -> None:
    counting = DyingSystem(0, when)
    pruned.copy("counted")
    pruned.prune("counted", counting, lambda: setattr(counting, "count", 0))
    pruned.require_nothing_lost("counted")
    for at in places(counting.count, 20):
        system = DyingSystem(0, when)

        def start(system: DyingSystem = system, at: int = at) -> None:
            system.count, system.at = 0, at

        pruned.copy(f"{at}")
        status = in_child(lambda at=at, system=system, start=start: pruned.prune(f"{at}", system, start))
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        pruned.require_nothing_lost(f"{at}")
    print(f"\nkilled {when}: {len(places(counting.count, 20))} of {counting.count} places")
