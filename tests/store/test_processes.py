"""Verification on several processes: the same report as on one, errors as they were, nobody left behind."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tcps import verify
from tcps.errors import NotFound, TcpsError
from tcps.model import system_clock
from tcps.store import Store
from tcps.verify import Report
from tcps.verify.parallel import results, usable_cores
from tests.store import shop
from tests.store.faults import QuickDisk
from tests.store.test_verify import CASES, built


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return built(tmp_path)


def verified(folder: Path, cores: int, disk: QuickDisk | None = None, **options: Any) -> Report:
    with Store.open(folder, actor="auditor") as store:
        return verify.verify_store(*place(store, disk), system_clock(), cores=cores, **options)


def place(store: Store, disk: QuickDisk | None = None) -> tuple[Path, QuickDisk, str, str]:
    return store.folder, disk or QuickDisk(), store.engine.identity.origin, store.store_id


@pytest.mark.parametrize("name", CASES)
def test_several_processes_find_what_one_finds(folder: Path, name: str) -> None:
    assert verified(folder, 3).intact
    CASES[name][0](folder)
    one, three = verified(folder, 1), verified(folder, 3)
    assert not one.intact
    assert three == one


def test_one_sku_is_judged_by_several_processes_too(folder: Path) -> None:
    with Store.open(folder, actor="auditor") as store:
        report = verify.verify_chains(*place(store), ["web-1"], system_clock(), cores=3)
        assert report.intact
        assert [(one.sku_id, one.receipts_checked) for one in report.verdicts] == [("web-1", 4)]
        with pytest.raises(NotFound):
            verify.verify_chains(*place(store), ["web-9"], system_clock(), cores=3)


class Unreadable(QuickDisk):
    """Fails where a receipt is read, as a bad sector does."""

    def read_plain(self, path: Path | str, most: int | None = None) -> bytes | None:
        if Path(path).parent.name == "receipts":
            raise TcpsError(
                f"cannot read {path}: Input/output error", details={"path": str(path), "errno": 5}
            )
        return super().read_plain(path, most)


@pytest.mark.parametrize("cores", [1, 2])
def test_an_error_of_a_process_is_raised_as_what_it_was(folder: Path, cores: int) -> None:
    with pytest.raises(TcpsError) as raised:
        verified(folder, cores, Unreadable())
    assert raised.value.code == "storage_error"
    assert raised.value.details["errno"] == 5


class Deadly(QuickDisk):
    """Kills the child in which a receipt is read."""

    def __init__(self) -> None:
        self.parent = os.getpid()

    def read_plain(self, path: Path | str, most: int | None = None) -> bytes | None:
        if Path(path).parent.name == "receipts" and os.getpid() != self.parent:
            os.kill(os.getpid(), 9)
        return super().read_plain(path, most)


def test_a_process_that_was_killed_leaves_no_verdict(folder: Path) -> None:
    with pytest.raises(TcpsError, match="ended from outside"):
        verified(folder, 2, Deadly())


def test_results_come_in_the_order_of_the_tasks() -> None:
    assert list(results(lambda number: lambda task: (number, task), range(10), 3)) == [
        (task % 3, task) for task in range(10)
    ]


class UnspeakableError(Exception):
    """Cannot be sent to another process."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")


@pytest.mark.parametrize("error", [ValueError("seven"), UnspeakableError(3, 4)])
def test_no_error_is_lost(error: Exception) -> None:
    def work(task: int) -> int:
        if task == 7:
            raise error
        return task

    with pytest.raises((ValueError, RuntimeError)) as raised:
        list(results(lambda _: work, range(10), 2))
    assert (
        str(error) in f"{raised.value} {raised.value.__notes__ if hasattr(raised.value, '__notes__') else ''}"
    )


def test_who_stops_listening_leaves_no_process_behind() -> None:
    children = results(lambda _: lambda task: os.getpid(), range(10**6), 2)
    pids = [next(children), next(children)]
    children.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


KILLED = """
import sys
from tcps.verify.parallel import results
children = results(lambda _: lambda task: b"x" * 1000, range(10**6), 3)
print(len(next(children)), flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_one_that_was_killed() -> None:
    """The children have inherited the pipe to here, so it ends when the last of them has."""
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=shop.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"1000\n"
    parent.kill()
    assert parent.communicate(timeout=60)[0] == b""


def test_a_process_with_threads_is_not_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert usable_cores() == 1
    finally:
        done.set()
        thread.join()


def test_the_engine_of_the_store_goes_on_after_a_verification_in_children(folder: Path) -> None:
    with Store.open(folder, actor="alice") as store:
        shop.order(store)
        with store.view():
            report = verify.verify_store(*place(store), system_clock(), cores=2)
        assert report.intact
        shop.order(store)
        assert shop.classes(store) == set()


def test_it_is_told_how_far_it_is(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    verified(folder, 2, progress=lambda *news: told.append(news))
    size = sum(path.stat().st_size for path in shop.segments(folder))
    totals = {what: total for what, _, total in told}
    assert list(totals) == ["ledger", "files"]
    assert totals["ledger"] == size
    for what, total in totals.items():
        news = [done for name, done, of in told if (name, of) == (what, total)]
        assert len(news) == sum(name == what for name, _, _ in told)
        assert news == sorted(set(news))
        assert news[-1] == total
