"""A store that is restored is the one that was backed up, and nothing is touched before that is certain."""

import shutil
from pathlib import Path

import pytest

from tcps.backup.laying import Lines
from tcps.errors import Conflict, InvalidInput, LockTimeout, NotFound, TcpsError
from tcps.files import Disk
from tcps.keys import SigningKey
from tcps.ledger import Head, Ledger
from tcps.locks import lock
from tcps.merkle import leaf_hash
from tcps.store import Store
from tests.backup import shelf
from tests.backup.test_creating import worked
from tests.conftest import FixedClock
from tests.store import shop
from tests.store.faults import QuickDisk


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where to restore to; it is not there yet."""
    return tmp_path.with_name(f"{tmp_path.name}-restored") / "below"


def chained(folder: Path, backups: Path, clock: FixedClock) -> list[Path]:
    """A worked store, and a full and two incremental archives of it."""
    worked(folder)
    with shop.opened(folder) as store:
        store.engine.clock = clock
        made = [store.backup(to=backups).path]
        for title in ("one more", "and another"):
            clock.forward(hours=1)
            shop.order(store, title)
            made.append(store.backup("incremental", to=backups).path)
    return made


def beside(place: Path) -> list[str]:
    """What lies where a store is, and what it is called."""
    return sorted(path.name for path in place.iterdir())


def test_a_chain_is_restored_to_a_new_folder_as_it_was(
    tmp_path: Path, clock: FixedClock, backups: Path, place: Path
) -> None:
    archives = chained(tmp_path, backups, clock)
    done = Store.restore(archives[-1], place, disk=QuickDisk(), clock=clock)
    assert done.report.intact
    assert (done.folder, done.replaced, done.given_up) == (place / ".tcps", None, None)
    assert done.archives == tuple(path.name for path in archives)
    assert beside(place) == [".tcps"]
    assert shelf.ledger(place) == shelf.ledger(tmp_path)
    assert shop.record_files(place) == shop.record_files(tmp_path)
    assert (place / ".tcps/store.json").read_bytes() == (tmp_path / ".tcps/store.json").read_bytes()
    with shop.opened(place) as store, shop.opened(tmp_path) as before:
        assert store.store_id == before.store_id
        assert shop.classes(store) == set()
        assert shop.order(store) == shop.order(before)


def test_every_archive_restores_what_there_was_when_it_was_made(
    tmp_path: Path, clock: FixedClock, backups: Path, place: Path
) -> None:
    archives = chained(tmp_path, backups, clock)
    whole = shelf.ledger(tmp_path)
    sizes = [Store.restore(one, place / one.name, disk=QuickDisk()).checkpoint.size for one in archives]
    assert sizes == [len(whole.splitlines()) - 2, len(whole.splitlines()) - 1, len(whole.splitlines())]
    for one, size in zip(archives, sizes, strict=True):
        assert shelf.ledger(place / one.name).splitlines() == whole.splitlines()[:size]
        assert shop.record_files(place / one.name) == shop.files_by_ledger(place / one.name)


def test_the_ledger_lies_in_segments_as_a_writer_lays_it(
    tmp_path: Path, backups: Path, place: Path, clock: FixedClock
) -> None:
    """Format 14.1: a segment takes no further line once it is full."""
    lines = b"".join(map(shelf.lines, chained(tmp_path, backups, clock))).splitlines(keepends=True)
    laying = Lines(Disk(), place / "ledger", len(lines) - 1, lambda tree: None, segment_bytes=2000)
    for block in (lines[:7], lines[7:8], lines[8:]):
        leaves = b"".join(leaf_hash(line[:-1]) for line in block)
        laying.write("an archive", b"".join(block), leaves)
    laying.close()
    ledger = Ledger(Disk(), place / "ledger", segment_bytes=2000)
    assert len(ledger.segments()) > 2
    head = Head()
    for line, content in zip(ledger.lines(Head()), lines[:-1], strict=True):
        head, wanted = ledger.place(head, content[:-1])
        assert line == wanted
    assert laying.laid.head == head


def test_parents_are_found_in_the_usual_place_too(
    store: Store, backups: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order(store)
    full = store.backup(to=backups / "usual").path
    shop.order(store)
    more = store.backup("incremental", to=backups / "usual").path
    elsewhere = backups / "elsewhere" / more.name
    elsewhere.parent.mkdir()
    more.rename(elsewhere)
    with pytest.raises(TcpsError, match="goes on from an archive that is not there"):
        Store.restore(elsewhere, place)
    assert not place.exists()
    monkeypatch.setenv("TCPS_BACKUP_DIR", str(full.parent))
    assert Store.restore(elsewhere, place).checkpoint.size == 2
    more = elsewhere.rename(more)
    assert Store.restore(more.name, place / "by name").checkpoint.size == 2


def test_the_policy_of_the_store_that_is_there_says_where_backups_are(
    store: Store, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TCPS_BACKUP_DIR", raising=False)
    store.production.set_policy("backup_dir", str(backups))
    name = store.backup().path.name
    before = shop.contents(store.folder.parent)
    assert Store.restore(name, store.folder.parent, force=True).replaced is not None
    assert shop.contents(store.folder.parent) == before


def test_an_archive_that_is_not_there_is_said_so(place: Path) -> None:
    with pytest.raises(NotFound, match="there is no archive"):
        Store.restore(place / "tcps-none", place)
    assert not place.exists()


def test_signed_checkpoints_and_artifacts_come_back(
    store: Store, clock: FixedClock, backups: Path, place: Path
) -> None:
    key = SigningKey(store.engine.identity.origin, bytes(32))
    artifacts = store.folder / "artifacts"
    (artifacts / "a").mkdir(parents=True)
    (artifacts / "a" / "one").write_bytes(b"first")
    (artifacts / "b").write_bytes(b"a file at first")
    shop.order(store)
    store.checkpoint(key)
    store.backup(to=backups)
    clock.forward(hours=1)
    shutil.rmtree(artifacts)
    artifacts.mkdir()
    (artifacts / "a").write_bytes(b"a file by now")
    (artifacts / "b").mkdir()
    (artifacts / "b" / "two").write_bytes(b"x" * 3_000_000)
    shop.order(store)
    store.checkpoint(key)
    made = store.backup("incremental", to=backups)
    folder = Store.restore(made.path, place).folder
    kept = ["checkpoint", "checkpoints/000000000001", "checkpoints/000000000002"]
    for name in kept:
        assert (folder / name).read_bytes() == (store.folder / name).read_bytes()
    assert (folder / "artifacts" / "a").read_bytes() == b"a file by now"
    assert (folder / "artifacts" / "b" / "two").read_bytes() == b"x" * 3_000_000


def test_an_empty_store_is_restored(store: Store, backups: Path, place: Path) -> None:
    done = Store.restore(store.backup(to=backups).path, place)
    assert (done.checkpoint.size, done.time) == (0, None)
    with Store.open(place, actor="alice") as again:
        assert shop.order(again) == "WO-1"


def test_another_restore_to_the_same_place_is_waited_for(store: Store, backups: Path, place: Path) -> None:
    made = store.backup(to=backups)
    scratch = place / ".tcps.restoring"
    scratch.mkdir(parents=True)
    held = lock(scratch / "lock", 0)
    held.acquire()
    (scratch / ".tcps").mkdir()
    with pytest.raises(LockTimeout, match="another restore to"):
        Store.restore(made.path, place, wait=0)
    assert (scratch / ".tcps").is_dir()
    held.close()
    (scratch / ".tcps" / "left by a crash").touch()
    Store.restore(made.path, place, wait=0)
    assert beside(place) == [".tcps"]
    assert "left by a crash" not in beside(place / ".tcps")


def test_a_store_that_is_there_is_not_replaced_unless_that_is_asked_for(store: Store, backups: Path) -> None:
    shop.order(store)
    made = store.backup(to=backups)
    before = shop.contents(store.folder.parent)
    with pytest.raises(Conflict, match=r"there is a store in .* already") as refused:
        Store.restore(made.path, store.folder)
    assert refused.value.code == "store_exists"
    assert shop.contents(store.folder.parent) == before
    assert beside(store.folder.parent) == [".tcps"]


def test_what_is_no_folder_is_not_replaced(store: Store, backups: Path, place: Path) -> None:
    made = store.backup(to=backups)
    place.mkdir(parents=True)
    (place / ".tcps").write_text("a file")
    with pytest.raises(InvalidInput, match="is no folder"):
        Store.restore(made.path, place, force=True)
    assert (place / ".tcps").read_text() == "a file"
