"""An archive that is damaged, hostile or without its parents is not restored, and not a byte is touched.

The deep run takes every byte of an archive and every truncation, the gate a few.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.backup import UnsoundError
from tcps.canonical import parse
from tcps.errors import IntegrityError
from tcps.store import Store
from tests.backup import forging, shelf
from tests.backup.test_damage import places
from tests.backup.test_hostile import HOSTILE
from tests.conftest import FixedClock
from tests.store import shop


@pytest.fixture
def archives(store: Store, clock: FixedClock, tmp_path: Path) -> list[Path]:
    """A full archive of two entries and an incremental one of some more, of a store that has come further."""
    made = []
    for kind in ("full", "incremental"):
        shop.order(store)
        shop.order(store)
        made.append(store.backup(kind, to=tmp_path / "backups").path)
        clock.forward(hours=1)
    store.close()
    return made


def everything(folder: Path) -> dict[str, bytes | None]:
    """Every name below a folder, with the bytes of each file, but for the archives themselves."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "backups" not in path.parts
    }


def refused(archive: Path, place: Path) -> UnsoundError:
    """Try to restore an archive over a store, and to a new place: nothing is touched."""
    before = everything(place)
    with pytest.raises(UnsoundError) as error:
        Store.restore(archive, place, force=True, accept_rollback=True)
    assert everything(place) == before
    with pytest.raises(UnsoundError):
        Store.restore(archive, place / "new")
    assert everything(place / "new") == {}
    return error.value


BY_LINES = frozenset(name for name in HOSTILE if "line" in name or "history" in name or "digests" in name)
"""What only the lines show: that they are not those of the root is seen first."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_by_name(archives: list[Path], tmp_path: Path, name: str) -> None:
    """Format 14.1."""
    class_, forge = HOSTILE[name]
    forge(archives[0])
    error = refused(archives[0], tmp_path)
    assert error.finding.class_ == class_ or name in BY_LINES


@pytest.mark.parametrize("which", [0, 1], ids=["the archive", "one that it goes on from"])
def test_every_flipped_byte_and_every_truncation_is_refused(
    archives: list[Path], tmp_path: Path, which: int
) -> None:
    damaged, content = archives[1 - which], archives[1 - which].read_bytes()
    for at in places(len(content), 40):
        damaged.write_bytes(content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :])
        refused(archives[1], tmp_path)
    for length in places(len(content), 20):
        damaged.write_bytes(content[:length])
        refused(archives[1], tmp_path)
    damaged.write_bytes(content)
    assert Store.restore(archives[1], tmp_path, force=True).report.intact


def test_a_chain_with_a_gap_is_refused(archives: list[Path], tmp_path: Path) -> None:
    content = archives[0].read_bytes()
    archives[0].unlink()
    assert refused(archives[1], tmp_path).finding.class_ == "MISSING"
    archives[0].write_bytes(content)
    start = parse(shelf.members(archives[1])["manifest.json"])["from"]
    forging.rewritten(archives[1], **{"from": start | {"offset": 7}})
    assert refused(archives[1], tmp_path).finding.class_ == "GAP"


def _traversal(line: bytes) -> bytes:
    return line.replace(b'"id":"WO-2"', b'"id":"../../../../WO-2"')


@pytest.mark.parametrize(
    "change", [_traversal, lambda line: line.replace(b'"kind":"work_order"', b'"kind":"stranger"')]
)
def test_a_line_that_leads_out_of_the_folder_is_refused(
    archives: list[Path], tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """Format 11.4, 14.1: even where every root fits it."""
    lines = [change(line) for line in shelf.lines(archives[0]).splitlines()]
    forging.relined(archives[0], lines)
    before = everything(tmp_path)
    with pytest.raises(IntegrityError):
        Store.restore(archives[0], tmp_path / "below" / "new")
    assert everything(tmp_path).keys() - before.keys() == {"below", "below/new"}


def test_what_the_ledger_itself_shows_is_restored_and_said(
    tmp_path: Path, clock: FixedClock, store: Store
) -> None:
    """Format 14.1: what was so when it was backed up is no damage, such as a clock that is behind."""
    shop.sku(store)
    shop.receipt(store)
    clock.forward(hours=-1)
    shop.receipt(store)
    assert shop.classes(store) == {"timestamp_in_future"}
    made = store.backup(to=tmp_path / "backups")
    done = Store.restore(made.path, tmp_path / "new", clock=clock)
    assert not done.report.intact
    assert shop.contents(tmp_path / "new") == shop.contents(tmp_path)
