"""What the benchmarks measure is what it says that it is."""

from pathlib import Path

from tcps.store import Store
from tests.bench import stores


def test_a_store_that_was_written_as_files_is_intact_and_complete(tmp_path: Path) -> None:
    stores.large(tmp_path, 30)
    with Store.open(tmp_path, actor="auditor") as store:
        report = store.verify_integrity()
        assert (report.intact, report.receipts, report.skus, report.records_checked) == (True, 30, 3, 36)
        assert all(verdict.complete for verdict in store.verify_chains().verdicts)
        assert len(store.list_receipts_by_sku("SKU-2")) == 10


def test_a_store_of_queued_orders_is_intact_and_in_order(tmp_path: Path) -> None:
    stores.queued(tmp_path, 30)
    with Store.open(tmp_path, actor="auditor") as store:
        report = store.verify_integrity()
        assert (report.intact, report.records_checked) == (True, 30)
        assert [order.id for order in store.list_work_orders_by_status("queued")][:3] == [
            "WO-1",
            "WO-2",
            "WO-3",
        ]
