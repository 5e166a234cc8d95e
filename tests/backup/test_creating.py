"""A backup holds what was acknowledged, as it was, and is there whole or not at all."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcps.backup import Kind, Name
from tcps.backup.verifying import verify_alone
from tcps.errors import IntegrityError, InvalidInput, LockTimeout, TcpsError
from tcps.files import Disk
from tcps.keys import SigningKey
from tcps.locks import lock
from tcps.store import Store
from tests.backup import shelf
from tests.conftest import FixedClock
from tests.store import shop, workload
from tests.store.faults import QuickDisk, QuickSystem, Watched


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


def worked(folder: Path) -> None:
    """A store with some of everything, in several segments."""
    disk = QuickDisk()
    assert workload.begin(folder, disk) == []
    with shop.opened(folder, disk=disk, segment_bytes=workload.SEGMENT_BYTES) as store:
        for step in workload.UNDISTURBED:
            step(store)


def test_a_full_backup_holds_the_ledger_and_the_identity_byte_for_byte(tmp_path: Path, backups: Path) -> None:
    worked(tmp_path)
    with shop.opened(tmp_path) as store:
        made = store.backup(to=backups)
    found = shelf.members(made.path)
    assert list(found) == ["manifest.json", "checkpoint", "entries/000000000001.jsonl", "store.json"]
    for name in ("checkpoint", "store.json"):
        assert found[name] == (tmp_path / ".tcps" / name).read_bytes()
    assert len(shop.segments(tmp_path)) > 2
    assert shelf.lines(made.path) == shelf.ledger(tmp_path)
    assert shelf.leftovers(backups) == []


def test_a_chain_is_the_store(tmp_path: Path, backups: Path) -> None:
    worked(tmp_path)
    with shop.opened(tmp_path) as store:
        made = [store.backup(to=backups).path]
        for title in ("one more", "and another"):
            shop.order(store, title)
            made.append(store.backup("incremental", to=backups).path)
    place = shelf.unpacked(tmp_path / "copy", *made)
    assert shelf.ledger(place) == shelf.ledger(tmp_path)
    with shop.opened(place) as store:
        store.repair()
        assert shop.classes(store) == set()
        assert shop.record_files(place) == shop.record_files(tmp_path)
        assert shop.order(store, "it goes on")


def test_tar_reads_an_archive(store: Store, tmp_path: Path, backups: Path) -> None:
    """Format 13.2: the tools of every Linux."""
    shop.order(store)
    made = store.backup(to=backups)
    listed = subprocess.run(
        ["tar", "--zstd", "-tvf", made.path], check=True, capture_output=True, text=True, env={"TZ": "UTC"}
    )
    assert listed.stderr == ""
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["-rw-------", "0/0", str(len(content)), "1970-01-01", "00:00", name]
        for name, content in shelf.members(made.path).items()
    ]


def test_an_incremental_backup_holds_only_what_came_since(store: Store, backups: Path) -> None:
    shop.order(store)
    store.backup(to=backups)
    before = shelf.ledger(store.folder.parent)
    shop.order(store)
    shop.receipt(store, shop.sku(store).id)
    made = store.backup("incremental", to=backups)
    assert shelf.members(made.path).keys() == {"manifest.json", "entries/000000000002.jsonl"}
    assert before + shelf.lines(made.path) == shelf.ledger(store.folder.parent)
    assert made.manifest.from_ is not None
    assert (made.manifest.from_.seq, made.manifest.to.seq) == (1, 5)


def test_the_same_state_gives_the_same_bytes(tmp_path: Path, backups: Path) -> None:
    """Format 13.2."""
    worked(tmp_path)
    with shop.opened(tmp_path) as store:
        first, second = (store.backup(to=backups) for _ in range(2))
    shop.copied(tmp_path / ".tcps", tmp_path / "copy" / ".tcps")
    with shop.opened(tmp_path / "copy") as store:
        third = store.backup(to=backups / "elsewhere")
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes() == third.path.read_bytes()


def test_two_backups_in_one_moment_have_two_names(store: Store, backups: Path) -> None:
    for kind in ("full", "incremental", "incremental"):
        store.backup(kind, to=backups)
    names = [Name.parsed(one) for one in shelf.archives(backups)]
    assert [name and (name.kind, name.made[-5:]) for name in names] == [
        (Kind.FULL, ".000Z"),
        (Kind.INCREMENTAL, ".000Z"),
        (Kind.INCREMENTAL, ".001Z"),
    ]


def test_a_backup_without_changes_is_made_and_nothing_rests_on_it(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    """Format 13.6."""
    shop.order(store)
    full = store.backup(to=backups)
    clock.forward(hours=1)
    empty = store.backup("incremental", to=backups)
    assert shelf.members(empty.path).keys() == {"manifest.json"}
    assert empty.size < 1500
    clock.forward(hours=1)
    shop.order(store)
    made = store.backup("incremental", to=backups)
    assert empty.manifest.parent == made.manifest.parent == full.manifest.digest


def test_a_chain_goes_on_from_the_newest_archive(store: Store, clock: FixedClock, backups: Path) -> None:
    parents = []
    for kind in ("full", "incremental", "incremental", "full", "incremental"):
        clock.forward(hours=1)
        shop.order(store)
        parents.append(store.backup(kind, to=backups).manifest)
    assert [one.parent for one in parents] == [
        None,
        parents[0].digest,
        parents[1].digest,
        None,
        parents[3].digest,
    ]


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    ("gone", "harm", "said"),
    [
        (None, _emptied, "there is no archive to go on from"),
        (0, Path.unlink, "goes on from an archive that is not there"),
        (1, _emptied, "it does not begin as an archive does"),
        (1, _cut, "ends before its end"),
    ],
)
def test_where_nothing_can_be_gone_on_from_the_backup_is_a_full_one(
    store: Store, clock: FixedClock, backups: Path, gone: int | None, harm: Callable[[Path], Any], said: str
) -> None:
    """Format 13.6."""
    for kind in ("full", "incremental") if gone is not None else ():
        shop.order(store)
        store.backup(kind, to=backups)
        clock.forward(hours=1)
    if gone is not None:
        harm(backups / shelf.archives(backups)[gone])
    made = store.backup("incremental", to=backups)
    assert made.manifest.kind is Kind.FULL
    assert made.reason is not None
    assert said in made.reason


def test_no_backup_goes_on_from_one_that_the_ledger_does_not_go_on_from(
    tmp_path: Path, clock: FixedClock, backups: Path
) -> None:
    """Format 13.6: neither a ledger that has gone back, nor one that went another way."""
    with shop.made(tmp_path) as store:
        shop.order(store)
        shop.copied(tmp_path / ".tcps", tmp_path / "older" / ".tcps")
        shop.order(store)
        store.backup(to=backups)
    with shop.opened(tmp_path / "older") as store:
        with pytest.raises(IntegrityError, match=r"does not go on from tcps-.*: the ledger ends at entry 1"):
            store.backup("incremental", to=backups)
        shop.order(store, "another way")
        shop.order(store)
        with pytest.raises(IntegrityError, match="does not go on from tcps-"):
            store.backup("incremental", to=backups)
        assert len(shelf.archives(backups)) == 1
        made = store.backup(to=backups)
        assert made.warning is not None
        assert "does not go on from" in made.warning
        clock.forward(hours=1)
        assert store.backup(to=backups).warning is None
    assert shelf.leftovers(backups) == []


@pytest.mark.parametrize("kind", ["full", "incremental"])
def test_no_backup_is_made_of_a_damaged_ledger(store: Store, backups: Path, kind: str) -> None:
    """Format 13.5: its lines have the root that the index has."""
    for title in ("first", "second", "third"):
        shop.order(store, title)
    if kind == "incremental":
        store.backup(to=backups)
        for title in ("first", "second", "third"):
            shop.order(store, title)
    before = shelf.archives(backups) if backups.exists() else []
    segment = shop.segments(store.folder.parent)[0]
    content = segment.read_bytes()
    at = content.rindex(b"second")
    segment.write_bytes(content[:at] + b"Second" + content[at + 6 :])
    with pytest.raises(IntegrityError, match="no backup is made"):
        store.backup(kind, to=backups)
    assert shelf.archives(backups) == before
    assert shelf.leftovers(backups) == []


def test_no_backup_is_made_of_a_ledger_that_a_checkpoint_does_not_fit(store: Store, backups: Path) -> None:
    """Format 13.5."""
    shop.order(store)
    line = store.checkpoint().text()
    shop.order(store)
    root = line.splitlines()[2]
    (store.folder / "checkpoint").write_text(line.replace(root, "A" * 43 + "="))
    with pytest.raises(IntegrityError, match="the first 1 ledger lines are not those of checkpoint"):
        store.backup(to=backups)


def test_signed_checkpoints_are_carried_and_those_that_came_since(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    key, other = (SigningKey(f"{name}", bytes(32)) for name in (store.engine.identity.origin, "other/key"))
    shop.order(store)
    store.checkpoint(key)
    full = store.backup(to=backups)
    kept = "checkpoints/000000000001"
    assert {"checkpoint", kept} < shelf.members(full.path).keys()
    clock.forward(hours=1)
    assert shelf.members(store.backup("incremental", to=backups).path).keys() == {"manifest.json"}
    store.checkpoint(other)
    clock.forward(hours=1)
    later = store.backup("incremental", to=backups)
    found = shelf.members(later.path)
    assert found.keys() == {"manifest.json", "checkpoint", kept}
    assert found[kept] == (store.folder / kept).read_bytes()
    clock.forward(hours=1)
    shop.order(store)
    last = store.backup("incremental", to=backups)
    assert last.manifest.parent == later.manifest.digest
    place = shelf.unpacked(store.folder.parent / "copy", full.path, later.path, last.path)
    with shop.opened(place) as again:
        again.repair()
        assert shop.classes(again) == set()


def test_artifacts_are_carried_and_those_that_came_since(
    store: Store, clock: FixedClock, backups: Path
) -> None:
    folder = store.folder / "artifacts" / "build"
    folder.mkdir(parents=True)
    long = f"{'x' * 120}-é.bin"
    (folder / long).write_bytes(b"\0" * 2000)
    (folder / "link").symlink_to(tmp := "/etc/passwd")
    assert tmp
    full = store.backup(to=backups)
    found = shelf.members(full.path)
    assert [name for name in found if name.startswith("artifacts")] == [f"artifacts/build/{long}"]
    assert found[f"artifacts/build/{long}"] == b"\0" * 2000
    clock.forward(hours=1)
    (folder / "new").write_bytes(b"new")
    made = store.backup("incremental", to=backups)
    assert shelf.members(made.path).keys() == {"manifest.json", "artifacts/build/new"}


def test_of_an_empty_store_a_backup_can_be_made(tmp_path: Path, backups: Path) -> None:
    with shop.made(tmp_path) as store:
        full = store.backup(to=backups)
        shop.order(store)
        made = store.backup("incremental", to=backups)
    place = shelf.unpacked(tmp_path / "copy", full.path, made.path)
    with shop.opened(place) as store:
        assert len(store.list_work_orders()) == 1
        assert shop.classes(store) == set()


def test_what_its_writer_may_take_back_is_in_no_backup(tmp_path: Path, backups: Path) -> None:
    """Format 13.5: a backup that comes between a line and its sync makes the line stay."""
    shop.made(tmp_path).close()
    shop.opened(tmp_path).close()

    class BackedUp(QuickSystem):
        """Before the first sync of the ledger another process makes a backup; then the sync fails."""

        fails = False

        def datasync(self, fd: int) -> None:
            if self.fails:
                self.fails = False
                with shop.opened(tmp_path) as other:
                    made.append(other.backup(to=backups))
                raise OSError(5, "cannot sync")
            super().datasync(fd)

    made: list[Any] = []
    system = BackedUp()
    with shop.opened(tmp_path, disk=QuickDisk(system)) as store:
        shop.order(store)
        system.fails = True
        with pytest.raises(TcpsError) as failed:
            shop.order(store, "in flight")
        assert failed.value.hint is not None
    (full,) = made
    assert full.manifest.to.seq == 2
    assert shelf.ledger(tmp_path) == shelf.lines(full.path)


def test_a_writer_that_holds_its_lock_stops_no_backup(store: Store, opened: Any, backups: Path) -> None:
    """Format 13.5: then it holds what is known to be acknowledged."""
    shop.order(store)
    with store.transaction("a long one"):
        shop.order(store, "not yet")
        with opened() as other:
            other.engine.fold._lock.wait = 0
            made = other.backup(to=backups, wait=5)
            assert "is held by another process" in other.notices[0]
        assert made.manifest.to.seq == 1
    assert store.backup("incremental", to=backups).manifest.to.seq == 2


def test_after_a_restore_the_place_of_the_next_line_is_found_again(
    tmp_path: Path, clock: FixedClock, backups: Path
) -> None:
    """Format 13.3: the place in a point is a hint."""
    with shop.made(tmp_path) as store:
        for n in range(5):
            shop.order(store, f"{n}")
        full = store.backup(to=backups)
        shop.order(store)
        more = store.backup("incremental", to=backups)
    place = shelf.unpacked(tmp_path / "copy", full.path)
    (place / ".tcps/ledger/000000000006.jsonl").write_bytes(shelf.lines(more.path))
    with shop.opened(place) as store:
        clock.forward(hours=1)
        shop.order(store)
        made = store.backup("incremental", to=backups)
    assert (made.reason, made.manifest.to.seq) == (None, 7)


def test_another_backup_is_waited_for_and_a_dead_one_stops_nobody(store: Store, backups: Path) -> None:
    store.backup(to=backups)
    path = backups / f".tcps-{store.store_id}.lock"
    held = lock(path, 0)
    held.acquire()
    with pytest.raises(LockTimeout, match="another backup or prune is under way in "):
        store.backup(to=backups, wait=0)
    held.close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl,sys; f=open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=1); input()",
            path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(LockTimeout):
        store.backup(to=backups, wait=0)
    holder.kill()
    holder.communicate()
    assert store.backup(to=backups, wait=0).path.exists()


def test_what_a_crash_left_is_removed_and_of_others_nothing(store: Store, backups: Path) -> None:
    backups.mkdir()
    mine = backups / f".tcps-{store.store_id}-000000000001-full-20260120T100000.000Z.tar.zst.tmp"
    others = backups / ".tcps-0123456789abcdef-000000000001-full-20260120T100000.000Z.tar.zst.tmp"
    mine.touch()
    others.touch()
    store.backup(to=backups)
    assert shelf.leftovers(backups) == [others.name]


def test_a_backup_is_verified_before_it_has_its_name_unless_told_not_to(store: Store, backups: Path) -> None:
    """Format 13.5."""

    class Rotten(Watched):
        """A disk that gives another byte in the middle of an archive than was written."""

        def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
            content = call(*arguments)
            if name == "pread" and os.readlink(f"/proc/self/fd/{arguments[0]}").endswith(".tmp"):
                content = (
                    content[:300] + bytes([content[300] ^ 1]) + content[301:]
                    if len(content) > 300
                    else content
                )
            return content

    shop.order(store)
    with shop.opened(store.folder.parent, disk=QuickDisk(Rotten())) as rotten:
        with pytest.raises(IntegrityError, match="tcps-"):
            rotten.backup(to=backups)
        assert shelf.archives(backups) == shelf.leftovers(backups) == []
        made = rotten.backup(to=backups, verify=False)
        assert not made.verified
    verify_alone(shelf.archive(made))


def test_backups_go_where_they_are_told_to(
    store: Store, tmp_path: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("TCPS_BACKUP_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(backups / "home"))
    assert store.backup().path.parent == backups / "home/.local/share/tcps/backups"
    monkeypatch.setenv("XDG_DATA_HOME", str(backups / "data"))
    assert store.backup().path.parent == backups / "data/tcps/backups"
    store.production.set_policy("backup_dir", str(backups / "policy"))
    assert store.backup().path.parent == backups / "policy"
    monkeypatch.setenv("TCPS_BACKUP_DIR", str(backups / "variable"))
    assert store.backup().path.parent == backups / "variable"
    assert store.backup(to=backups / "given").path.parent == backups / "given"
    for inside in (store.folder, store.folder / "backups", tmp_path / "." / ".tcps" / "x" / ".." / "y"):
        with pytest.raises(InvalidInput, match="in the store itself"):
            store.backup(to=inside)


def test_a_kind_that_there_is_not_is_refused(store: Store, backups: Path) -> None:
    with pytest.raises(InvalidInput, match="neither full nor incremental"):
        store.backup("differential", to=backups)


def test_without_a_library_for_zstd_it_is_gzip_and_can_be_gone_on_from(tmp_path: Path, backups: Path) -> None:
    with shop.made(tmp_path) as store:
        shop.order(store)
    script = (
        "import sys; sys.modules['zstandard'] = None\n"
        "from tcps.store import Store\n"
        "with Store.open(sys.argv[1], actor='alice') as store:\n"
        "    print(store.backup('incremental', to=sys.argv[2]).path)\n"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script, tmp_path, backups], check=True, cwd=shop.ROOT)
    full, more = (backups / name for name in shelf.archives(backups))
    assert (full.name[-7:], more.name[-7:]) == (".tar.gz", ".tar.gz")
    assert "-full-" in full.name
    assert "-incremental-" in more.name
    with tarfile.open(full) as tar:
        assert tar.getnames()[0] == "manifest.json"
    subprocess.run(["gzip", "-t", full, more], check=True)
    with shop.opened(tmp_path) as store:
        shop.order(store)
        assert store.backup("incremental", to=backups).path.suffix == ".zst"


def test_a_disk_without_room_leaves_no_archive(store: Store, backups: Path) -> None:
    class Full(Disk):
        def append(self, fd: int, data: bytes, path: Path) -> None:
            raise TcpsError("full")

    with shop.opened(store.folder.parent, disk=Full()) as full, pytest.raises(TcpsError, match="full"):
        full.backup(to=backups)
    assert shelf.archives(backups) == shelf.leftovers(backups) == []
    shutil.rmtree(backups)
