"""A salvage that is killed or fails at any step: nothing is lost, and a second one finishes it."""

import contextlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcps.canonical import line_bytes, parse, sha256_hex
from tcps.errors import IntegrityError, TcpsError
from tcps.store.salvage.journal import Journal
from tcps.store.salvage.planning import plan
from tests.conftest import DEEP
from tests.store import shop
from tests.store.faults import FAULTS, DyingSystem, FailingSystem, Fault, QuickDisk, in_child

NEVER = 10**9


@pytest.fixture(autouse=True)
def short_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A salvage takes several entries, as in a large store."""
    monkeypatch.setattr("tcps.store.salvage.planning._LINE_BYTES", 2500)


@pytest.fixture
def damaged(quick_path: Path) -> Path:
    """A store of several segments with a checkpoint, a wrong record file, and a line that is garbled."""
    folder = quick_path / "damaged"
    folder.mkdir()
    with shop.made(folder):
        pass
    with shop.opened(folder, segment_bytes=3000, disk=QuickDisk()) as store:
        shop.sku(store)
        for n in range(4):
            shop.receipt(store)
            shop.order(store, f"order {n}")
        store.checkpoint()
        shop.order(store, "after the checkpoint")
    (folder / "whole").mkdir()
    for path, content in shop.record_files(folder).items():
        (folder / "whole" / path.replace("/", " ")).write_bytes(content)
    garbled = shop.segments(folder)[1]
    content = garbled.read_bytes()
    garbled.write_bytes(content[:700] + b"#" * 200 + content[900:])
    next((folder / ".tcps/records").rglob("WO-3.json")).write_bytes(b"{}")
    return folder


def salvage(folder: Path, disk: QuickDisk) -> None:
    with shop.opened(folder, segment_bytes=3000, disk=disk, actor="bob") as store:
        store.repair(salvage=True)


def chosen(folder: Path, copy: Path, system: DyingSystem | FailingSystem) -> Iterator[int]:
    """At which of its calls to the system a salvage is interrupted: in the deep run at every one."""
    salvage(shop.copied(folder, copy), QuickDisk(system))
    every = range(1, system.count + 1)
    yield from every if DEEP else sorted(random.Random(system.count).sample(every, min(20, len(every))))


def is_shut_or_keeps(folder: Path) -> list[str]:
    """Write to the store if it lets anyone; the ids of what was acknowledged."""
    made = []
    with contextlib.suppress(IntegrityError), shop.opened(folder, disk=QuickDisk()) as store:
        made.append(shop.order(store, "in between"))
    return made


def lines(paths: list[Path]) -> set[bytes]:
    return {line for path in paths for line in path.read_bytes().splitlines(keepends=True)}


def check_finished(folder: Path, copy: Path, between: list[str]) -> None:
    """Everything is as if nobody had interrupted, and every byte of the damaged ledger is somewhere."""
    whole = {path.name.replace(" ", "/"): path.read_bytes() for path in (folder / "whole").iterdir()}
    now = shop.record_files(copy)
    assert {path: now.get(path) for path in whole} == whole
    assert sorted(Path(path).stem for path in now.keys() - whole.keys()) == between
    with shop.opened(copy) as store:
        report = store.verify_integrity()
        assert (shop.classes(store), len(report.salvaged)) == (set(), 4)
    kept = [*shop.segments(copy), *(copy / ".tcps/quarantine").rglob("ledger/*")]
    assert lines(kept) >= lines(shop.segments(folder))
    assert not (copy / ".tcps/salvage").exists()


@pytest.mark.parametrize("when", ["before", "after", "half"])
def test_killed_anywhere_it_is_finished_by_a_second_one(damaged: Path, quick_path: Path, when: str) -> None:
    for at in chosen(damaged, quick_path / "counted", DyingSystem(NEVER, when)):
        copy = shop.copied(damaged, quick_path / f"killed {at}")
        in_child(lambda copy=copy, at=at: salvage(copy, QuickDisk(DyingSystem(at, when))))
        between = is_shut_or_keeps(copy)
        salvage(copy, QuickDisk())
        check_finished(damaged, copy, between)
        shutil.rmtree(copy)


@pytest.mark.parametrize("fault", FAULTS if DEEP else FAULTS[::4], ids=lambda fault: fault.name)
def test_failing_anywhere_it_is_finished_by_a_second_one(
    damaged: Path, quick_path: Path, fault: Fault
) -> None:
    for at in chosen(damaged, quick_path / "counted", FailingSystem(fault, NEVER)):
        copy = shop.copied(damaged, quick_path / f"failed {at}")
        with contextlib.suppress(TcpsError):
            salvage(copy, QuickDisk(FailingSystem(fault, at, for_good=at % 2 == 0)))
        between = is_shut_or_keeps(copy)
        salvage(copy, QuickDisk())
        check_finished(damaged, copy, between)
        shutil.rmtree(copy)


def begun(folder: Path) -> Path:
    """A salvage of which nothing is done but its plan; the plan's file."""
    with shop.opened(folder, segment_bytes=3000, disk=QuickDisk(), actor="bob") as store:
        plan(store.engine, "bob").journal.write(QuickDisk(), store.engine.ledger, store.folder)
    return folder / ".tcps/salvage"


def test_a_ledger_that_was_put_back_since_is_not_cut(damaged: Path, quick_path: Path) -> None:
    copy = shop.copied(damaged, quick_path / "copy")
    begun(copy)
    garbled = shop.segments(copy)[1]
    garbled.write_bytes(garbled.read_bytes().replace(b"#" * 200, b" " * 200))
    before = shop.contents(copy)
    with shop.opened(copy, segment_bytes=3000, disk=QuickDisk()) as store:
        journal = Journal.read(QuickDisk(), store.folder)
        assert journal is not None
        with store.engine.records.locked():
            assert not journal.finish(QuickDisk(), store.engine.ledger, store.engine.records)
    assert shop.contents(copy) == before
    salvage(copy, QuickDisk())
    assert len(list((copy / ".tcps/quarantine").glob("*/salvage"))) == 1
    check_finished(copy, copy, [])


def test_a_plan_that_is_not_as_it_was_written_is_not_followed(damaged: Path) -> None:
    path = begun(damaged)
    content, before = path.read_bytes(), shop.contents(damaged)
    for place in random.Random(3).sample(range(len(content)), 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(IntegrityError, match="is damaged"):
            salvage(damaged, QuickDisk())
    assert shop.contents(damaged) == before


@pytest.mark.parametrize("wanted", ["moved", "aside"])
def test_a_hostile_plan_leads_to_no_path_outside(damaged: Path, quick_path: Path, wanted: str) -> None:
    victim = quick_path / "victim"
    victim.write_bytes(b"mine")
    path = begun(damaged)
    _, first, *rest = path.read_bytes().split(b"\n")
    cut = parse(first) | {wanted: ["../../victim"] if wanted == "moved" else "../.."}
    content = b"\n".join([line_bytes(cut), *rest])
    path.write_bytes(f"{sha256_hex(content)}\n".encode() + content)
    with pytest.raises(IntegrityError, match="leads out"):
        salvage(damaged, QuickDisk())
    assert victim.read_bytes() == b"mine"
