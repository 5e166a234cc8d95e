"""What a power cut left is mended; what other hands left is not, and is found (format 5.5)."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import IntegrityError
from tcps.store import Store
from tests.store import shop
from tests.store.faults import QuickDisk

Damage = Callable[[bytes], bytes]
REMNANTS: dict[str, Damage] = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[:100],
    "zero-filled": lambda content: content[:100] + b"\0" * (len(content) - 100),
    "zeros": lambda content: b"\0" * len(content),
    "its end alone": lambda content: b"\0" * 100 + content[100:],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store that was last used in boot `one`, with a SKU and a receipt that no checkpoint covers."""
    with Store.create(tmp_path, actor="alice"):
        pass
    with shop.opened(tmp_path, boot="one", disk=QuickDisk()) as store:
        shop.sku(store)
        shop.receipt(store)
    return tmp_path


def files(folder: Path) -> list[Path]:
    return sorted((folder / ".tcps" / "records").rglob("*.json"))


@pytest.mark.parametrize("damage", REMNANTS.values(), ids=REMNANTS)
def test_after_a_restart_a_remnant_is_no_finding_and_is_mended(folder: Path, damage: Damage) -> None:
    whole = shop.record_files(folder)
    for path in files(folder):
        path.write_bytes(damage(path.read_bytes()))
    with shop.opened(folder, boot="two", disk=QuickDisk()) as store:
        assert shop.classes(store) == set()
        shop.order(store)
    assert shop.record_files(folder).items() >= whole.items()


@pytest.mark.parametrize("damage", REMNANTS.values(), ids=REMNANTS)
def test_without_a_restart_the_same_is_damage(folder: Path, damage: Damage) -> None:
    path = next(path for path in files(folder) if path.parent.name == "receipts")
    path.write_bytes(damage(path.read_bytes()))
    with shop.opened(folder, boot="one", disk=QuickDisk()) as store:
        assert shop.classes(store) & {"TRUNCATED", "EDITED"}


@pytest.mark.parametrize("boot", ["one", "two"])
@pytest.mark.parametrize("lost", ["", "records.lock", "index.sqlite", "records.lock index.sqlite"])
def test_an_edit_is_found_whatever_else_was_removed(folder: Path, boot: str, lost: str) -> None:
    for path in files(folder):
        path.write_bytes(path.read_bytes().replace(b"alice", b"mally"))
    for name in lost.split():
        (folder / ".tcps" / name).unlink()
    before = {path: path.read_bytes() for path in files(folder)}
    with shop.opened(folder, boot=boot, disk=QuickDisk()) as store:
        assert shop.classes(store) == {"EDITED"}
        shop.order(store)
        assert shop.classes(store) == {"EDITED"}
        with pytest.raises(IntegrityError):
            store.get_receipt("RCPT-1")
    assert {path: path.read_bytes() for path in before} == before


def test_a_temporary_file_of_a_crash_is_not_written_over(tmp_path: Path) -> None:
    """Format 5.2."""
    left, kept, path = tmp_path / ".a.json.tmp", tmp_path / "kept", tmp_path / "a.json"
    left.write_bytes(b"what a crash left")
    os.link(left, kept)
    QuickDisk().replace(path, b"new")
    assert (path.read_bytes(), kept.read_bytes(), left.exists()) == (b"new", b"what a crash left", False)


def test_verification_changes_nothing(folder: Path) -> None:
    for path in files(folder):
        path.write_bytes(b"")
    (folder / ".tcps" / "records.lock").unlink()
    before = shop.contents(folder)
    with shop.opened(folder, boot="two", disk=QuickDisk()) as store:
        store.verify_integrity()
        store.verify_chains()
    assert shop.contents(folder) == before


def test_all_chains_are_those_of_the_ledger_whatever_the_index_says(folder: Path) -> None:
    with shop.opened(folder, boot="one", disk=QuickDisk()) as store:
        with store.engine.view() as view:
            view.loader.index.db.execute("COMMIT")
            view.loader.index.db.execute("DELETE FROM sku")
            view.loader.index.db.execute("BEGIN")
        assert [verdict.sku_id for verdict in store.verify_chains().verdicts] == ["web-1"]
