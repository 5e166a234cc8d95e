"""`backup verify --restore-test`: archives are restored for a moment, and nothing of that is left."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.backup import forging
from tests.cli.conftest import Tcps, process
from tests.cli.test_interrupts import SIGNALS, Signalling, command
from tests.store import shop
from tests.store.faults import in_child, places


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def backed_up(tcps: Tcps, tmp_path: Path) -> Tcps:
    for kind in ("--no-verify", "--incremental"):
        tcps("work-order", "create", "--title", "one")
        assert tcps("backup", "create", "--to", "backups", kind).code == 0
    return tcps


def test_it_is_said_that_archives_can_be_restored(backed_up: Tcps, scratch: Path) -> None:
    words = ("backup", "verify", "--to", "backups", "--all", "--restore-test", "--scratch", "scratch")
    done = backed_up(*words)
    assert (done.code, done.err) == (0, "")
    first, second, both = done.out.splitlines()
    assert first.endswith(": intact: full, entries 1 to 1, rests on no other, restored and verified")
    assert second.endswith(" by 1 link, restored and verified")
    assert both == "intact: 2 of 2 archives intact"
    assert [row["restored"] for row in backed_up(*words, "--json").json["archives"]] == [True, True]
    assert backed_up(*words, "--quiet") == (0, "", "")
    assert list(scratch.iterdir()) == []


def test_without_a_folder_it_is_that_of_temporary_files(
    backed_up: Tcps, tmp_path: Path, scratch: Path
) -> None:
    words = ("backup", "verify", "--restore-test", "--to", "backups")
    assert process(tmp_path, *words, env={"TMPDIR": str(scratch)}).code == 0
    assert list(scratch.iterdir()) == []
    assert backed_up(*words, "--scratch", "nowhere").code == 13
    assert backed_up("backup", "verify", "--to", "backups", "--scratch", "scratch").code == 2


def test_a_damaged_archive_is_not_restored(backed_up: Tcps, scratch: Path) -> None:
    for path in Path("backups").glob("tcps-*-full-*"):
        path.write_bytes(path.read_bytes()[:-1])
    words = ("backup", "verify", "--to", "backups", "--restore-test", "--scratch", "scratch", "--json")
    done = backed_up(*words)
    assert done.code == 12
    assert [row["restored"] for row in done.json["archives"]] == [False]


def test_what_only_a_verification_of_the_store_finds_is_found(backed_up: Tcps, scratch: Path) -> None:
    """A ledger in which a record is changed by two revisions at once, every line of which is an entry."""
    (path,) = Path("backups").glob("tcps-*-full-*")
    (line,) = (shop.segments(Path())[0].read_bytes()).splitlines()[:1]
    forging.relined(path, [forging.changed(line, revision=3)])
    words = ("backup", "verify", str(path), "--restore-test", "--scratch", "scratch", "--json")
    assert backed_up(*words[:3]).code == 0
    done = backed_up(*words)
    assert done.code == 12
    (row,) = done.json["archives"]
    assert [found["class"] for found in row["findings"]] == ["EDITED"]
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("name", ["restore test", "restore"])
def test_a_signal_at_any_call_leaves_nothing(
    backed_up: Tcps, tmp_path: Path, quick_path: Path, name: str
) -> None:
    archive = sorted(path.name for path in Path("backups").glob("tcps-*"))[-1]
    words = {
        "restore test": ("backup", "verify", "--to", "backups", "--restore-test", "--scratch", "scratch"),
        "restore": ("restore", f"backups/{archive}", "--into", "scratch"),
    }[name]
    shutil.copytree(tmp_path, quick_path / "model")
    (quick_path / "model" / "scratch").mkdir()

    def copied() -> Path:
        shutil.rmtree(quick_path / "copy", ignore_errors=True)
        return Path(shutil.copytree(quick_path / "model", quick_path / "copy"))

    counting = Signalling(0, 0)
    assert in_child(partial(command, copied(), words, counting)) == 0
    for at, number in zip(places(counting.count, few=9), [*SIGNALS] * counting.count, strict=False):
        folder = copied()
        status = in_child(partial(command, folder, words, Signalling(at, number)))
        assert os.waitstatus_to_exitcode(status) == SIGNALS[number], (at, number)
        left = list((folder / "scratch").iterdir())
        assert left == [] or (name == "restore" and [one.name for one in left] == [".tcps"]), at
        assert shop.contents(folder) == shop.contents(tmp_path)
    assert backed_up("verify").code == 0
