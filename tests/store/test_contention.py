"""Many processes at once: nothing acknowledged is lost, and no rule is outrun."""

import os
from pathlib import Path

import pytest

from tcps.rules import work_orders
from tcps.store import Store
from tests.store import shop

PROCESSES = 16
WRITES = int(os.environ.get("TCPS_WRITES", "200"))


@pytest.fixture
def folder(quick_path: Path) -> Path:
    with Store.create(quick_path, actor="alice"):
        pass
    return quick_path


def check(folder: Path) -> None:
    """The store is intact, its record files are those of the ledger, its index is a fold of it."""
    with Store.open(folder, actor="auditor") as store:
        assert shop.classes(store) == set()
        assert store.notices == []
    assert shop.record_files(folder) == shop.files_by_ledger(folder)
    kept = shop.tables(folder)
    shop.remove_index(folder)
    with Store.open(folder, actor="auditor") as store:
        store.list_work_orders(1)
    assert shop.tables(folder) == kept


def test_sixteen_processes_write_and_every_write_is_there(folder: Path) -> None:
    made = shop.results([shop.process("write", folder, WRITES) for _ in range(PROCESSES)])
    ids = [record_id for of_one in made for record_id in of_one]
    each = PROCESSES * WRITES // 2
    expected = {f"{prefix}-{n}" for prefix in ("WO", "ANDON") for n in range(1, each + 1)}
    assert len(ids) == len(set(ids)) == 2 * each
    assert set(ids) == expected
    with Store.open(folder, actor="auditor") as store:
        assert {order.id for order in store.list_work_orders()} <= expected
        assert len(store.list_work_orders()) == len(store.list_andon_events()) == each
    check(folder)


def test_a_hundred_starts_and_room_for_ten(folder: Path) -> None:
    with Store.open(folder, actor="alice") as store, store.batch():
        ids = [shop.order(store, f"{n}", bucket="features") for n in range(100)]
    parts = [ids[n::10] for n in range(10)]
    codes = shop.results([shop.process("start", folder, *part) for part in parts])
    counted = [code for of_one in codes for code in of_one]
    assert (counted.count("started"), counted.count("wip_limit")) == (10, 90)
    with Store.open(folder, actor="auditor") as store:
        assert len(store.list_work_orders_by_status("in_progress")) == 10
        with pytest.raises(Exception, match="is full"), store.transaction() as draft:
            work_orders.start(draft, store.list_work_orders_by_status("queued")[0].id)
    check(folder)


def test_of_five_resolutions_one_wins(folder: Path) -> None:
    with Store.open(folder, actor="alice") as store:
        andon_id = shop.andon(store)
    codes = shop.results([shop.process("resolve", folder, andon_id) for _ in range(5)])
    assert sorted(codes) == ["resolved"] + ["stale_revision"] * 4
    with Store.open(folder, actor="auditor") as store:
        assert len(store.change_history("andon_event", andon_id)) == 2
    check(folder)
