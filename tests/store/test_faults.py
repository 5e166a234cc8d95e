"""The Nth operation on the disk fails, or is the last one of the process, for every N of some work."""

import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import TcpsError
from tcps.model import STAGES
from tcps.rules import pipeline
from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.store import shop
from tests.store.faults import DyingDisk, FailingDisk, QuickDisk, in_child

SEGMENT_BYTES = 2000
"""Small, so that the work fills several segments."""


def batch(store: Store) -> list[str]:
    with store.batch():
        return [shop.order(store, f"one of three, {n}") for n in range(3)]


def pair(store: Store) -> list[str]:
    with store.transaction("a pair"):
        return [shop.order(store, "with an Andon"), shop.andon(store, "another-sku")]


def sku(store: Store) -> list[str]:
    with store.transaction("a SKU"):
        made = shop.sku(store)
    return [made.id, made.work_order_id]


def receipt(store: Store) -> list[str]:
    """A run that fails, so it makes an Andon, or adds to it."""
    with store.transaction("receipt.add") as draft:
        made = pipeline.record(draft, pipeline.read_run(sku_id="web-1", stage=STAGES[0]))
    assert made.andon is not None
    return [made.receipt.id, made.andon.id]


def checkpoint(store: Store) -> list[str]:
    store.checkpoint()
    return []


WORK: list[Callable[[Store], list[str]]] = [
    lambda store: [shop.order(store)],
    batch,
    sku,
    receipt,
    pair,
    checkpoint,
    lambda store: [shop.order(store)],
    receipt,
]


def do(store: Store, acknowledge: Callable[[list[str]], None]) -> list[TcpsError]:
    """All of the work, going on after every failure; the failures."""
    errors = []
    for step in WORK:
        try:
            acknowledge(step(store))
        except TcpsError as error:
            errors.append(error)
    return errors


def all_ids(store: Store) -> set[str]:
    with store.view() as view:
        rows = view.loader.index.db.execute("SELECT id FROM record").fetchall()
    return {record_id for (record_id,) in rows}


def check(folder: Path, acknowledged: list[str]) -> set[str]:
    """The store works without repair, is intact, has all that was acknowledged; its ids."""
    with shop.opened(folder, disk=QuickDisk(), segment_bytes=SEGMENT_BYTES) as store:
        ids = all_ids(store)
        assert set(acknowledged) <= ids
        assert shop.order(store) not in ids
        assert shop.classes(store) == set()
        store.checkpoint()
        assert shop.classes(store) == set()
    assert shop.record_files(folder) == shop.files_by_ledger(folder)
    kept = shop.tables(folder)
    shop.remove_index(folder)
    with shop.opened(folder) as store:
        store.list_work_orders()
    assert shop.tables(folder) == kept
    return ids


@pytest.mark.parametrize(
    ("number", "for_good"),
    [(errno.EIO, False), (errno.ENOSPC, True), (errno.EROFS, True)],
    ids=["once", "full for good", "read-only for good"],
)
def test_nothing_is_acknowledged_that_is_not_kept(quick_path: Path, number: int, for_good: bool) -> None:
    for at in range(1, 1000):
        folder = quick_path / str(at)
        create(folder, clock=FixedClock())
        disk = FailingDisk(at, number, for_good=for_good)
        acknowledged: list[str] = []
        errors: list[TcpsError] = []
        try:
            with shop.opened(folder, disk=disk, segment_bytes=SEGMENT_BYTES) as store:
                errors = do(store, acknowledged.extend)
        except TcpsError as error:
            errors.append(error)
        assert all(error.code in ("storage_error", "not_found") for error in errors)
        ids = check(folder, acknowledged)
        may_be_there = any("may be there" in (error.hint or "") for error in errors)
        if not for_good and not may_be_there:
            assert ids == set(acknowledged), at
        shutil.rmtree(folder)
        if not disk.failed:
            assert not errors
            return
    raise AssertionError("the work never came to its end")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("when", ["half", "after"])
def test_killed_at_any_operation_the_next_process_goes_on(quick_path: Path, when: str) -> None:
    for at in range(1, 1000):
        folder, log = quick_path / str(at), quick_path / f"{at}.log"
        create(folder, clock=FixedClock())
        log.touch()

        def work(log: Path, folder: Path = folder, at: int = at) -> None:
            with (
                open(log, "a") as file,
                shop.opened(folder, disk=DyingDisk(at, when), segment_bytes=SEGMENT_BYTES) as store,
            ):

                def acknowledge(made: list[str]) -> None:
                    file.write("".join(f"{one}\n" for one in made))
                    file.flush()

                assert do(store, acknowledge) == []

        status = in_child(work, log)
        check(folder, log.read_text().split())
        shutil.rmtree(folder)
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
    raise AssertionError("the work never came to its end")


def test_after_a_failed_sync_the_change_is_taken_back(tmp_path: Path) -> None:
    """Whoever was told that it failed does not find it there later."""
    create(tmp_path)

    class NoSync(FailingDisk):
        def sync(self, fd: int, path: Path) -> None:
            if self.at == 0:
                self.at = -1
                assert len(in_memory.list_work_orders()) == 2
                raise TcpsError("cannot sync")
            super().sync(fd, path)

    disk = NoSync(-1, errno.EIO)
    with (
        shop.opened(tmp_path, disk=disk) as store,
        shop.opened(tmp_path) as other,
        shop.opened(tmp_path) as in_memory,
    ):
        shop.order(store)
        in_memory.engine.fold._in_memory()
        readers = (store, other, in_memory)
        assert [len(one.list_work_orders()) for one in readers] == [1, 1, 1]
        before = shop.contents(tmp_path)
        disk.at = 0
        with pytest.raises(TcpsError) as failed:
            shop.order(store)
        assert failed.value.hint is None
        assert shop.contents(tmp_path) == before
        assert [len(one.list_work_orders()) for one in readers] == [1, 1, 1]
        assert [shop.order(other), shop.order(store)] == ["WO-2", "WO-3"]
        assert shop.classes(other) == set()
