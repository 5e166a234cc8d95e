"""Eight writers, killed at random moments: nothing that was acknowledged is lost, nothing needs repair.

The deep run takes 200 kills: `TCPS_DEEP=1 pytest tests/store/test_kills.py -m deep -s`.
"""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tcps.errors import LockTimeout
from tcps.store import Store
from tests.store import shop

WRITERS, READERS = 8, 4


class Writers:
    """Processes that write without end; one that was killed is replaced, with a log of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.logs: list[Path] = []
        self.readers: list[subprocess.Popen[str]] = []
        self.running = [self._started() for _ in range(WRITERS)]

    def kill_one(self, chance: random.Random) -> None:
        """Kill a writer after a moment of chance, and a reader that is at it for some such moments."""
        self.readers.append(shop.process(chance.choice(["read", "verify", "follow"]), self.folder, 600))
        time.sleep(chance.uniform(0.01, 0.25))
        n = chance.randrange(WRITERS)
        self._end(self.running[n])
        self.running[n] = self._started()
        if len(self.readers) == READERS:
            self._end(self.readers.pop(0))

    def end(self) -> None:
        for process in self.running + self.readers:
            self._end(process)

    def acknowledged(self) -> list[str]:
        """Every id in any log; the last line of a log may be cut."""
        ids: list[str] = []
        for log in self.logs:
            text = log.read_text() if log.exists() else ""
            ids += text[: text.rfind("\n") + 1].split()
        return ids

    def _started(self) -> subprocess.Popen[str]:
        log = self.folder / f"writer-{len(self.logs)}.log"
        self.logs.append(log)
        return shop.process("endless", self.folder, log, f"{self.seed}-{len(self.logs)}")

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        assert process.poll() is None, "one gave up"
        process.send_signal(signal.SIGKILL)
        process.communicate()


def survived(folder: Path, acknowledged: list[str]) -> int:
    """Check the store after kills, without any repair; the number of ledger entries."""
    with Store.open(folder, actor="auditor") as store:
        shop.order(store, "the first thing after the kill")
        ids = {order.id for order in store.list_work_orders()}
        ids |= {event.id for event in store.list_andon_events()}
        ids |= {receipt.id for receipt in store.list_receipts_by_sku("web-1")}
        assert set(acknowledged) <= ids
        assert len(acknowledged) == len(set(acknowledged))
        report = store.verify_integrity()
        assert report.findings == []
        assert [one for v in report.verdicts for one in v.findings if one.kind == "integrity"] == []
        return report.size


def run(folder: Path, kills: int, seed: int, check_every: int) -> tuple[int, int, int]:
    """The numbers of kills, of acknowledged ids and of ledger entries."""
    with Store.create(folder, actor="alice") as store:
        shop.sku(store)
    chance = random.Random(seed)
    writers = Writers(folder, seed)
    try:
        deadline = time.monotonic() + 60
        while len(writers.acknowledged()) < WRITERS and time.monotonic() < deadline:
            time.sleep(0.05)
        for n in range(1, kills + 1):
            writers.kill_one(chance)
            if n % check_every == 0:
                survived(folder, writers.acknowledged())
    finally:
        writers.end()
    size = survived(folder, writers.acknowledged())
    assert shop.record_files(folder) == shop.files_by_ledger(folder)
    kept = shop.tables(folder)
    shop.remove_index(folder)
    with Store.open(folder, actor="auditor") as store:
        store.list_work_orders(1)
    assert shop.tables(folder) == kept
    return 2 * kills + WRITERS, len(writers.acknowledged()), size


def test_a_killed_holder_of_the_lock_lets_it_go_and_leaves_nothing(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice", wait=60) as store:
        holder = shop.process("stand", tmp_path)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "inside\n"
        with pytest.raises(LockTimeout), Store.open(tmp_path, actor="bob", wait=0) as other:
            shop.order(other)
        holder.kill()
        holder.communicate()
        assert shop.order(store) == "WO-1"
        assert shop.classes(store) == set()
        assert store.notices == []


def test_a_few_kills(tmp_path: Path) -> None:
    run(tmp_path, kills=6, seed=7, check_every=3)


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("TCPS_DEEP") != "1", reason="part of the deep run")
def test_two_hundred_kills(tmp_path: Path) -> None:
    start = time.monotonic()
    kills, acknowledged, entries = run(tmp_path, kills=200, seed=11, check_every=20)
    seconds = time.monotonic() - start
    print(f"\n{kills} kills, {acknowledged} acknowledged ids, {entries} ledger entries, {seconds:.0f} s")
