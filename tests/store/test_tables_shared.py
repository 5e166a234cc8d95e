"""Tables while others write: several processes, some of them killed, and several threads of this one."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tcps.rules import order_updates
from tcps.store import Store
from tcps.store.tables import Tables
from tests.conftest import DEEP
from tests.store import shop
from tests.store.test_tables_property import agrees, records

LIMITS = (1000, 2)


def titles(tables: Tables) -> list[str]:
    return [order.title for order in tables.work_orders.match(bucket="cost")]


@pytest.fixture
def pair(quick_path: Path) -> Path:
    """A store in which two orders are always given the same title, in one transaction."""
    with Store.create(quick_path, actor="alice") as store:
        for _ in range(2):
            shop.order(store, "0", bucket="cost")
    return quick_path


def move(store: Store, title: str) -> None:
    with store.transaction("move") as draft:
        for order_id in ("WO-1", "WO-2"):
            order_updates.update(draft, order_id, {"title": title}, None)


def test_four_writing_processes(quick_path: Path) -> None:
    """Every refresh shows all that was there before it, and no less than before; the last one shows all."""
    with Store.create(quick_path, actor="alice") as store:
        every, seen = [store.tables(limit) for limit in LIMITS], 0
        writers = [shop.process("write", quick_path, 30 if DEEP else 16) for _ in range(4)]
        while any(writer.poll() is None for writer in writers):
            before = len(store.list_work_orders())
            for tables in every:
                tables.refresh()
                found = [order.id for order in tables.work_orders.match()]
                assert found == [f"WO-{n}" for n in range(1, len(found) + 1)]
                assert len(found) >= max(before, seen)
                seen = len(found)
        made = [record_id for ids in shop.results(writers) for record_id in ids]
        for tables in every:
            tables.refresh()
            agrees(tables, records(quick_path))
            orders, events = tables.work_orders, tables.andon_events
            assert all(orders.lookup(one) or events.lookup(one) for one in made)


def test_killed_writers_leave_tables_that_are_right(quick_path: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    with Store.create(quick_path, actor="alice") as store:
        shop.sku(store)
        every = [store.tables(limit) for limit in LIMITS]
        for number in range(20 if DEEP else 4):
            log = tmp_path / f"log-{number}"
            writer = shop.process("endless", quick_path, log, number)
            wait_until(lambda log=log: log.exists() and log.stat().st_size > chance.randrange(2000), writer)
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
            acknowledged = log.read_text().split()
            for tables in every:
                tables.refresh()
                agrees(tables, records(quick_path))
                kinds = (tables.work_orders, tables.andon_events, tables.receipts)
                assert all(any(table.lookup(one) for table in kinds) for one in acknowledged)


def wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, "it gave up"
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("limit", LIMITS, ids=["whole", "a cache"])
def test_a_transaction_of_another_process_is_seen_whole_or_not_at_all(pair: Path, limit: int) -> None:
    with Store.open(pair, actor="reader") as store:
        tables, seen = store.tables(limit), set[str]()
        writer = shop.process("move", pair)
        try:
            while len(seen) < 20:
                assert writer.poll() is None
                tables.refresh()
                first, second = titles(tables)
                assert first == second
                seen.add(first)
        finally:
            writer.kill()
            writer.communicate()


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads change places far more often than they do of themselves."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("limit", LIMITS, ids=["whole", "a cache"])
def test_threads_share_tables(pair: Path, limit: int) -> None:
    """Who has committed sees it; who looks sees whole transactions, and never less than before."""
    rounds, ended = 60 if DEEP else 15, threading.Event()
    with Store.open(pair, actor="alice") as store, ThreadPoolExecutor(6) as pool:
        tables = store.tables(limit)

        def write(name: int) -> None:
            for number in range(rounds):
                made = tables.work_orders.insert({"title": f"{name}-{number}"})
                assert tables.work_orders.lookup(made.id) == made
                assert made in tables.work_orders.match(title=made.title)
                tables.work_orders.delete(made.id)
                assert tables.work_orders.lookup(made.id) is None

        def turn() -> None:
            for number in range(rounds):
                move(store, f"{number}")
                assert titles(tables) == [f"{number}"] * 2

        def look() -> None:
            newest = 0
            while not ended.is_set():
                first, second = titles(tables)
                assert first == second
                assert int(first) >= newest
                newest = int(first)
                assert tables.work_orders.lookup("WO-1") is not None
                tables.refresh()

        readers = [pool.submit(look) for _ in range(3)]
        writers = [pool.submit(turn), *(pool.submit(write, name) for name in range(2))]
        try:
            for writer in writers:
                writer.result()
        finally:
            ended.set()
        for reader in readers:
            reader.result()
        agrees(tables, records(pair))
