"""Record files: read against the ledger's digest, and only as far as they are promised to be there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import IntegrityError
from tcps.model import WorkOrder
from tcps.projections.records import Mark, RecordFiles, relative_path
from tcps.store import Store
from tests.store import shop
from tests.store.faults import QuickDisk


def file_of(folder: Path, name: str) -> Path:
    return next((folder / ".tcps" / "records").rglob(name))


def test_an_edited_file_is_an_integrity_error(store: Store, tmp_path: Path) -> None:
    """Format 5.4."""
    order_id = shop.order(store)
    path = file_of(tmp_path, "WO-1.json")
    path.write_bytes(path.read_bytes().replace(b"an order", b"no order"))
    with pytest.raises(IntegrityError) as found:
        store.get_work_order(order_id)
    assert found.value.details["path"] == str(path)
    assert found.value.details["expected"] != found.value.details["got"]
    with pytest.raises(IntegrityError):
        store.update_work_order({"work_order_id": order_id, "revision": 1, "title": "new"})


def test_a_reformatted_file_is_an_integrity_error(store: Store, tmp_path: Path) -> None:
    """Format 3.5."""
    shop.order(store)
    path = file_of(tmp_path, "WO-1.json")
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(IntegrityError):
        store.list_work_orders()


def test_a_missing_file_is_an_integrity_error(store: Store, tmp_path: Path) -> None:
    order_id = shop.order(store)
    file_of(tmp_path, "WO-1.json").unlink()
    with pytest.raises(IntegrityError) as found:
        store.get_work_order(order_id)
    assert found.value.details["got"] is None


def test_an_earlier_state_put_back_is_an_integrity_error(store: Store, tmp_path: Path) -> None:
    order_id = shop.order(store)
    path = file_of(tmp_path, "WO-1.json")
    before = path.read_bytes()
    store.update_work_order({"work_order_id": order_id, "revision": 1, "title": "new"})
    path.write_bytes(before)
    with pytest.raises(IntegrityError):
        store.get_work_order(order_id)


class Behind(QuickDisk):
    """Writes no record files."""

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        if "records" in path.parts:
            raise_full(path)
        super().replace(path, data, durably=durably)


def raise_full(path: Path) -> None:
    from tcps.errors import TcpsError

    raise TcpsError(f"cannot write {path}: No space left on device")


def test_what_is_not_yet_in_a_file_is_read_from_the_ledger(store: Store, tmp_path: Path) -> None:
    order_id = shop.order(store, "before")
    with shop.opened(tmp_path, disk=Behind()) as behind:
        changed = behind.update_work_order({"work_order_id": order_id, "revision": 1, "title": "after"})
        second = shop.order(behind, "second")
        assert "record files are behind the ledger" in behind.notices[0]
        assert len(behind.notices) == 1  # said once
    assert store.get_work_order(order_id) == changed
    assert store.get_work_order(second).title == "second"
    assert shop.classes(store) == set()
    shop.order(store, "third")  # whoever writes next brings them all
    assert shop.record_files(tmp_path) == shop.files_by_ledger(tmp_path)


def test_a_file_behind_the_ledger_must_still_show_an_earlier_state(store: Store, tmp_path: Path) -> None:
    order_id = shop.order(store, "before")
    with shop.opened(tmp_path, disk=Behind()) as behind:
        behind.update_work_order({"work_order_id": order_id, "revision": 1, "title": "after"})
    path = file_of(tmp_path, "WO-1.json")
    path.write_bytes(path.read_bytes().replace(b"before", b"forged"))
    assert shop.classes(store) == {"EDITED"}


@pytest.mark.parametrize("in_memory", [False, True])
def test_a_snapshot_is_not_misled_by_newer_files(
    store: Store, tmp_path: Path, opened: Callable[[], Store], in_memory: bool
) -> None:
    shop.sku(store)
    shop.receipt(store)
    order_id = shop.order(store, "before")
    other_id = shop.order(store, "to be deleted")
    with opened() as reader:
        if in_memory:
            reader.engine.fold._in_memory()
        with reader.view() as view:
            store.update_work_order({"work_order_id": order_id, "revision": 1, "title": "after"})
            store.update_work_order({"work_order_id": order_id, "revision": 2, "title": "later"})
            store.delete_work_order(other_id)
            shop.receipt(store)
            seen = [view.get(WorkOrder, one) for one in (order_id, other_id)]
            assert [order.title for order in seen if order] == ["before", "to be deleted"]
            assert view.verdict("web-1").intact
            assert view.verdict("web-1").receipts_checked == 1


def test_a_chain_under_way_is_not_broken(store: Store, tmp_path: Path) -> None:
    shop.sku(store)
    shop.receipt(store)
    with shop.opened(tmp_path, disk=Behind()) as behind:
        shop.receipt(behind)
        with behind.view() as view:
            assert view.verdict("web-1").intact
        assert behind.verify_chain("web-1").intact


def test_a_file_that_is_written_while_the_chain_is_looked_at_is_not_missing(
    store: Store, tmp_path: Path
) -> None:
    shop.sku(store)

    class Looking(QuickDisk):
        armed = False

        def entries(self, directory: Path | str) -> list[tuple[str, str]]:
            found = super().entries(directory)
            if self.armed and Path(directory).name == "receipts":
                self.armed = False
                shop.order(store)  # brings the files of the receipt too
            return found

    disk = Looking()
    with shop.opened(tmp_path, disk=disk) as reader, shop.opened(tmp_path, disk=Behind()) as behind:
        for judge in (judged_by_view, judged_by_chain, judged_by_store):
            shop.receipt(behind)
            disk.armed = True
            assert judge(reader), judge
            assert not disk.armed


def judged_by_view(store: Store) -> bool:
    with store.view() as view:
        return view.verdict("web-1").intact


def judged_by_chain(store: Store) -> bool:
    return store.verify_chain("web-1").intact


def judged_by_store(store: Store) -> bool:
    return store.verify_integrity().intact


@pytest.mark.parametrize(
    ("note", "mark"),
    [
        (b"12 boot\n", Mark(12, "boot")),
        (b"0 \n", Mark(0, "")),
        (b"12", Mark(12, "")),
        (b"", None),
        (bytes(10), None),
        (b"-1 x\n", None),
        (b"\xff\n", None),
        ("٣ x\n".encode(), None),
    ],
)
def test_a_mark_is_read_strictly(note: bytes, mark: Mark | None) -> None:
    assert Mark.parsed(note) == mark


def test_the_position_counts_only_in_the_boot_that_wrote_it(store: Store, tmp_path: Path) -> None:
    """Format 5.3."""
    for _ in range(3):
        shop.order(store)
    folder = tmp_path / ".tcps"
    now, later = (RecordFiles(QuickDisk(), folder, 1, boot) for boot in (None, "another boot"))
    assert (now.position(), now.acknowledged(), now.is_settled()) == (3, 3, True)
    assert (later.position(), later.acknowledged(), later.is_settled()) == (0, 3, False)
    store.checkpoint()
    shop.order(store)
    assert (later.position(), later.acknowledged()) == (3, 4)


@pytest.mark.parametrize(
    ("kind", "record_id", "path"),
    [
        ("work_order", "WO-999", "records/work_orders/0000/WO-999.json"),
        ("andon_event", "ANDON-1000", "records/andon_events/0001/ANDON-1000.json"),
        ("analysis", "RCA-12345678", "records/analyses/12345/RCA-12345678.json"),
        ("improvement", "KZ-1", "records/improvements/0000/KZ-1.json"),
        ("tpm_run", "TPM-1", "records/tpm_runs/0000/TPM-1.json"),
        ("policy", "policy", "records/policy.json"),
    ],
)
def test_a_record_has_its_place(kind: str, record_id: str, path: str) -> None:
    assert relative_path(kind, record_id) == path
