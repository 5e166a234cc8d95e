"""What a crash or damage left behind: torn tails are cut off and kept, damage is reported and left alone."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.errors import IntegrityError, TcpsError
from tcps.store import Store
from tests.store import shop
from tests.store.faults import QuickDisk

ZEROS = bytes(300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed store with five orders and a chain."""
    with Store.create(tmp_path, actor="alice") as store:
        for n in range(5):
            shop.order(store, f"order {n}")
        shop.sku(store)
        shop.receipt(store)
    return tmp_path


def line(folder: Path, n: int) -> bytes:
    return shop.segments(folder)[0].read_bytes().splitlines(keepends=True)[n]


def change_ledger(folder: Path, change: Callable[[bytes], bytes]) -> bytes:
    """Change the bytes of the ledger's only segment; gives them."""
    (path,) = shop.segments(folder)
    path.write_bytes(change(path.read_bytes()))
    return path.read_bytes()


def two_lines(folder: Path) -> bytes:
    """What the next two orders append, as a copy of the store shows it."""
    with (
        tempfile.TemporaryDirectory() as place,
        Store.open(shop.copied(folder, Path(place) / "copy")) as copy,
    ):
        for n in range(2):
            shop.order(copy, f"never acknowledged, {n}")
        return b"".join(shop.segments(copy.folder.parent)[0].read_bytes().splitlines(keepends=True)[-2:])


TAILS: dict[str, Callable[[Path], bytes]] = {
    "half a line": lambda folder: line(folder, 0)[:100],
    "zeros": lambda folder: ZEROS,
    "garbage": lambda folder: os.urandom(200).replace(b"\n", b"x"),
    "garbage with a newline": lambda folder: b"\x00\xff garbage\n",
    "a line and zeros": lambda folder: b"\x00" * 50 + line(folder, 6)[50:] + ZEROS,
    "the last line again": lambda folder: line(folder, -1),
    "a damaged line before a whole one": lambda folder: b"\x00" * 50 + two_lines(folder)[50:],
}


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
@pytest.mark.parametrize("name", TAILS)
def test_a_torn_tail_is_cut_off_and_kept(folder: Path, name: str, with_index: bool) -> None:
    """Format 4.6."""
    tail = TAILS[name](folder)
    before = change_ledger(folder, lambda content: content)
    change_ledger(folder, lambda content: content + tail)
    if not with_index:
        shop.remove_index(folder)
    with Store.open(folder, actor="bob") as store:
        assert shop.classes(store) == set()
        assert len(store.list_work_orders()) == 6
        assert shop.order(store) == "WO-7"
        assert "cut off an unfinished entry 9" in store.notices[0]
        assert shop.classes(store) == set()
    (kept,) = (folder / ".tcps" / "ledger" / "torn").iterdir()
    assert kept.read_bytes() == tail
    assert shop.segments(folder)[0].read_bytes().startswith(before)


def damaged(folder: Path) -> None:
    """Nothing can be read or written, and no byte of the ledger changes; what the error says is stable."""
    before = shop.contents(folder)
    for _ in range(2):
        with Store.open(folder, actor="bob") as store:
            with pytest.raises(IntegrityError):
                shop.order(store)
            with pytest.raises(IntegrityError):
                store.checkpoint()
            assert not store.verify_integrity().intact
    assert shop.contents(folder) == before


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a letter changed": lambda content: content.replace(b"order 2", b"order X"),
    "zeros in the middle": lambda content: content[:900] + bytes(100) + content[1000:],
    "a newline lost": lambda content: content.replace(b"\n", b" ", 1),
    "a line removed": lambda content: b"".join(content.splitlines(keepends=True)[:3]),
    "the last line cut": lambda content: content[:-40],
    "the last line gone": lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
    "emptied": lambda content: b"",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_of_acknowledged_lines_is_reported_and_never_written_on(folder: Path, name: str) -> None:
    """Format 4.6."""
    change_ledger(folder, DAMAGE[name])
    shop.remove_index(folder)
    if name == "a letter changed":
        with Store.open(folder, actor="bob") as store:
            assert "EDITED" in shop.classes(store)
        return
    damaged(folder)


@pytest.mark.parametrize("name", ["the last line cut", "the last line gone", "emptied", "a line removed"])
def test_a_shorter_ledger_is_noticed_by_the_index(folder: Path, name: str) -> None:
    change_ledger(folder, DAMAGE[name])
    (folder / ".tcps" / "records.lock").unlink()
    with Store.open(folder, actor="bob") as store:
        with pytest.raises(IntegrityError):
            store.list_work_orders()
        with pytest.raises(IntegrityError):
            shop.order(store)


def test_an_older_ledger_and_index_beside_newer_record_files_are_not_written_to(folder: Path) -> None:
    older = {path: path.read_bytes() for path in (*shop.segments(folder), folder / ".tcps" / "index.sqlite")}
    with Store.open(folder, actor="bob") as store:
        shop.order(store)
    for path, content in older.items():
        path.write_bytes(content)
    with Store.open(folder, actor="bob") as store:
        assert shop.classes(store) >= {"ROLLED_BACK"}
        with pytest.raises(IntegrityError, match="9 entries were acknowledged"):
            shop.order(store)


def test_damage_is_told_from_a_torn_tail_by_the_record_files_alone(folder: Path) -> None:
    change_ledger(folder, lambda content: content[:50] + b"\n\n" + content[52:])
    for name in ("records.lock", *shop.INDEX_FILES):
        (folder / ".tcps" / name).unlink(missing_ok=True)
    damaged(folder)


def test_a_lost_ledger_is_reported_by_the_checkpoint_alone(folder: Path) -> None:
    with Store.open(folder, actor="bob") as store:
        store.checkpoint()
    change_ledger(folder, lambda content: b"".join(content.splitlines(keepends=True)[:4]))
    for name in ("records.lock", *shop.INDEX_FILES):
        (folder / ".tcps" / name).unlink(missing_ok=True)
    damaged(folder)


def test_a_ledger_rewritten_against_its_checkpoint_is_reported(folder: Path) -> None:
    with Store.open(folder, actor="bob") as store:
        store.checkpoint()
    change_ledger(folder, lambda content: content.replace(b"order 2", b"order X"))
    shop.remove_index(folder)
    damaged(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"no database", os.urandom(40_000), b"SQLite format 3\x00" + os.urandom(30_000)],
    ids=["empty", "text", "random", "random after a good start"],
)
def test_an_index_that_is_none_is_made_anew(folder: Path, content: bytes) -> None:
    kept = shop.tables(folder)
    shop.remove_index(folder)
    (folder / ".tcps" / "index.sqlite").write_bytes(content)
    with Store.open(folder, actor="bob") as store:
        assert len(store.list_work_orders()) == 6
        assert shop.tables(folder) == kept
        assert shop.order(store) == "WO-7"


def test_an_index_made_anew_looks_up_by_the_same_columns_as_one_that_grew(folder: Path) -> None:
    grown = _schema(folder)
    shop.remove_index(folder)
    with Store.open(folder, actor="bob") as store:
        store.list_work_orders()
    assert _schema(folder) == grown
    assert len(grown) > 30


def _schema(folder: Path) -> list[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(folder / ".tcps" / "index.sqlite")) as db:
        return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_an_index_with_damaged_pages_is_made_anew_when_they_are_met(folder: Path) -> None:
    kept = shop.tables(folder)
    path = folder / ".tcps" / "index.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        roots = db.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND name <> 'position'")
        pages = [page for (page,) in roots]
    content = bytearray(path.read_bytes())
    for page in pages:
        content[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    path.write_bytes(content)
    with Store.open(folder, actor="bob") as store:
        with pytest.raises(TcpsError) as met:
            store.list_work_orders()
        assert "made anew" in (met.value.hint or "")
        assert len(store.list_work_orders()) == 6
        assert shop.tables(folder) == kept


def test_an_index_of_another_store_is_made_anew(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    with Store.create(other, actor="alice") as store:
        shop.order(store, "of another store")
    shop.remove_index(folder)
    shutil.copy(other / ".tcps" / "index.sqlite", folder / ".tcps" / "index.sqlite")
    with Store.open(folder, actor="bob") as store:
        assert len(store.list_work_orders()) == 6


def test_after_a_restart_the_record_files_are_written_again_from_the_checkpoint(tmp_path: Path) -> None:
    """Format 4.7."""
    with Store.create(tmp_path, actor="alice"):
        pass
    with shop.opened(tmp_path, boot="one", disk=QuickDisk()) as store:
        shop.order(store, "before the checkpoint")
        store.checkpoint()
        shop.order(store, "after the checkpoint")
        shop.sku(store)
        shop.receipt(store)
        whole = shop.record_files(tmp_path)
    lost = [path for path in (tmp_path / ".tcps" / "records").rglob("*.json") if path.name != "WO-1.json"]
    for n, path in enumerate(sorted(lost)):
        path.write_bytes(b"") if n % 2 else path.unlink()
    with shop.opened(tmp_path, boot="two") as store:
        assert shop.classes(store) == set()
        assert len(store.list_work_orders()) == 3
        assert "written again from entry 2 on" in store.notices[0]
        assert shop.record_files(tmp_path) == whole
    with shop.opened(tmp_path, boot="two") as store:
        assert shop.order(store) == "WO-4"
        assert store.notices == []


def test_an_edit_is_not_mended_silently_by_removing_the_index(folder: Path) -> None:
    path = next((folder / ".tcps" / "records" / "work_orders").rglob("WO-1.json"))
    path.write_bytes(path.read_bytes().replace(b"order 0", b"order X"))
    shop.remove_index(folder)
    with Store.open(folder, actor="bob") as store:
        with pytest.raises(IntegrityError):
            store.get_work_order("WO-1")
        assert shop.order(store)
        assert shop.classes(store) == {"EDITED"}


def test_a_copy_works_on_its_own(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = shop.copied(folder, tmp_path_factory.mktemp("copies") / "copy")
    with Store.open(place, actor="bob") as copy, Store.open(folder, actor="alice") as original:
        assert shop.order(copy, "in the copy") == shop.order(original, "in the original")
        assert [store.list_work_orders()[-1].title for store in (copy, original)] == [
            "in the copy",
            "in the original",
        ]
        assert shop.classes(copy) == shop.classes(original) == set()


def test_a_segment_made_and_never_written_to_is_no_hindrance(folder: Path) -> None:
    empty = folder / ".tcps" / "ledger" / "000000000008.jsonl"
    empty.touch()
    with Store.open(folder, actor="bob") as store:
        assert len(store.list_work_orders()) == 6
        assert shop.order(store) == "WO-7"
        assert not empty.exists()
        assert shop.classes(store) == set()


def test_a_foreign_segment_is_set_aside(folder: Path) -> None:
    foreign = folder / ".tcps" / "ledger" / "000000000500.jsonl"
    foreign.write_bytes(line(folder, 0))
    with Store.open(folder, actor="bob") as store:
        assert len(store.list_work_orders()) == 6
        assert shop.order(store) == "WO-7"
        assert shop.classes(store) == set()
    assert (folder / ".tcps" / "ledger" / "torn" / "000000000500-0").exists()


READ_ONLY = """
import json, os, sys
import filelock
from tcps.errors import TcpsError
from tcps.store import Store
if os.getuid() == 0:  # whom permissions do not stop
    os.setgid(65534); os.setuid(65534)
with Store.open(sys.argv[1], actor="x", wait=1) as store:
    print(len(store.list_work_orders()), store.get_work_order("WO-1").title, store.verify_integrity().intact)
    try:
        store.store_work_order({"title": "x"})
    except TcpsError as error:
        print(error.code)
"""


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
def test_a_store_that_cannot_be_written_to_can_be_read(folder: Path, with_index: bool) -> None:
    if not with_index:
        shop.remove_index(folder)
    with tempfile.TemporaryDirectory() as open_to_all:
        place = shop.copied(folder, Path(open_to_all) / "store")
        for path in [Path(open_to_all), place, *place.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-c", READ_ONLY, str(place)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=shop.ROOT, env=shop.unmeasured()
        )
        for path in [Path(open_to_all), place, *place.rglob("*")]:
            path.chmod(0o755)
    assert (done.stdout.splitlines(), done.stderr) == (["6 order 0 True", "storage_error"], "")
