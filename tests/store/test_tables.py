"""Tables show what is committed, as the store's own lists do, and hold no more than they may."""

import errno
import gc
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tcps.errors import Conflict, IntegrityError, InvalidInput, Refused, TcpsError
from tcps.model import STAGES, WorkOrder
from tcps.rules import order_updates
from tcps.store import Store
from tcps.store.tables import Tables
from tests.store import shop
from tests.store.faults import QuickDisk, Watched, in_child
from tests.store.test_readers import Pausing


@pytest.fixture
def tables(store: Store) -> Tables:
    return store.tables()


def retitle(store: Store, order_id: str, title: str) -> WorkOrder:
    with store.transaction("work_order.update") as draft:
        return order_updates.update(draft, order_id, {"title": title}, None)


def filled(store: Store) -> None:
    """Records of every kind, in several states."""
    shop.sku(store)
    shop.receipt(store)
    shop.sku(store, "web-2")
    for n in range(4):
        shop.order(
            store, f"order {n}", bucket="cost" if n % 2 else "security", priority=5 if n == 1 else None
        )
    shop.andon(store, "web-2")
    store.delete_work_order("WO-5")


@pytest.mark.parametrize("limit", [100, 2], ids=["whole", "a cache"])
def test_answers_are_those_of_the_store(store: Store, limit: int) -> None:
    filled(store)
    tables = store.tables(limit)
    for _ in range(2):
        assert tables.work_orders.match() == store.list_work_orders()
        assert tables.work_orders.select("status", "queued") == store.list_work_orders_by_status("queued")
        assert tables.work_orders.select("bucket", "Cost") == store.list_work_orders_by_bucket("cost")
        assert tables.skus.match() == store.list_skus()
        assert tables.skus.select("work_order_id", "WO-1") == store.list_skus_by_work_order("WO-1")
        assert tables.skus.select("current_stage", STAGES[0]) == store.list_skus()
        assert tables.receipts.select("sku_id", "web-1") == store.list_receipts_by_sku("web-1")
        assert tables.receipts.select("stage", STAGES[0]) == store.list_receipts_by_stage(STAGES[0])
        assert tables.receipts.select("stage", STAGES[1]) == []
        assert tables.andon_events.select("status", "open") == store.list_andon_events_by_status("open")
        assert tables.andon_events.match(sku_id="web-2") == store.list_andon_events()[1:]
        for order in store.list_work_orders():
            assert tables.work_orders.lookup(order.id) == order
        assert tables.work_orders.lookup("WO-5") is None
        assert tables.work_orders.lookup("WO-99") is None


@pytest.mark.parametrize("limit", [100, 2], ids=["whole", "a cache"])
def test_select_and_match_take_values_limits_and_an_order(store: Store, limit: int) -> None:
    filled(store)
    orders = store.tables(limit).work_orders

    def ids(found: list[WorkOrder]) -> list[str]:
        return [order.id for order in found]

    assert ids(orders.select("status", "queued", "in_progress")) == ["WO-1", "WO-2", "WO-3", "WO-4", "WO-6"]
    assert ids(orders.select("status", "queued", "in_progress", limit=2)) == ["WO-1", "WO-2"]
    assert ids(orders.select("status", newest_first=True, limit=2)) == ["WO-6", "WO-4"]
    assert ids(orders.match(status="queued", bucket="cost")) == ["WO-4", "WO-6"]
    assert ids(orders.match(bucket="cost", priority=5, limit=1)) == ["WO-4"]
    assert ids(orders.match(title="order 3", newest_first=True)) == ["WO-6"]
    assert ids(orders.match(status="queued", title="order 0")) == ["WO-3"]
    with pytest.raises(InvalidInput):
        orders.select("status", "lost")
    with pytest.raises(InvalidInput, match="status, bucket"):
        orders.select("title", "order 3")
    with pytest.raises(InvalidInput, match="no field"):
        orders.match(colour="red")


@pytest.mark.parametrize("filling", [True, False], ids=["whole", "a cache"])
def test_what_this_process_commits_is_there_at_once(store: Store, tables: Tables, filling: bool) -> None:
    if filling:
        assert tables.work_orders.match() == []
    made = tables.work_orders.insert({"title": "an order"})
    assert tables.work_orders.lookup(made.id) == made
    changed = retitle(store, made.id, "another")
    assert tables.work_orders.lookup(made.id) == changed
    assert tables.work_orders.match(title="another") == [changed]
    assert tables.work_orders.delete(made.id) == changed
    assert tables.work_orders.lookup(made.id) is None
    assert tables.work_orders.match() == []
    sku = tables.skus.insert({"work_order_id": shop.order(store)})
    receipt = tables.receipts.insert({"sku_id": sku.id, "stage": STAGES[0]})
    assert tables.receipts.lookup(receipt.id) == receipt
    assert tables.skus.lookup(sku.id) == store.get_sku(sku.id)
    assert tables.andon_events.match() == store.list_andon_events() != []
    assert tables.andon_events.insert({"sku_id": sku.id, "failure_type": "test_failure"}).occurrences == 1


@pytest.mark.parametrize("filling", [True, False], ids=["whole", "a cache"])
def test_a_transaction_that_is_not_committed_is_not_shown(
    store: Store, tables: Tables, filling: bool
) -> None:
    first = shop.order(store)
    before = store.get_work_order(first)
    if filling:
        tables.work_orders.match()

    def unchanged() -> bool:
        tables.refresh()
        rows = [tables.work_orders.match(), tables.work_orders.select("status", "queued")]
        return rows == [[before], [before]] and [
            tables.work_orders.lookup(one) for one in (first, "WO-2")
        ] == [
            before,
            None,
        ]

    def refused() -> None:
        with store.transaction():
            retitle(store, first, "never")
            shop.order(store)
            assert unchanged()
            raise Refused("not today")

    with pytest.raises(Refused):
        refused()
    assert unchanged()
    with store.batch():
        retitle(store, first, "soon")
        shop.order(store)
        assert unchanged()
    assert [order.title for order in tables.work_orders.match()] == ["soon", "an order"]


@pytest.mark.parametrize("filling", [True, False], ids=["whole", "a cache"])
def test_what_others_commit_is_there_after_a_refresh(
    store: Store, tables: Tables, opened: Callable[[], Store], filling: bool
) -> None:
    first = shop.order(store)
    before = tables.work_orders.lookup(first)
    if filling:
        tables.work_orders.match()
    with opened() as other:
        changed = retitle(other, first, "changed")
        assert tables.work_orders.lookup(first) == before != changed
        tables.refresh()
        assert tables.work_orders.lookup(first) == changed
        other.delete_work_order(first)
        second = shop.order(other)
        tables.refresh()
        assert tables.work_orders.lookup(first) is None
        assert tables.work_orders.match() == [other.get_work_order(second)]


def test_what_is_read_through_is_of_the_same_moment_as_what_is_held(
    store: Store, tables: Tables, opened: Callable[[], Store]
) -> None:
    """A transaction of another process changes a record that is held and one that is not."""
    first, second = shop.order(store), shop.order(store)
    assert tables.work_orders.lookup(first) is not None
    with opened() as other, other.transaction():
        retitle(other, first, "both")
        retitle(other, second, "both")
    for order_id in (second, first):
        found = tables.work_orders.lookup(order_id)
        assert found is not None
        assert found.title == "both"


class Counting(Watched):
    """Remembers which files were opened to be read."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def reached(self, name: str, call: Callable[..., object], arguments: tuple[object, ...]) -> object:
        if name == "open":
            self.opened.append(str(arguments[0]))
        return call(*arguments)


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[tuple[Store, list[str]]]:
    system = Counting()
    with Store.create(tmp_path, actor="alice", disk=QuickDisk(system)) as store:
        yield store, system.opened


def test_a_refresh_with_nothing_new_reads_the_ledgers_end_and_nothing_else(
    counting: tuple[Store, list[str]],
) -> None:
    store, opened = counting
    shop.order(store)
    tables = store.tables()
    tables.refresh()
    opened.clear()
    tables.refresh()
    assert [Path(path).name for path in opened] == ["000000000001.jsonl"]


def test_a_whole_table_answers_without_a_file_and_follows_without_record_files(
    counting: tuple[Store, list[str]], tmp_path: Path
) -> None:
    store, opened = counting
    for _ in range(5):
        shop.order(store)
    tables = store.tables()
    tables.work_orders.match()
    with Store.open(tmp_path, actor="bob") as other:
        retitle(other, "WO-3", "changed")
    opened.clear()
    tables.refresh()
    assert {Path(path).suffix for path in opened} == {".jsonl"}
    opened.clear()
    assert [order.title for order in tables.work_orders.match(title="changed")] == ["changed"]
    assert tables.work_orders.lookup("WO-1") == tables.work_orders.select("status", "queued", limit=1)[0]
    assert tables.work_orders.lookup("WO-9") is None
    assert opened == []


def test_it_holds_no_more_than_it_may_and_lets_the_least_recently_used_go(
    counting: tuple[Store, list[str]],
) -> None:
    store, opened = counting
    for _ in range(5):
        shop.order(store)
    orders = store.tables(limit=3).work_orders
    for number in (1, 2, 3, 1, 4):
        assert orders.lookup(f"WO-{number}") is not None
        assert len(orders) <= 3
    opened.clear()
    for number in (1, 3, 4):
        assert orders.lookup(f"WO-{number}") is not None
    assert opened == []
    assert orders.lookup("WO-2") == store.get_work_order("WO-2")
    assert [path for path in opened if path.endswith("WO-2.json")] != []
    assert len(orders.match()) == 5
    assert len(orders) == 3


def test_a_table_that_outgrows_its_limit_goes_on_as_a_cache(store: Store) -> None:
    for _ in range(3):
        shop.order(store)
    orders = store.tables(limit=3).work_orders
    assert len(orders.match()) == 3
    shop.order(store)
    assert orders.match() == store.list_work_orders()
    assert len(orders) == 3
    for number in range(1, 5):
        assert orders.lookup(f"WO-{number}") == store.get_work_order(f"WO-{number}")
    with pytest.raises(ValueError, match="at least one"):
        store.tables(limit=0)


class Failing(Watched):
    """The next sync of the ledger fails, after `meanwhile` has looked at what was appended."""

    meanwhile: Callable[[], object] | None = None

    def reached(self, name: str, call: Callable[..., object], arguments: tuple[object, ...]) -> object:
        meanwhile = self.meanwhile
        if name == "datasync" and meanwhile is not None:
            self.meanwhile = None
            meanwhile()
            raise OSError(errno.EIO, "Input/output error")
        return call(*arguments)


@pytest.mark.parametrize("filling", [True, False], ids=["whole", "a cache"])
@pytest.mark.parametrize("again", ["", "kept", "kept, and longer"])
def test_a_line_that_a_failed_sync_takes_back_is_forgotten(
    store: Store, tables: Tables, tmp_path: Path, filling: bool, again: str
) -> None:
    """Whether nothing comes in its place, or a line of the same length, or a longer one."""
    system, seen = Failing(), list[str]()
    first = shop.order(store)
    if filling:
        tables.work_orders.match()

    def look() -> None:
        tables.refresh()
        seen.extend(order.title for one in (first, "WO-2") if (order := tables.work_orders.lookup(one)))

    def write(title: str, both: str) -> None:
        with other.transaction():
            shop.order(other, title)
            retitle(other, first, both)

    with shop.opened(tmp_path, disk=QuickDisk(system)) as other:
        system.meanwhile = look
        with pytest.raises(TcpsError):
            write("lost", "lost")
        assert seen == ["lost", "lost"]
        if again:
            write("kept", again)
        tables.refresh()
        expected = other.list_work_orders()
        assert [order.title for order in expected] == ([again, "kept"] if again else ["an order"])
        found = [tables.work_orders.lookup(one) for one in (first, "WO-2")]
        assert [order for order in found if order is not None] == expected
        assert tables.work_orders.match() == expected


def test_a_torn_tail_is_not_shown_and_what_replaces_it_is(
    store: Store, tables: Tables, opened: Callable[[], Store], tmp_path: Path
) -> None:
    shop.order(store)
    before = tables.work_orders.match()
    segment = shop.segments(tmp_path)[0]
    with segment.open("ab") as file:
        file.write(segment.read_bytes()[:100])
    tables.refresh()
    assert tables.work_orders.match() == before
    with opened() as other:
        shop.order(other)
        tables.refresh()
        assert tables.work_orders.match() == other.list_work_orders() != before


def test_a_store_that_was_replaced_is_a_conflict_as_it_is_for_the_store(
    store: Store, tables: Tables, tmp_path: Path
) -> None:
    shop.order(store)
    assert len(tables.work_orders.match()) == 1
    folder = tmp_path / ".tcps"
    folder.rename(tmp_path / "aside")
    shop.copied(tmp_path / "aside", folder)
    with pytest.raises(Conflict):
        tables.refresh()
    with pytest.raises(Conflict):
        tables.work_orders.lookup("WO-1")
    with pytest.raises(Conflict):
        store.tables()


def test_a_damaged_record_file_is_an_error_as_it_is_for_the_store(store: Store, tables: Tables) -> None:
    shop.order(store)
    path = store.folder / "records/work_orders/0000/WO-1.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"an order", b"no order"))
    with pytest.raises(IntegrityError):
        tables.work_orders.lookup("WO-1")
    with pytest.raises(IntegrityError):
        tables.work_orders.match()
    path.write_bytes(content)
    assert tables.work_orders.match() == store.list_work_orders()


def test_what_a_salvage_gives_up_is_gone_from_the_tables(
    store: Store, tables: Tables, tmp_path: Path
) -> None:
    kept, lost = shop.order(store), shop.order(store)
    assert len(tables.work_orders.match()) == 2
    segment = shop.segments(tmp_path)[0]
    first, second = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(first + second.replace(b"an order", b"no order"))
    (store.folder / "records/work_orders/0000/WO-2.json").unlink()
    store.repair(salvage=True)
    assert tables.work_orders.lookup(lost) is None
    assert tables.work_orders.match() == store.list_work_orders() == [store.get_work_order(kept)]


def test_orders_that_come_to_a_status_in_another_order_are_given_oldest_first(
    store: Store, tables: Tables
) -> None:
    for _ in range(5):
        shop.order(store)
    assert tables.work_orders.select("status", "cancelled") == []
    for number in (4, 1, 5, 2):
        store.production.cancel_work_order(f"WO-{number}", "no more")
    found = tables.work_orders.select("status", "cancelled")
    assert [order.id for order in found] == ["WO-1", "WO-2", "WO-4", "WO-5"]


def test_a_commit_during_a_refresh_is_seen_after_it(
    tmp_path: Path,
) -> None:
    """The refresh has looked at how long the ledger is already."""
    system = Pausing("pread", ".jsonl", lambda: run_in_a_thread(lambda: retitle(store, "WO-1", "meanwhile")))
    with Store.create(tmp_path, actor="alice", disk=QuickDisk(system)) as store:
        shop.order(store)
        tables = store.tables()
        tables.work_orders.match()
        system.armed = True
        tables.refresh()
        assert not system.armed
        found = tables.work_orders.lookup("WO-1")
        assert found is not None
        assert found.title == "meanwhile"


def run_in_a_thread(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_closing_the_store_forgets_what_was_held(store: Store, tables: Tables) -> None:
    shop.order(store)
    tables.work_orders.match()
    store.close()
    assert len(tables.work_orders) == 0


def test_tables_that_were_closed_leave_nothing_behind(store: Store) -> None:
    tables = store.tables()
    shop.order(store)
    tables.work_orders.match()
    gone = weakref.ref(tables)
    tables.close()
    del tables
    gc.collect()
    assert gone() is None
    assert store.engine.told == []


def test_a_forked_child_begins_afresh_even_while_a_thread_had_the_lock(store: Store, tables: Tables) -> None:
    shop.order(store)
    held, let_go = threading.Event(), threading.Event()
    tables.work_orders.match()

    def hold() -> None:
        with tables.lock:
            held.set()
            let_go.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)

    def work() -> None:
        assert len(tables.work_orders) == 0
        assert tables.work_orders.match() == store.list_work_orders()
        made = tables.work_orders.insert({"title": "of the child"})
        assert tables.work_orders.lookup(made.id) == made

    try:
        assert os.waitstatus_to_exitcode(in_child(work)) == 0
    finally:
        let_go.set()
        thread.join()
    tables.refresh()
    assert [order.title for order in tables.work_orders.match()] == ["an order", "of the child"]
