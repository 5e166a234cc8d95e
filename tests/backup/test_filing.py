"""Record files that are made of a ledger at once are those that its writers made, on one core or several."""

from pathlib import Path

import pytest

from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.ledger import SALVAGE, Change, Entry
from tcps.store.filing import file_all
from tests.backup.test_creating import worked
from tests.bench.stores import large
from tests.store import shop


def filed(folder: Path, place: Path) -> dict[str, bytes]:
    """The record files that are made of a store's ledger, in another place."""
    shop.copied(folder / ".tcps" / "ledger", place / ".tcps" / "ledger")
    told: list[tuple[int, int]] = []
    file_all(Disk(), place / ".tcps", lambda done, total: told.append((done, total)))
    size = sum(path.stat().st_size for path in shop.segments(place))
    assert told[-1] == (size, size)
    return shop.record_files(place)


def test_a_worked_store_has_the_files_of_its_newest_states(tmp_path: Path) -> None:
    worked(tmp_path)
    assert filed(tmp_path, tmp_path / "place") == shop.record_files(tmp_path)


def test_a_store_that_is_large_has_the_same_from_all_cores(tmp_path: Path) -> None:
    large(tmp_path / "large", 6_000)
    assert sum(path.stat().st_size for path in shop.segments(tmp_path / "large")) > 4 * 1024 * 1024
    found = filed(tmp_path / "large", tmp_path / "place")
    assert len(found) == 7_200
    assert found == shop.record_files(tmp_path / "large")


def _append(folder: Path, *changes: Change) -> None:
    (segment,) = shop.segments(folder)
    time = "2026-01-20T10:00:00.000Z"
    entry = Entry(seq=9, time=time, actor="x", action=SALVAGE, changes=changes)
    segment.write_bytes(segment.read_bytes() + entry.line() + b"\n")


def test_an_id_that_was_only_given_hides_no_receipt(tmp_path: Path) -> None:
    """Format 5.7."""
    with shop.made(tmp_path) as store:
        shop.receipt(store, shop.sku(store).id)
    wanted = shop.record_files(tmp_path)
    _append(tmp_path, Change(kind="receipt", id="RCPT-1", revision=1, sha256=None, record=None))
    assert filed(tmp_path, tmp_path / "place") == wanted


@pytest.mark.parametrize("record_id", ["../../../WO-7", "WO-7/x", ""])
def test_nothing_is_written_anywhere_else(tmp_path: Path, record_id: str) -> None:
    """Format 11.4."""
    with shop.made(tmp_path) as store:
        shop.order(store)
    _append(tmp_path, Change(kind="work_order", id=record_id, revision=1, sha256=None, record={"a": 1}))
    before = {path for path in tmp_path.rglob("*") if "place" not in path.parts}
    with pytest.raises(IntegrityError, match="is no id"):
        filed(tmp_path, tmp_path / "place")
    assert {path for path in tmp_path.rglob("*") if "place" not in path.parts} == before
    assert shop.record_files(tmp_path / "place") == {}
