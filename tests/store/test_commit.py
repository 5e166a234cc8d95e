"""Transactions: all or nothing, at once visible to everybody, and the index only ever a projection."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import InvalidInput, Refused, TcpsError
from tcps.model import STAGES, WorkOrder
from tcps.rules import andon, order_updates, pipeline, signals, work_orders
from tcps.rules.state import found
from tcps.store import Store
from tests.conftest import FixedClock
from tests.store import shop


def titles(store: Store) -> list[str]:
    return [order.title for order in store.list_work_orders()]


def test_a_commit_is_visible_to_the_next_process(store: Store, opened: Callable[[], Store]) -> None:
    shop.order(store, "first")
    with opened() as other:
        assert titles(other) == ["first"]
        shop.order(store, "second")
        assert titles(other) == ["first", "second"]
        shop.order(other, "third")
        assert titles(store) == ["first", "second", "third"]


def test_a_transaction_that_raises_leaves_nothing(store: Store, tmp_path: Path) -> None:
    shop.order(store)
    ledger_and_files, index = shop.contents(tmp_path), shop.tables(tmp_path)
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        shop.order(store)
        shop.andon(store)
        raise ZeroDivisionError
    with pytest.raises(Refused):
        work_order_that_is_refused(store)
    assert (shop.contents(tmp_path), shop.tables(tmp_path)) == (ledger_and_files, index)
    assert shop.order(store) == "WO-2"


def work_order_that_is_refused(store: Store) -> None:
    with store.transaction() as draft:
        order_id = shop.order(store)
        work_orders.start(draft, order_id)
        work_orders.start(draft, order_id)


def test_a_transaction_without_changes_writes_no_entry(store: Store, tmp_path: Path) -> None:
    with store.transaction() as draft:
        draft.policy()
    assert shop.segments(tmp_path)[0].read_bytes() == b""


def test_a_part_that_raises_is_undone_alone(store: Store, tmp_path: Path) -> None:
    with store.transaction("import"):
        shop.order(store, "kept")
        with pytest.raises(Refused):
            work_order_that_is_refused(store)
        shop.order(store, "kept too")
        with store.transaction():
            shop.andon(store)
    assert titles(store) == ["kept", "kept too"]
    assert [order.id for order in store.list_work_orders()] == ["WO-1", "WO-2"]
    assert len(store.change_history("andon_event", "ANDON-1")) == 1
    assert len(shop.segments(tmp_path)[0].read_bytes().splitlines()) == 1


def test_an_id_given_before_a_part_that_raised_is_not_given_again(store: Store) -> None:
    with store.transaction() as draft:
        first = draft.next_id("work_order")
        with contextlib.suppress(ZeroDivisionError), store.transaction():
            draft.next_id("work_order")
            raise ZeroDivisionError
        assert (first, draft.next_id("work_order")) == ("WO-1", "WO-2")


def test_a_transaction_sees_its_own_changes(store: Store) -> None:
    with store.transaction() as draft:
        order_id = shop.order(store)
        changed = order_updates.update(draft, order_id, {"title": "new"}, 1)
        assert (store.get_work_order(order_id).title, changed.revision) == ("new", 1)
    assert store.get_work_order(order_id).revision == 1


def test_an_order_that_is_changed_where_it_was_made_leaves_no_old_rows(store: Store, tmp_path: Path) -> None:
    with store.transaction() as draft:
        order_id = shop.order(store, labels=["old"])
        order_updates.update(draft, order_id, {"labels": ["new"]}, None)
    assert shop.tables(tmp_path)["label"] == [("new", order_id)]


def test_a_chain_is_judged_with_the_receipts_of_the_same_transaction_and_batch(store: Store) -> None:
    shop.sku(store)
    with store.batch():
        shop.receipt(store)
        with store.transaction() as draft:
            shop.receipt(store)
            verdict = draft.verdict("web-1")
        assert (verdict.intact, verdict.receipts_checked) == (True, 2)
        with store.view() as view:
            assert view.verdict("web-1").intact
        assert len(store.change_history("receipt", "RCPT-1")) == 1
    assert shop.classes(store) == set()


def test_a_batch_is_one_sync_and_all_or_nothing(store: Store, tmp_path: Path) -> None:
    with store.batch():
        assert [shop.order(store), shop.order(store)] == ["WO-1", "WO-2"]
        assert shop.segments(tmp_path)[0].read_bytes() == b""
    assert len(shop.segments(tmp_path)[0].read_bytes().splitlines()) == 2
    before = shop.contents(tmp_path)
    with contextlib.suppress(ZeroDivisionError), store.batch():
        shop.order(store)
        raise ZeroDivisionError
    assert shop.contents(tmp_path) == before
    with store.batch():
        shop.order(store)
        with pytest.raises(Refused):
            work_order_that_is_refused(store)
        shop.order(store)
    assert [order.id for order in store.list_work_orders()] == ["WO-1", "WO-2", "WO-3", "WO-4"]


@pytest.mark.parametrize("whole", [Store.batch, Store.transaction])
def test_a_batch_inside_another_or_a_transaction_that_raises_is_undone_alone(
    store: Store, tmp_path: Path, whole: Callable[[Store], AbstractContextManager[object]]
) -> None:
    with whole(store):
        first = shop.order(store, "before")
        with contextlib.suppress(ZeroDivisionError), store.batch():
            shop.order(store, "undone")
            store.update_work_order({"work_order_id": first, "revision": 1, "title": "undone"})
            raise ZeroDivisionError
        with store.batch():
            last = shop.order(store, "after")
    assert [(order.id, order.title) for order in store.list_work_orders()] == [
        (first, "before"),
        (last, "after"),
    ]
    assert store.verify_integrity().findings == []


def test_a_view_does_not_change_while_it_is_open(store: Store, opened: Callable[[], Store]) -> None:
    order_id = shop.order(store, "before")
    with opened() as other, other.view() as view:
        store.update_work_order({"work_order_id": order_id, "revision": 1, "title": "after"})
        shop.order(store)
        order = view.get(WorkOrder, order_id)
        assert order is not None
        assert order.title == "before"
        assert titles(other) == ["before"]  # a view inside a view is that one
        store.delete_work_order(order_id)
        assert titles(other) == ["before"]
    with opened() as other:
        assert titles(other) == ["an order"]


def test_a_transaction_cannot_begin_inside_a_view(store: Store) -> None:
    with store.view(), pytest.raises(RuntimeError, match="inside a view"):
        shop.order(store)
    assert shop.order(store) == "WO-1"


def test_a_record_that_json_cannot_hold_is_refused(store: Store) -> None:
    for metadata in ({"x": float("nan")}, {"x": 2**70}, {"x": "\ud800"}):
        with pytest.raises(InvalidInput):
            store.store_work_order({"title": "x", "metadata": metadata})
    assert store.list_work_orders() == []


def test_a_record_over_a_mebibyte_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput) as refused:
        store.store_work_order({"title": "x", "metadata": {"x": "y" * 2_000_000}})
    assert refused.value.code == "too_large"


def test_threads_may_share_a_store(store: Store) -> None:
    made: list[str] = []

    def work() -> None:
        for _ in range(10):
            made.append(shop.order(store))
            assert store.get_work_order(made[-1])
            with store.batch():
                made.extend([shop.order(store), shop.order(store)])

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made, key=lambda one: int(one[3:])) == [f"WO-{n}" for n in range(1, 181)]
    assert shop.classes(store) == set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("inside", ["nothing", "view", "transaction"])
def test_a_forked_child_goes_on_with_the_store(store: Store, tmp_path: Path, inside: str) -> None:
    """Whatever the parent was doing, both write, and neither has the other's lock."""
    shop.order(store)
    frames: dict[str, Callable[[], AbstractContextManager[object]]]
    frames = {"nothing": contextlib.nullcontext, "view": store.view, "transaction": store.transaction}
    with frames[inside]():
        pid = os.fork()
        if pid == 0:  # pragma: no cover - the child
            try:
                made = [shop.order(store, "of the child") for _ in range(20)]
                with Store.open(tmp_path, actor="child") as another:
                    made.append(shop.order(another, "of the child"))
                os._exit(0 if len(set(made)) == 21 else 1)
            finally:
                os._exit(70)
        if inside == "transaction":
            shop.order(store, "of the parent")
    made = [shop.order(store, "of the parent") for _ in range(20)]
    assert len(set(made)) == 20
    assert os.waitpid(pid, 0)[1] == 0
    assert len(store.list_work_orders()) == 42 + (inside == "transaction")
    assert shop.classes(store) == set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("touched", [False, True])
def test_a_forked_child_cannot_finish_the_transaction_of_its_parent(
    store: Store, tmp_path: Path, touched: bool
) -> None:
    pid = -1
    try:
        with store.transaction():
            shop.order(store)
            pid = os.fork()
            if pid == 0 and touched:  # pragma: no cover - the child
                with Store.open(tmp_path, actor="child") as other:
                    other.list_work_orders()
    except RuntimeError:
        os._exit(7)
    finally:
        if pid == 0:  # pragma: no cover - the child
            os._exit(70)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert shop.order(store) == "WO-2"
    assert len(store.list_work_orders()) == 2
    assert shop.classes(store) == set()


def test_an_index_that_sqlite_gave_up_is_not_kept(store: Store, tmp_path: Path) -> None:
    """A full disk makes SQLite end the transaction by itself; what the caller then does is not kept."""
    shop.order(store)

    def given_up() -> None:
        with store.transaction():
            store.engine.fold.index.db.rollback()
            shop.andon(store)

    with pytest.raises(TcpsError):
        given_up()
    assert store.list_andon_events() == []
    assert shop.order(store) == "WO-2"
    assert shop.classes(store) == set()


def test_removing_the_index_gives_the_same_answers(store: Store, tmp_path: Path) -> None:
    shop.sku(store)
    shop.receipt(store)
    before = shop.tables(tmp_path)
    for names in (shop.INDEX_FILES, shop.INDEX_FILES[:1], shop.INDEX_FILES[:2]):
        for name in names:
            (tmp_path / ".tcps" / name).unlink(missing_ok=True)
        with shop.opened(tmp_path) as other:
            assert other.get_work_order("WO-1") == store.get_work_order("WO-1")
            assert shop.tables(tmp_path) == before


def test_removing_the_index_while_others_have_it_open_harms_nobody(
    store: Store, opened: Callable[[], Store], tmp_path: Path
) -> None:
    with opened() as other:
        for n in range(6):
            shop.order(store, f"{n}")
            shop.order(other, f"{n}")
            (tmp_path / ".tcps" / "index.sqlite").unlink()
            with opened() as third:
                shop.order(third, f"{n}")
                assert len(titles(store)) == len(titles(other)) == len(titles(third)) == 3 * (n + 1)
    with sqlite3.connect(tmp_path / ".tcps" / "index.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    kept = shop.tables(tmp_path)
    shop.remove_index(tmp_path)
    assert len(titles(store)) == 18
    assert shop.tables(tmp_path) == kept


def test_a_long_transaction_does_not_hold_up_readers(tmp_path: Path) -> None:
    """Not even when its writer found the index behind the ledger (format 8.3)."""
    index = tmp_path / ".tcps" / "index.sqlite"
    with Store.create(tmp_path, actor="alice") as store:
        shop.order(store)
    behind = index.read_bytes()
    with Store.open(tmp_path, actor="alice") as store:
        shop.order(store)
    index.write_bytes(behind)
    with Store.open(tmp_path, actor="alice") as writer, Store.open(tmp_path, actor="bob") as reader:
        with writer.transaction():
            shop.order(writer)
            assert len(titles(reader)) == 2
            assert reader.engine.fold.index.path == index
        assert len(titles(reader)) == 3


OPERATIONS = ("create", "start", "cancel", "delete", "update", "depend", "sku", "receipt", "andon", "resolve")
STEPS = st.tuples(st.sampled_from(OPERATIONS), st.integers(1, 6), st.integers(1, 10))


def perform(store: Store, operation: str, a: int, b: int) -> None:
    with store.transaction(operation) as draft:
        match operation:
            case "create":
                depends_on = [f"WO-{a}"] if b == 1 else []
                given = {"title": f"{a}", "priority": b, "depends_on": depends_on, "labels": [f"l{b}"]}
                if b > 7:
                    given |= {"type": "github_issue", "source": f"https://github.com/o/r/issues/{a}"}
                work_orders.create(draft, signals.read_demand(given))
            case "start":
                work_orders.start(draft, f"WO-{a}")
            case "cancel":
                work_orders.cancel(draft, f"WO-{a}", "no more")
            case "delete":
                work_orders.delete(draft, f"WO-{a}")
            case "update":
                order_updates.update(draft, f"WO-{a}", {"priority": b, "title": f"now {b}"}, None)
            case "sku":
                pipeline.create(draft, f"WO-{a}")
            case "receipt":
                pipeline.record(draft, pipeline.read_run(sku_id=f"SKU-{a}", stage=STAGES[0]))
            case "andon":
                andon.trigger(draft, sku_id=f"SKU-{a}", failure_type="test_failure")
            case "resolve":
                andon.resolve(draft, f"ANDON-{a}", **shop.RESOLUTION)


def attempt(store: Store, step: tuple[str, int, int]) -> None:
    with contextlib.suppress(TcpsError):
        perform(store, *step)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(STEPS | st.lists(STEPS, max_size=4), max_size=25))
def test_index_and_files_are_folds_of_the_ledger(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[tuple[str, int, int] | list[tuple[str, int, int]]],
) -> None:
    folder = tmp_path_factory.mktemp("store")
    with Store.create(folder, actor="alice", clock=FixedClock()) as store:
        for step in history:
            if isinstance(step, tuple):
                attempt(store, step)
                continue
            with store.transaction("several"):
                for part in step:
                    attempt(store, part)
        store.list_work_orders()
        kept = shop.tables(folder)
        assert shop.record_files(folder) == shop.files_by_ledger(folder)
        assert shop.classes(store) == set()
    shop.remove_index(folder)
    with shop.opened(folder) as store:
        store.list_work_orders()
        assert shop.tables(folder) == kept


def test_what_a_batch_has_read_is_as_its_later_transactions_left_it(store: Store) -> None:
    order_id = shop.order(store, "as committed")
    seen = []

    def look(title: str | None = None) -> None:
        with store.transaction() as draft:
            seen.append(found(draft, WorkOrder, order_id).title)
            if title is not None:
                order_updates.update(draft, order_id, {"title": title}, None)

    with store.batch():
        look()
        with contextlib.suppress(ZeroDivisionError), store.transaction() as draft:
            order_updates.update(draft, order_id, {"title": "undone"}, None)
            raise ZeroDivisionError
        look("changed")
        look()
    assert seen == ["as committed", "as committed", "changed"]
