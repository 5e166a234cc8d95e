"""A store that is replaced by a restored one: the old one is kept, and no process writes to the wrong one."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tcps.errors import Conflict, LockTimeout, TcpsError
from tcps.ledger import MAY_BE_THERE
from tcps.store import Store, create
from tcps.store.location import find
from tests.store import shop
from tests.store.faults import DyingSystem, QuickDisk, QuickSystem, Watched, in_child


class NoExchange(QuickSystem):
    """A system that cannot exchange two names."""

    def exchange(self, one: Any, other: Any) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


class Hooked(Watched):
    """Does something before each call of a name."""

    def __init__(self, hook: Callable[[], None], at: str = "exchange") -> None:
        self.hook = hook
        self.at = at

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name == self.at:
            self.hook()
        return call(*arguments)


SYSTEMS = pytest.mark.parametrize("system", [QuickSystem, NoExchange], ids=["exchanged", "renamed twice"])


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


@pytest.fixture
def archive(tmp_path: Path, backups: Path) -> Path:
    """A backup of a store with one order."""
    with shop.made(tmp_path) as store:
        shop.order(store, "in the backup")
        return store.backup(to=backups).path


def restored(archive: Path, place: Path, system: QuickSystem | None = None, **options: Any) -> Path:
    """Replace a store whatever it has; where the old one is."""
    options = {"force": True, "accept_rollback": True, "wait": 20} | options
    done = Store.restore(archive, place, disk=QuickDisk(system or QuickSystem()), actor="bob", **options)
    assert done.replaced is not None
    return done.replaced


def beside(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name.startswith(".tcps"))


def swaps(name: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a call gives a store another name."""
    names = [Path(one).name for one in arguments] if name in ("rename", "exchange") else []
    return any(one.startswith((".tcps.restored", ".tcps.replaced")) for one in names)


def titles(folder: Path) -> list[str]:
    with Store.open(folder, actor="bob") as store:
        assert shop.classes(store) == set()
        return [order.title for order in store.list_work_orders()]


@pytest.fixture
def beside_it(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts processes of `tests.backup.work` in the store's folder, and ends them."""
    running: list[subprocess.Popen[str]] = []

    def start(mode: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.backup.work", mode, str(tmp_path)]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, cwd=shop.ROOT, stdin=pipe, stdout=pipe, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def waits(pid: int) -> bool:
    """Whether a process waits for a lock."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any("->" in words and str(pid) in words for words in lines)


@SYSTEMS
def test_the_old_store_is_kept_whole_under_a_name_that_is_told(
    archive: Path, tmp_path: Path, system: type[QuickSystem]
) -> None:
    """Format 14.2."""
    before = shop.contents(tmp_path)
    names = []
    for _ in range(2):
        replaced = restored(archive, tmp_path, system())
        names.append(replaced.name)
        assert titles(tmp_path) == ["in the backup"]
        assert titles(replaced) == ["in the backup"]
    assert beside(tmp_path) == sorted([".tcps", *names])
    assert shop.contents(tmp_path) == before
    assert all(name.startswith(".tcps.replaced-20") for name in names)


def test_a_process_that_waits_for_the_lock_learns_that_the_store_was_replaced(
    archive: Path, tmp_path: Path, beside_it: Callable[[str], subprocess.Popen[str]]
) -> None:
    """Format 14.2."""
    writer = beside_it("write")
    assert told(writer) == "open"

    def hook() -> None:
        go_on(writer)
        while not waits(writer.pid):
            assert writer.poll() is None

    replaced = restored(archive, tmp_path, Hooked(hook))
    assert told(writer).startswith("store_replaced: ")
    assert titles(tmp_path) == ["in the backup"]
    assert titles(replaced) == ["in the backup", "by the writer"]


@pytest.mark.parametrize("mode", ["unsynced", "unprojected"])
def test_what_was_appended_and_not_acknowledged_is_not_acknowledged_afterwards(
    archive: Path, tmp_path: Path, beside_it: Callable[[str], subprocess.Popen[str]], mode: str
) -> None:
    """Format 14.2: neither acknowledged, nor written into the new store's record files."""
    writer = beside_it(mode)
    assert told(writer) == "stopped"
    replaced = restored(archive, tmp_path)
    go_on(writer)
    assert told(writer) == f"store_replaced: {MAY_BE_THERE}"
    assert titles(tmp_path) == ["in the backup"]
    assert shop.record_files(tmp_path) == shop.files_by_ledger(tmp_path)
    assert titles(replaced)[-1] == "by the writer"


def test_nothing_is_acknowledged_in_a_store_while_it_is_replaced(archive: Path, tmp_path: Path) -> None:
    """Format 14.2: its lock is held from before it is looked at."""
    refused = []

    def hook() -> None:
        with Store.open(tmp_path, actor="alice", wait=0) as store, pytest.raises(LockTimeout) as error:
            shop.order(store)
        refused.append(error.value.details["holder"])

    restored(archive, tmp_path, Hooked(hook, "sync"))
    assert len(refused) == 1
    assert refused[0].endswith("restoring")


def test_a_writer_that_holds_the_lock_is_waited_for(archive: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path, actor="alice") as store, store.transaction("a long one"):
        shop.order(store)
        with pytest.raises(LockTimeout):
            restored(archive, tmp_path, wait=0)
    assert beside(tmp_path) == [".tcps"]


def test_whoever_has_the_old_store_open_is_told_at_every_turn(archive: Path, tmp_path: Path) -> None:
    """Format 14.2."""
    with Store.open(tmp_path, actor="alice") as store, Store.open(tmp_path, actor="bob") as other:
        shop.order(store)
        other.list_work_orders()
        replaced = restored(archive, tmp_path)
        before = shop.contents(tmp_path)
        asked: list[Callable[[], object]] = [
            store.list_work_orders,
            other.list_work_orders,
            lambda: shop.order(store),
            store.checkpoint,
            store.verify_integrity,
            store.repair,
            lambda: store.backup(to=tmp_path / "more"),
        ]
        for ask in asked:
            with pytest.raises(Conflict) as told_so:
                ask()
            assert told_so.value.code == "store_replaced"
        assert shop.contents(tmp_path) == before
    assert titles(replaced) == ["in the backup", "an order"]


def test_a_view_that_spans_the_moment_is_no_mixture(archive: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path, actor="alice") as store, pytest.raises(Conflict), store.view():
        restored(archive, tmp_path)


def test_readers_see_the_old_store_or_the_new_one(
    archive: Path, tmp_path: Path, beside_it: Callable[[str], subprocess.Popen[str]]
) -> None:
    """It is always there, and whoever has it open is told that it was replaced, and nothing else."""
    readers = [beside_it("look") for _ in range(2)]
    assert [told(reader) for reader in readers] == ["open"] * 2
    for _ in range(6):
        shutil.rmtree(restored(archive, tmp_path))
    (tmp_path / "enough").touch()
    assert {told(reader) for reader in readers} <= {"[]", "['store_replaced']"}


@SYSTEMS
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_rename_the_old_store_or_the_new_one_is_there(
    archive: Path, tmp_path: Path, quick_path: Path, system: type[QuickSystem], when: str
) -> None:
    """Format 14.2: whoever looks for a store puts in place what was about to be put there."""

    class Dying(DyingSystem):
        def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
            if name == "exchange" and system is NoExchange:
                raise OSError(errno.ENOSYS, "no such call")
            if not swaps(name, arguments):
                return call(*arguments)
            return super().reached(name, call, arguments)

    with Store.open(tmp_path, actor="alice") as store:
        shop.order(store, "not in the backup")
    old = shop.contents(tmp_path)
    new = None
    for at in range(1, 20):
        place = quick_path / f"{at}"
        shop.copied(tmp_path / ".tcps", place / ".tcps")
        status = in_child(lambda place=place, at=at: restored(archive, place, Dying(at, when)))
        found = find(None, place)
        assert found == place / ".tcps"
        with Store.open(place, actor="bob") as opened:
            assert shop.classes(opened) == set()
            orders = [order.title for order in opened.list_work_orders()]
        new = ["in the backup"] if orders != ["in the backup", "not in the backup"] else None
        assert new is not None or shop.contents(place) == old
        names = beside(place)
        again = restored(archive, place)
        assert titles(place) == ["in the backup"]
        assert [name for name in beside(place) if ".restor" in name] == []
        assert again.name in beside(place)
        assert len(beside(place)) >= len([name for name in names if name != ".tcps.restoring"])
        if not os.WIFSIGNALED(status):
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert at > 3


def test_an_interrupted_restore_is_finished_by_whoever_makes_a_store(archive: Path, tmp_path: Path) -> None:
    """Format 14.2."""
    before = shop.contents(tmp_path)
    (tmp_path / ".tcps").rename(tmp_path / ".tcps.restored")
    folder, made = create(tmp_path)
    assert (folder, made) == (tmp_path / ".tcps", False)
    assert shop.contents(tmp_path) == before
    (tmp_path / ".tcps").rename(tmp_path / ".tcps.restored")
    below = tmp_path / "below" / "further"
    below.mkdir(parents=True)
    assert find(None, below) == tmp_path / ".tcps"


def test_a_store_behind_a_link_is_replaced_where_it_is(archive: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".tcps").rename(elsewhere / "store")
    (tmp_path / ".tcps").symlink_to(elsewhere / "store")
    replaced = restored(archive, tmp_path)
    assert replaced.parent == elsewhere
    assert replaced.name.startswith("store.replaced-")
    assert (tmp_path / ".tcps").is_symlink()
    assert titles(tmp_path) == ["in the backup"]
    (elsewhere / "store").rename(elsewhere / "store.restored")
    assert titles(tmp_path) == ["in the backup"]


@SYSTEMS
def test_a_rename_that_fails_leaves_the_old_store(
    archive: Path, tmp_path: Path, system: type[QuickSystem]
) -> None:
    class Failing(Watched):
        def __init__(self, at: int) -> None:
            self.at = at
            self.count = 0

        def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
            if name == "exchange" and system is NoExchange:
                raise OSError(errno.ENOSYS, "no such call")
            if swaps(name, arguments):
                self.count += 1
                if self.count == self.at:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(*arguments)

    with Store.open(tmp_path, actor="alice") as store:
        shop.order(store, "not in the backup")
    before, failed = shop.contents(tmp_path), 0
    for at in range(1, 20):
        failing = Failing(at)
        try:
            kept = restored(archive, tmp_path, failing)
        except TcpsError:
            failed += 1
            assert shop.contents(tmp_path) == before
            assert beside(tmp_path) == [".tcps"]
            continue
        assert titles(tmp_path) == ["in the backup"]
        assert "not in the backup" in titles(kept)
        break
    assert failed >= 1


def test_where_even_the_old_name_cannot_be_given_back_the_new_store_is_found(
    archive: Path, tmp_path: Path
) -> None:
    """Format 14.2: after the first of two renames every other one fails."""

    class Stuck(NoExchange):
        stuck = False

        def rename(self, source: str | Path, target: str | Path) -> None:
            if self.stuck:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().rename(source, target)
            self.stuck = Path(target).name.startswith(".tcps.replaced")

    with Store.open(tmp_path, actor="alice") as store:
        shop.order(store, "not in the backup")
    with pytest.raises(TcpsError) as failed:
        restored(archive, tmp_path, Stuck())
    assert failed.value.hint == MAY_BE_THERE
    assert not (tmp_path / ".tcps").exists()
    assert titles(tmp_path) == ["in the backup"]
    (kept,) = (path for path in tmp_path.iterdir() if path.name.startswith(".tcps.replaced"))
    assert titles(kept) == ["in the backup", "not in the backup"]
