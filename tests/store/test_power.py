"""Power cuts: what was not synced is lost at random; and the order of syncs that makes this harmless."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.store import shop
from tests.store.faults import OPERATIONS, QuickDisk
from tests.store.workload import SEGMENT_BYTES, UNDISTURBED, facts


class PowerCutError(BaseException):
    """The machine is off: nothing after this happens."""


class PowerDisk(QuickDisk):
    """Knows what is on the medium for certain, and is off from operation `at` on."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.synced: dict[Path, int] = {}
        self.paths: dict[int, Path] = {}
        self.unsynced: dict[Path, bytes | None] = {}
        self.unlisted: set[Path] = set()

    def __getattribute__(self, name: str) -> Any:
        if name in OPERATIONS and name != "close":
            self.count += 1
            if self.count >= self.at:
                raise PowerCutError
        return super().__getattribute__(name)

    def open_append(self, path: Path) -> int:
        if not path.exists():
            self.unlisted.add(path)
        fd = super().open_append(path)
        self.paths[fd] = path
        return fd

    def sync(self, fd: int, path: Path) -> None:
        super().sync(fd, path)
        self.synced[self.paths[fd]] = path.stat().st_size

    def truncate(self, fd: int, size: int, path: Path) -> None:
        super().truncate(fd, size, path)
        self.synced[path] = min(size, self.synced.get(path, 0))

    def sync_dir(self, directory: Path) -> None:
        super().sync_dir(directory)
        self.unlisted = {path for path in self.unlisted if path.parent != directory}

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        before = path.read_bytes() if path.exists() else None
        super().replace(path, data, durably=durably)
        if not durably:
            self.unsynced.setdefault(path, before)

    def remove(self, path: Path) -> None:
        before = path.read_bytes() if path.exists() and path.suffix == ".json" else None
        super().remove(path)
        if before is not None:
            self.unsynced.setdefault(path, before)

    def sync_all(self) -> None:
        self.unsynced.clear()

    def lose(self, folder: Path, chance: random.Random) -> None:
        """Take from the medium what it did not promise to keep."""
        for path in (folder / "ledger").glob("*.jsonl"):
            content, kept = path.read_bytes(), self.synced.get(path, 0)
            if path in self.unlisted and chance.random() < 0.5:
                path.unlink()
            elif len(content) > kept:
                more = chance.randint(0, len(content) - kept)
                zeros = bytes(chance.choice([0, len(content) - kept - more]))
                path.write_bytes(content[: kept + more] + zeros)
        for path, before in self.unsynced.items():
            match chance.randrange(4):
                case 0:
                    path.unlink(missing_ok=True)
                case 1 if path.exists():
                    path.write_bytes(b"")
                case 2 if before is not None:
                    path.write_bytes(before)
        if chance.random() < 0.3:
            (folder / "records.lock").write_bytes(b"")


def test_nothing_acknowledged_is_lost_by_a_power_cut(quick_path: Path) -> None:
    """Format 1.1."""
    for at in range(1, 1000):
        folder, chance = quick_path / str(at), random.Random(at)
        create(folder, clock=FixedClock())
        disk, acknowledged = PowerDisk(at), list[str]()
        finished = False
        try:
            with shop.opened(folder, disk=disk, segment_bytes=SEGMENT_BYTES, boot="one") as store:
                for step in UNDISTURBED:
                    acknowledged += step(store)
                finished = True
        except PowerCutError:
            pass
        disk.lose(folder / ".tcps", chance)
        with shop.opened(folder, disk=QuickDisk(), segment_bytes=SEGMENT_BYTES, boot="two") as store:
            assert shop.classes(store) == set(), at
            assert shop.order(store)
            assert set(acknowledged) <= facts(folder), at
            assert shop.classes(store) == set(), at
        assert shop.record_files(folder) == shop.files_by_ledger(folder), at
        if finished:
            return
    raise AssertionError("the work never came to its end")


class Watch(QuickDisk):
    """Refuses to write a record file while a ledger line may be lost."""

    def __init__(self) -> None:
        self.dirty = False
        self.written = 0

    def append(self, fd: int, data: bytes, path: Path) -> None:
        self.dirty = True
        super().append(fd, data, path)

    def sync(self, fd: int, path: Path) -> None:
        super().sync(fd, path)
        self.dirty = False

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        if "records" in path.parts:
            assert not self.dirty
            self.written += 1
        super().replace(path, data, durably=durably)


def test_no_record_file_is_written_before_the_ledger_is_durable(tmp_path: Path) -> None:
    """Format 8.1."""
    create(tmp_path, clock=FixedClock())
    disk = Watch()
    with shop.opened(tmp_path, disk=disk, segment_bytes=SEGMENT_BYTES) as store:
        for step in UNDISTURBED:
            step(store)
    assert disk.written > 10


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
@pytest.mark.parametrize("reach", [Store.checkpoint, shop.order, lambda store: store.list_work_orders()])
def test_the_line_of_another_writer_is_made_durable_before_its_files_are_written(
    tmp_path: Path, reach: Callable[[Store], object], with_index: bool
) -> None:
    """While one writer is between append and sync, another one brings the record files forward."""
    create(tmp_path, clock=FixedClock())

    class Slow(QuickDisk):
        met = False

        def append(self, fd: int, data: bytes, path: Path) -> None:
            super().append(fd, data, path)
            self.met = True

        def sync(self, fd: int, path: Path) -> None:
            if self.met:
                self.met = False
                if not with_index:
                    shop.remove_index(tmp_path)
                disk.dirty = True  # by the line that this one has appended
                with shop.opened(tmp_path, disk=disk, boot="another") as other:
                    reach(other)
            super().sync(fd, path)

    disk = Watch()
    with shop.opened(tmp_path, disk=Slow(), boot="another") as store:
        shop.order(store)
        assert shop.classes(store) == set()


def test_a_segment_is_durable_before_a_line_goes_into_the_next_one(tmp_path: Path) -> None:
    """Whoever opens the next segment syncs the last one, whoever appended to it (format 4.5)."""
    create(tmp_path, clock=FixedClock())
    done: list[tuple[str, str]] = []

    class Noting(QuickDisk):
        def append(self, fd: int, data: bytes, path: Path) -> None:
            super().append(fd, data, path)
            done.append(("append", path.name))

        def sync(self, fd: int, path: Path) -> None:
            super().sync(fd, path)
            done.append(("sync", path.name))

    class Slow(QuickDisk):
        def append(self, fd: int, data: bytes, path: Path) -> None:
            super().append(fd, data, path)
            self.met = True

        def sync(self, fd: int, path: Path) -> None:
            if getattr(self, "met", False):
                self.met = False
                with shop.opened(tmp_path, disk=Noting(), segment_bytes=100) as other:
                    shop.order(other)
            super().sync(fd, path)

    with shop.opened(tmp_path, disk=Slow(), segment_bytes=100) as store:
        shop.order(store)
    first, second = "000000000001.jsonl", "000000000002.jsonl"
    assert done == [("sync", first), ("append", second), ("sync", second)]
