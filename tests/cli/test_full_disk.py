"""Disks that are full, to any degree, and disks that are read-only: real ones (interface 2, format 8.8).

The deep run fills the disk to every degree for every command, the gate to a few; `-s` shows how many.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcps.ledger import MAY_BE_THERE
from tests.cli.conftest import Done, Tcps
from tests.cli.every import READS, SETUP, WRITES
from tests.store import shop
from tests.store.faults import places

PAGES = 40
"""With so many pages free every command has room."""
FILES = 8


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of its own, to work in: mounting one takes root."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=400", "tcps-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    with monkeypatch.context() as inside:
        inside.chdir(place)
        yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class Disk:
    """The small disk, filled and freed."""

    def __init__(self, place: Path, model: Path) -> None:
        self.place, self.model, self.filler = place, model, place / "filler"

    def reset(self, name: str) -> dict[str, bytes]:
        """The store as in the model again, with room; for a repair one file is damaged. Gives its content."""
        self.free()
        for path in self.place.iterdir():
            shutil.rmtree(path)
        forget()
        shutil.copytree(self.model, self.place / ".tcps")
        if name == "repair":
            (self.place / ".tcps/records/work_orders/0000/WO-1.json").write_bytes(b"damaged")
        return shop.contents(self.place)

    def fill(self, pages: int | None = None, files: int | None = None) -> None:
        """Leave room for so many pages, or for so many files."""
        self.filler.mkdir()
        state = os.statvfs(self.place)
        if pages is not None:
            with open(self.filler / "bytes", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, (state.f_bavail - pages) * state.f_frsize)
        if files is not None:
            for n in range(state.f_favail - 1 - files):
                (self.filler / f"{n}").touch()

    def free(self) -> None:
        shutil.rmtree(self.filler, ignore_errors=True)


@pytest.fixture
def disk(small_disk: Path, bare: Tcps, tmp_path: Path) -> Disk:
    for words in SETUP:
        assert bare(*words).code == 0
    shutil.copytree(".tcps", tmp_path / "model")
    return Disk(small_disk, tmp_path / "model")


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("what", "most"), [("pages", PAGES), ("files", FILES)])
def test_a_command_on_a_full_disk_is_done_or_says_that_it_is_not(
    disk: Disk, bare: Tcps, name: str, what: str, most: int
) -> None:
    failed = 0
    for room in [0, *places(most, few=1)]:
        before = disk.reset(name)
        disk.fill(**{what: room})
        done = bare(*WRITES[name])
        failed += done.code != 0
        told(done, "No space left", "full", "free space")
        for words in (READS["list"], READS["verify"]):
            assert bare(*words).code in (0, 12 if name == "repair" else 0), (room, words)
        disk.free()
        kept_or_not(disk, bare, name, done, before)
    print(f"\n{name}: {len(places(most, few=1)) + 1} of {most + 1} degrees of {what}, {failed} failed")


def told(done: Done, *reasons: str) -> None:
    """All went well, perhaps with a warning; or one line gives the reason, perhaps with a hint."""
    lines = [line for line in done.err.splitlines() if not line.startswith(("warning: ", "hint: "))]
    if done.code:
        assert done.code == 1, done.err
        assert done.out == ""
        assert [line[:7] for line in lines] == ["error: "], done.err
        assert any(reason in done.err for reason in reasons), done.err


def kept_or_not(disk: Disk, bare: Tcps, name: str, done: Done, before: dict[str, bytes]) -> None:
    """With room again: what was done is there, what failed is not, and can be done now."""
    (ledger,) = shop.segments(disk.place)
    content = ledger.read_bytes()
    assert content.startswith(before[ledger.name])
    if done.code and MAY_BE_THERE not in done.err:
        assert content == before[ledger.name]
        assert bare(*WRITES[name]).code == 0
    assert bare("work-order", "create", "--title", "after").code == 0
    assert bare("repair").code == 0
    assert bare("verify").code == 0
    assert shop.record_files(disk.place) == shop.files_by_ledger(disk.place)


def test_what_was_acknowledged_before_a_disk_was_full_is_there(small_disk: Path, bare: Tcps) -> None:
    bare("init")
    acknowledged, done = [], bare(*WRITES["create"], "--json")
    while not done.code:
        acknowledged.append(done.json["work_order_id"])
        done = bare(*WRITES["create"], "--description", "y" * 4000, "--json")
    assert (done.code, done.out) == (1, "")
    assert "No space left" in done.err or "full" in done.err
    assert [order["work_order_id"] for order in bare(*READS["list"]).json] == acknowledged
    assert bare("verify").code == 0
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    after = bare(*WRITES["create"], "--json")
    assert after.json["work_order_id"] == f"WO-{len(acknowledged) + 1}"
    assert bare("verify").code == 0


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)


def forget() -> None:
    """What verifications have seen."""
    shutil.rmtree(os.environ["XDG_CONFIG_HOME"], ignore_errors=True)


def said(done: Done) -> list[str]:
    """What a read that went well has shown, without what goes on by itself, and the size of the index."""
    assert (done.code, done.err) == (0, "")
    moving = ("remaining_ms", "elapsed", "open_for", '"index"')
    return [line for line in done.out.splitlines() if not any(word in line for word in moving)]


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
def test_every_read_of_a_read_only_store_answers_as_ever(disk: Disk, bare: Tcps, with_index: bool) -> None:
    wanted = {name: said(bare(*words)) for name, words in READS.items()}
    forget()
    if not with_index:
        shop.remove_index(disk.place)
    with read_only(disk.place):
        assert {name: said(bare(*words)) for name, words in READS.items()} == wanted


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
def test_every_write_to_a_read_only_store_says_in_one_line_why_not(
    disk: Disk, bare: Tcps, with_index: bool
) -> None:
    if not with_index:
        shop.remove_index(disk.place)
    before = shop.contents(disk.place)
    with read_only(disk.place):
        assert bare(*WRITES["repair"]).code == 0  # there is nothing to repair
        for name in WRITES.keys() - {"repair"}:
            done = bare(*WRITES[name])
            assert done.code == 1, name
            told(done, "ead-only file system", "cannot be written to")
    assert shop.contents(disk.place) == before
    disk.reset("repair")
    with read_only(disk.place):
        done = bare(*WRITES["repair"])
        assert done.code == 1
        told(done, "ead-only file system", "cannot be written to")
