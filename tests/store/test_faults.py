"""Any call to the system fails, once or for good, or is the process's last one, at every place of some work.

The deep run takes every place, the gate a few of each; `-s` shows how many.
"""

import errno
import os
import shutil
import signal
from pathlib import Path

import pytest

from tcps.errors import TcpsError
from tcps.ledger import MAY_BE_THERE
from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.store import shop, workload
from tests.store.faults import (
    FAULTS,
    DyingSystem,
    FailingSystem,
    Fault,
    QuickDisk,
    QuickSystem,
    Watched,
    in_child,
    places,
)
from tests.store.workload import SEGMENT_BYTES


def work(folder: Path, system: Watched) -> tuple[list[str], list[TcpsError], list[str]]:
    """Make a store and do all of the work: what was acknowledged, what failed, what was said."""
    disk, acknowledged, said = QuickDisk(system), list[str](), list[str]()
    errors = workload.begin(folder, disk)
    try:
        with shop.opened(folder, disk=disk, segment_bytes=SEGMENT_BYTES) as store:
            errors += workload.do(store, acknowledged.extend)
            said = store.notices
    except TcpsError as error:
        errors.append(error)
    return acknowledged, errors, said


def check(folder: Path, acknowledged: list[str]) -> list[set[str]]:
    """The store works at once, is intact, has all that was acknowledged; the facts of its entries."""
    create(folder, clock=FixedClock())
    with shop.opened(folder, disk=QuickDisk(), segment_bytes=SEGMENT_BYTES) as store:
        shop.order(store)
        entries = workload.entries(folder)[:-1]
        assert set(acknowledged) <= set().union(*entries)
        finish_repair(store)
        assert shop.classes(store) == set()
        store.checkpoint()
        assert shop.classes(store) == set()
    assert shop.record_files(folder) == shop.files_by_ledger(folder)
    kept = shop.tables(folder)
    shop.remove_index(folder)
    with shop.opened(folder) as store:
        store.list_work_orders()
    assert shop.tables(folder) == kept
    return entries


def finish_repair(store: Store) -> None:
    """Nothing needs a repair but what the work itself has damaged."""
    wrong = {finding.path for finding in store.verify_integrity().findings}
    if wrong:
        assert wrong <= set(workload.DAMAGED)
        store.repair()


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_nothing_is_acknowledged_that_is_not_kept(quick_path: Path, fault: Fault, for_good: bool) -> None:
    counting = FailingSystem(fault, 0)
    assert work(quick_path / "sound", counting)[1:] == ([], [])
    for at in places(counting.count):
        folder, system = quick_path / f"{at}", FailingSystem(fault, at, for_good=for_good)
        acknowledged, errors, said = work(folder, system)
        assert system.count >= at
        assert all(error.code == "storage_error" for error in errors[:1]), at
        assert system.failed not in ("datasync", "fsync", "sync") or errors or said, at
        entries = check(folder, acknowledged)
        if not any(error.hint == MAY_BE_THERE for error in errors):
            assert all(entry & set(acknowledged) for entry in entries), at
        shutil.rmtree(folder)
    print(f"\n{fault.name}: {len(places(counting.count))} of {counting.count} places")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_killed_at_any_call_the_next_process_goes_on(quick_path: Path, when: str) -> None:
    counting = DyingSystem(0, when)
    assert work(quick_path / "sound", counting)[1:] == ([], [])
    for at in places(counting.count):
        folder, log = quick_path / f"{at}", quick_path / f"{at}.log"
        log.touch()
        status = in_child(lambda folder=folder, log=log, at=at: die(folder, log, DyingSystem(at, when)))
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        check(folder, log.read_text().splitlines())
        shutil.rmtree(folder)
    print(f"\nkilled {when}: {len(places(counting.count))} of {counting.count} places")


def die(folder: Path, log: Path, system: DyingSystem) -> None:
    """Work until killed; every fact is in the log after its acknowledgement."""
    disk = QuickDisk(system)
    assert workload.begin(folder, disk) == []
    with (
        open(log, "a") as file,
        shop.opened(folder, disk=disk, segment_bytes=SEGMENT_BYTES) as store,
    ):

        def acknowledge(made: list[str]) -> None:
            file.write("".join(f"{one}\n" for one in made))
            file.flush()

        assert workload.do(store, acknowledge) == []


def test_after_a_failed_sync_the_change_is_taken_back(tmp_path: Path) -> None:
    """Whoever was told that it failed does not find it there later (format 8.9)."""
    create(tmp_path)

    class NoSync(QuickSystem):
        fails = False

        def datasync(self, fd: int) -> None:
            if self.fails:
                self.fails = False
                assert len(in_memory.list_work_orders()) == 2
                raise OSError(errno.EIO, "cannot sync")
            super().datasync(fd)

    system = NoSync()
    with (
        shop.opened(tmp_path, disk=QuickDisk(system)) as store,
        shop.opened(tmp_path) as other,
        shop.opened(tmp_path) as in_memory,
    ):
        shop.order(store)
        in_memory.engine.fold._in_memory()
        readers = (store, other, in_memory)
        assert [len(one.list_work_orders()) for one in readers] == [1, 1, 1]
        before = shop.contents(tmp_path)
        system.fails = True
        with pytest.raises(TcpsError) as failed:
            shop.order(store)
        assert failed.value.hint is None
        assert shop.contents(tmp_path) == before
        assert [len(one.list_work_orders()) for one in readers] == [1, 1, 1]
        assert [shop.order(other), shop.order(store)] == ["WO-2", "WO-3"]
        assert shop.classes(other) == set()
