"""Repair (format 5.6): record files from the ledger, strangers put aside, the ledger left alone."""

from pathlib import Path

import pytest

from tcps.store import Store
from tcps.store.repair import _records_at
from tests.store import shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.create(tmp_path, actor="alice") as store:
        shop.order(store)
        shop.sku(store, "app-1")
        shop.receipt(store, "app-1")
        shop.receipt(store, "app-1")
    return tmp_path


def quarantined(folder: Path) -> set[str]:
    place = folder / ".tcps" / "quarantine"
    return {
        path.relative_to(place).as_posix().split("/", 1)[1] for path in place.rglob("*") if path.is_file()
    }


def test_every_kind_of_damage_to_record_files_is_mended_and_kept(folder: Path) -> None:
    whole, records = shop.record_files(folder), folder / ".tcps" / "records"
    first, second = sorted(records.glob("skus/*/app-1/receipts/*.json"))
    order = next(records.glob("work_orders/*/WO-1.json"))
    first.write_bytes(first.read_bytes().replace(b"alice", b"mally"))
    second.rename(second.with_name("00000009-compilation.json"))
    order.write_bytes(b"{}")
    (order.parent / "WO-99.json").write_bytes(b"stranger")
    next(records.glob("skus/*/app-1/sku.json")).unlink()
    next(records.glob("work_orders/*/WO-2.json")).unlink()
    next((folder / ".tcps").glob("index.sqlite")).write_bytes(b"garbage")
    with Store.open(folder, actor="bob") as store:
        planned = store.repair(dry_run=True)
        assert shop.record_files(folder) != whole
        assert store.repair() == planned
        assert store.verify_integrity().intact
        assert store.repair() == []
        assert shop.order(store)
    assert shop.record_files(folder).items() >= whole.items()
    assert {Path(path).name for path in quarantined(folder)} == {
        "00000001-shacl_validation.json",
        "00000009-compilation.json",
        "WO-1.json",
        "WO-99.json",
    }


def test_links_in_place_of_records_are_put_aside(folder: Path, tmp_path: Path) -> None:
    order = next((folder / ".tcps" / "records").glob("work_orders/*/WO-1.json"))
    content = order.read_bytes()
    order.unlink()
    order.symlink_to("/etc/hostname")
    with Store.open(folder, actor="bob") as store:
        store.repair()
        assert store.verify_integrity().intact
    assert order.read_bytes() == content
    assert not order.is_symlink()


def test_beside_a_damaged_ledger_nothing_is_changed(folder: Path) -> None:
    ledger = folder / ".tcps" / "ledger" / "000000000001.jsonl"
    content = bytearray(ledger.read_bytes())
    content[0] ^= 1
    ledger.write_bytes(content)
    next((folder / ".tcps" / "records").glob("work_orders/*/WO-1.json")).unlink()
    before = shop.contents(folder)
    with Store.open(folder, actor="bob") as store:
        assert {step.action for step in store.repair()} == {"leave"}
    assert shop.contents(folder) == before


def test_many_files_are_written_again_by_one_reading_of_the_index(folder: Path) -> None:
    asked: list[str] = []
    whole = shop.record_files(folder)
    with Store.open(folder, actor="bob") as store:
        for path in (folder / ".tcps" / "records").rglob("*.json"):
            path.unlink()
        with store.engine.exclusive() as view:
            view.loader.index.db.set_trace_callback(asked.append)
            found = list(_records_at(view, set(whole)))
            view.loader.index.db.set_trace_callback(None)
        assert len(found) == len(whole) > 3
        assert len(asked) == 1
        store.repair()
    assert shop.record_files(folder) == whole
