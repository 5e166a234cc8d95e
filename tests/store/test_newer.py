"""A store that is written to while it is verified: what is newer is no finding, what is wrong is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import TcpsError
from tcps.store import Store
from tcps.verify import Report
from tests.conftest import FixedClock
from tests.store import shop
from tests.store.faults import QuickDisk


class Between(QuickDisk):
    """Does something once, after the ledger was read and before the files are looked at."""

    def __init__(self) -> None:
        self.work: Callable[[], object] = lambda: None

    def entries(self, directory: Path | str) -> list[tuple[str, str]]:
        if Path(directory).name == "records":
            work, self.work = self.work, lambda: None
            work()
        return super().entries(directory)


@pytest.fixture
def disk() -> Between:
    return Between()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.create(tmp_path, actor="alice", clock=FixedClock()) as store:
        shop.sku(store)
        shop.receipt(store)
        for title in ("to be changed", "to be deleted", "to stay"):
            shop.order(store, title)
    return tmp_path


def change_everything(store: Store) -> None:
    store.update_work_order({"work_order_id": "WO-2", "revision": 1, "title": "changed"})
    store.update_work_order({"work_order_id": "WO-2", "revision": 2, "title": "changed again"})
    store.delete_work_order("WO-3")
    shop.receipt(store)
    shop.receipt(store, shop.sku(store, "new-1").id)
    shop.order(store, "new")
    shop.andon(store, "new-1")


def wrong(report: Report) -> list[tuple[str, str | None]]:
    found = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    return [(one.class_, one.path) for one in found if one.kind == "integrity"]


def test_files_that_are_newer_than_the_reading_are_no_finding(folder: Path, disk: Between) -> None:
    with shop.opened(folder) as writer, shop.opened(folder, disk=disk) as auditor:
        disk.work = lambda: change_everything(writer)
        assert wrong(auditor.verify_integrity()) == []
        disk.work = lambda: shop.receipt(writer)
        assert wrong(auditor.verify_chains()) == []
        disk.work = lambda: shop.receipt(writer)
        assert wrong(auditor.verify_chain("web-1")) == []


def test_what_is_wrong_beside_them_is_found(folder: Path, disk: Between) -> None:
    root = folder / ".tcps" / "records"
    harmed = [next(root.rglob("WO-4.json")), next(root.rglob("0*.json")), root / "work_orders/0000/WO-9.json"]

    def harm() -> None:
        change_everything(writer)
        for path in harmed:
            path.write_bytes(b"{}\n")

    with shop.opened(folder) as writer, shop.opened(folder, disk=disk) as auditor:
        disk.work = harm
        found = wrong(auditor.verify_integrity())
    paths = [path.relative_to(folder / ".tcps").as_posix() for path in harmed]
    assert sorted(found) == sorted(zip(("EDITED", "EDITED", "EXTRA"), paths, strict=True))


def test_a_newer_state_of_a_record_is_no_excuse_for_another_content(folder: Path, disk: Between) -> None:
    path = next((folder / ".tcps" / "records").rglob("WO-2.json"))

    def harm() -> None:
        writer.update_work_order({"work_order_id": "WO-2", "revision": 1, "title": "changed"})
        path.write_bytes(path.read_bytes().replace(b"changed", b"charged"))

    with shop.opened(folder) as writer, shop.opened(folder, disk=disk) as auditor:
        disk.work = harm
        assert [name for name, _ in wrong(auditor.verify_integrity())] == ["EDITED"]


def test_a_deleted_record_whose_file_came_back_is_found(folder: Path, disk: Between) -> None:
    path = next((folder / ".tcps" / "records").rglob("WO-3.json"))
    content = path.read_bytes()

    def harm() -> None:
        writer.delete_work_order("WO-3")
        shop.order(writer)

    with shop.opened(folder) as writer, shop.opened(folder, disk=disk) as auditor:
        disk.work = harm
        assert wrong(auditor.verify_integrity()) == []
        path.write_bytes(content)
        assert wrong(auditor.verify_integrity()) == [("EXTRA", path.relative_to(folder / ".tcps").as_posix())]


def test_lines_that_a_failed_sync_takes_back_while_they_are_verified_are_no_finding(
    folder: Path, disk: Between
) -> None:
    """One writer's line, of which nobody was told, is replaced by another's before files are looked at."""
    other = shop.copied(folder, folder / "other")
    with shop.opened(other) as writer:
        shop.order(writer, "taken back")
    (segment,), (longer,) = shop.segments(folder), shop.segments(other)
    before = segment.read_bytes()

    def replace() -> None:
        segment.write_bytes(before)
        shop.order(writer, "another")

    with shop.opened(folder) as writer, shop.opened(folder, disk=disk) as auditor:
        segment.write_bytes(longer.read_bytes())
        disk.work = replace
        with pytest.raises(TcpsError, match="taken back"):
            auditor.verify_integrity()
        assert wrong(auditor.verify_integrity()) == []


# a sample of the files


def test_a_sample_reads_the_content_of_some_files_and_knows_of_all(folder: Path) -> None:
    root = folder / ".tcps" / "records"
    with shop.opened(folder) as store:
        assert store.verify_integrity().files_read == 7
        none = store.verify_integrity(sample=1e-12)
        assert (none.intact, none.files_read, none.records_checked) == (True, 0, 7)
        edited = next(root.rglob("0*.json"))
        edited.write_bytes(b"{}\n")
        assert store.verify_integrity(sample=1e-12).intact
        assert not store.verify_integrity(sample=0.999999999).intact
        (root / "stranger.json").write_bytes(b"{}\n")
        next(root.rglob("WO-4.json")).unlink()
        edited.unlink()
        edited.symlink_to(next(root.rglob("WO-2.json")))
        classes = sorted(name for name, _ in wrong(store.verify_integrity(sample=1e-12)))
        assert classes == ["EXTRA", "MISSING", "UNREADABLE"]


def test_a_sample_reads_the_ledger_whole(folder: Path) -> None:
    (segment,) = shop.segments(folder)
    segment.write_bytes(segment.read_bytes().replace(b"to stay", b"to slay", 1))
    with shop.opened(folder) as store:
        assert "EDITED" in [one.class_ for one in store.verify_integrity(sample=1e-12).findings]
