"""What stands in a store's folder and does not belong there, or not as it stands there (format 2, 11)."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import IntegrityError
from tcps.store import Store
from tests.store import shop
from tests.store.test_verify import built, order_file, receipts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return built(tmp_path)


def found(folder: Path) -> list[tuple[str, str | None]]:
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
    every = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    return [(one.class_, one.path) for one in every if one.kind == "integrity"]


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "store.json~",
        "index.sqlite.bak",
        "ledger/000000000001.jsonl.bak",
        "ledger/1.jsonl",
        "records/notes.txt",
        "records/lunch/0000/LUNCH-1.json",
        "records/skus/zz/web-1/sku.json",
        "records/skus/0/web-1/receipts/1.json",
        "records/skus/ff/web-1/receipts/00000001-shacl_validation.json",
        "records/work_orders/WO-1.json",
        "records/work_orders/00000/WO-1.json",
        "records/work_orders/0001/WO-1.json",
        "records/work_orders/0000/WO-01.json",
        "records/work_orders/0000/wo-1.json",
        "records/andon_events/0000/ANDON-9.json",
        "records/analyses/0257/RCA-1.json",
    ],
)
def test_a_file_that_no_store_has_is_extra(folder: Path, path: str) -> None:
    place = folder / ".tcps" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(order_file(folder).read_bytes())
    assert found(folder) == [("EXTRA", path)]


def test_a_hard_link_to_a_record_is_extra(folder: Path) -> None:
    twin = order_file(folder).with_name("WO-77.json")
    twin.hardlink_to(order_file(folder))
    assert found(folder) == [("EXTRA", twin.relative_to(folder / ".tcps").as_posix())]


@pytest.mark.parametrize(
    "path",
    [
        "quarantine/2026/records/x.json",
        "ledger/torn/000000000001-12",
        "index.sqlite-journal",
        ".checkpoint.tmp",
        "ontology/tcps.ttl",
        "artifacts/ab/cd",
        "records/.policy.json.tmp",
        "records/work_orders/.WO-1.json.tmp",
        "ledger/.000000000001.jsonl.tmp",
    ],
)
def test_what_a_store_may_have_is_no_finding(folder: Path, path: str) -> None:
    place = folder / ".tcps" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"something")
    assert found(folder) == []


def a_link(path: Path) -> None:
    target = path.with_name(".target.tmp")
    path.rename(target)
    path.symlink_to(target)


INSTEAD: dict[str, Callable[[Path], object]] = {
    "a link": a_link,
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("instead", INSTEAD.values(), ids=INSTEAD)
@pytest.mark.parametrize("path", ["records.lock", "checkpoint", "lock", "ledger/000000000001.jsonl"])
def test_something_else_in_the_place_of_a_file_is_found_and_blocks_nobody(
    folder: Path, path: str, instead: Callable[[Path], object]
) -> None:
    with Store.open(folder, actor="auditor") as store:
        instead(folder / ".tcps" / path)
        for report in (store.verify_integrity(), store.verify_chain("web-1")):
            assert ("UNREADABLE", path) in [(one.class_, one.path) for one in report.findings]


@pytest.mark.parametrize("part", ["receipts", "web-1", "skus"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(folder: Path, part: str) -> None:
    place = next(parent for parent in receipts(folder)[0].parents if parent.name == part)
    elsewhere = folder / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    classes = [name for name, _ in found(folder)]
    assert {"MISSING", "EXTRA"} <= set(classes)
    with Store.open(folder, actor="auditor") as store:
        (verdict,) = store.verify_chain("web-1").verdicts
        assert [one.class_ for one in verdict.findings if one.kind == "integrity"] == ["MISSING"] * 4


@pytest.mark.parametrize("note", [b"", bytes(40), b"12 boot\n"])
def test_a_note_that_a_power_cut_may_leave_is_no_finding(folder: Path, note: bytes) -> None:
    (folder / ".tcps" / "records.lock").write_bytes(note)
    assert found(folder) == []


@pytest.mark.parametrize("note", [b"lunch\n", b"-1 x\n", b"\xff\xfe"])
def test_a_note_that_nobody_has_written_is_found(folder: Path, note: bytes) -> None:
    (folder / ".tcps" / "records.lock").write_bytes(note)
    assert found(folder) == [("UNREADABLE", "records.lock")]
    with Store.open(folder, actor="auditor") as store:
        assert not store.verify_chain("web-1").intact


@pytest.mark.parametrize("name", ["records", "work_orders", "0000", "receipts"])
def test_a_folder_that_must_not_be_read_leaves_no_verdict(folder: Path, name: str) -> None:
    """Without root's rights that would be its permissions; here the disk says so."""
    from tcps.errors import TcpsError
    from tests.store.faults import QuickDisk

    class Closed(QuickDisk):
        def entries(self, directory: Path | str) -> list[tuple[str, str]]:
            if Path(directory).name == name:
                raise TcpsError(f"cannot list {directory}: Permission denied", details={"errno": 13})
            return super().entries(directory)

    with shop.opened(folder, disk=Closed()) as store, pytest.raises(TcpsError, match="Permission denied"):
        store.verify_integrity()


@pytest.mark.parametrize("part", ["a receipt", "a work order", "records.lock", "checkpoint"])
def test_a_file_that_is_longer_than_it_can_be_is_not_read(folder: Path, part: str) -> None:
    """Format 4.3, 5.3: however long it is, nobody takes the time and the memory that it would need."""
    records = {"a receipt": receipts(folder)[1], "a work order": order_file(folder)}
    place = records.get(part, folder / ".tcps" / part)
    with Store.open(folder, actor="auditor") as store:
        store.checkpoint()
        os.truncate(place, 2 * 1024 * 1024)
        report = store.verify_integrity()
    every = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    (wrong,) = [one for one in every if one.kind == "integrity"]
    assert (wrong.class_, wrong.path) == ("UNREADABLE", place.relative_to(folder / ".tcps").as_posix())
    assert "sha256" not in str(wrong.got)


def test_an_identity_that_is_longer_than_any_is_none(folder: Path) -> None:
    os.truncate(folder / ".tcps/store.json", 2 * 1024 * 1024)
    with pytest.raises(IntegrityError, match=r"has no store\.json"):
        Store.open(folder, actor="auditor")


def test_a_file_in_the_place_of_the_ledger_is_found(folder: Path) -> None:
    (folder / ".tcps/ledger").rename(folder / "away")
    (folder / ".tcps/ledger").write_bytes(b"x")
    assert {("UNREADABLE", "ledger"), ("MISSING", "ledger/000000000001.jsonl")} <= set(found(folder))
    with Store.open(folder, actor="auditor") as store, pytest.raises(IntegrityError, match="no longer holds"):
        store.list_work_orders()

    def there() -> list[Path]:
        every = sorted((folder / ".tcps").rglob("*"))
        return [path for path in every if not path.name.startswith("index.sqlite")]

    before = there()
    with (
        Store.open(folder, actor="auditor") as store,
        pytest.raises(IntegrityError, match="is a link or a file"),
    ):
        store.repair(salvage=True)
    assert there() == before
