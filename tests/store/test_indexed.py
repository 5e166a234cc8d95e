"""What a verification says of the index that lists are answered from (format 10.7)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.store import Store
from tcps.verify import Report
from tests.store import shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.create(tmp_path, actor="alice") as store:
        for _ in range(40):
            shop.order(store)
        shop.sku(store, "app-1")
        shop.receipt(store, "app-1")
        shop.receipt(store, "app-1")
        store.delete_work_order(shop.order(store))
        store.checkpoint()
    return tmp_path


def verified(folder: Path, sample: float = 1) -> Report:
    with Store.open(folder, actor="bob") as store:
        return store.verify_integrity(sample=sample)


def found(folder: Path) -> list[tuple[str, str | None]]:
    return [(finding.class_, finding.path) for finding in verified(folder).findings]


def changed(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / ".tcps" / "index.sqlite", isolation_level=None) as db:
        db.execute(statement)
    db.close()


def flipped(folder: Path) -> None:
    """A value of a row, and not of the index of its column."""
    path = folder / ".tcps" / "index.sqlite"
    content = path.read_bytes()
    row = b"WO-7\x07featuresqueued"
    assert content.count(row) == 1
    path.write_bytes(content.replace(row, row.upper()))


def cut(folder: Path) -> None:
    path = folder / ".tcps" / "index.sqlite"
    path.write_bytes(path.read_bytes()[: 40 * 1024])


DAMAGE: dict[str, Callable[[Path], None]] = {
    "a value": flipped,
    "cut short": cut,
    "no database": lambda folder: (folder / ".tcps" / "index.sqlite").write_bytes(b"garbage" * 1000) and None,
    "a record less": lambda folder: changed(folder, "DELETE FROM record WHERE id='WO-3'"),
    "a record more": lambda folder: changed(
        folder, "INSERT INTO record SELECT kind, 'WO-999', revision, sha256, seq, path FROM record LIMIT 1"
    ),
    "another digest": lambda folder: changed(
        folder, f"UPDATE record SET sha256='{'0' * 64}' WHERE id='RCPT-1'"
    ),
    "another entry": lambda folder: changed(folder, "UPDATE record SET seq=2 WHERE id='app-1'"),
}


def test_a_sound_index_is_compared_up_to_its_entry(folder: Path) -> None:
    report = verified(folder)
    assert report.intact
    assert report.indexed == report.size
    assert verified(folder, sample=0.01).indexed == report.size


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_index_is_found_and_made_anew_by_a_repair(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    """Format 10.7."""
    damage(folder)
    assert found(folder) == [("EDITED", "index.sqlite")]
    with Store.open(folder, actor="bob") as store:
        assert [(step.action, step.path) for step in store.repair()] == [("forget", "index.sqlite")]
        assert len(list(store.list_work_orders())) == 41
    assert found(folder) == []
    assert not (folder / ".tcps" / "quarantine").exists()


def test_an_index_that_saw_more_entries_tells_that_the_ledger_was_cut(folder: Path) -> None:
    """Format 10.7."""
    segment = folder / ".tcps" / "ledger" / "000000000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(True)[:-1]))
    for name in ("checkpoint", "records.lock"):
        (folder / ".tcps" / name).unlink()
    assert ("ROLLED_BACK", "index.sqlite") in found(folder)
    with Store.open(folder, actor="bob") as store:
        assert {step.action for step in store.repair()} == {"leave"}
    assert ("ROLLED_BACK", "index.sqlite") in found(folder)


def test_an_index_of_another_line_tells_that_the_ledger_was_written_again(folder: Path) -> None:
    """Format 10.7."""
    segment = folder / ".tcps" / "ledger" / "000000000001.jsonl"
    *before, last = segment.read_bytes().splitlines(True)
    segment.write_bytes(b"".join([*before, last.replace(b'"actor":"alice"', b'"actor":"mally"')]))
    (folder / ".tcps" / "checkpoint").unlink()
    assert ("FORKED", "index.sqlite") in found(folder)


def test_an_index_that_is_not_used_is_not_looked_at(folder: Path) -> None:
    """Format 10.7."""
    changed(folder, "UPDATE position SET boot='another'")
    assert verified(folder).indexed is None
    changed(folder, "DELETE FROM record")
    assert verified(folder).intact
    (folder / ".tcps" / "index.sqlite").unlink()
    assert verified(folder).indexed is None


def test_what_a_power_cut_may_have_left_is_no_finding(folder: Path) -> None:
    """Format 10.7."""
    cut(folder)
    with shop.opened(folder, boot="after the power cut") as store:
        assert [one.path for one in store.verify_integrity().findings] == []
    assert found(folder) == [("EDITED", "index.sqlite")]
