"""The verdict on an archive includes all that it rests on; each fault of a chain has its own name."""

import os
import shutil
from pathlib import Path

import pytest

from tcps.backup import Folder, Shelf, Verdict, verify
from tcps.errors import NotFound
from tcps.identity import Identity
from tcps.store import Store
from tests.backup import forging, shelf
from tests.conftest import FixedClock
from tests.store import shop


@pytest.fixture
def chain(store: Store, clock: FixedClock, tmp_path: Path) -> list[Path]:
    """A full archive and three incremental ones; the third holds nothing."""
    made = []
    for kind in ("full", "incremental", "incremental", "incremental"):
        if len(made) != 2:
            shop.order(store)
        made.append(store.backup(kind, to=tmp_path / "backups").path)
        clock.forward(hours=1)
    return made


def judged(paths: list[Path], identity: Identity | None = None) -> list[Verdict]:
    return verify(Shelf(Folder(paths[0].parent)), [path.name for path in paths], identity)


def classes(verdict: Verdict) -> list[str]:
    return [finding.class_ for finding in verdict.findings]


def test_a_chain_is_intact_as_far_as_it_goes(store: Store, chain: list[Path]) -> None:
    found = judged(chain, store.engine.identity)
    assert [one.intact for one in found] == [True] * 4
    assert [(one.full, one.links) for one in found] == [(chain[0].name, n) for n in (0, 1, 2, 2)]


def test_what_rests_on_a_damaged_archive_is_broken_and_nothing_else(chain: list[Path]) -> None:
    """Format 13.7."""
    block = "entries/000000000002.jsonl"
    content = shelf.members(chain[1])[block].replace(b"an order", b"an Order")
    forging.replaced(chain[1], {block: content})
    assert [classes(one) for one in judged(chain)] == [[], ["EDITED"], ["PARENT"], ["PARENT"]]


def test_a_missing_parent_is_named(chain: list[Path]) -> None:
    """Format 13.7."""
    chain[0].unlink()
    found = judged(chain[1:])
    assert [classes(one) for one in found] == [["MISSING"]] * 3
    assert found[0].findings[0].path == chain[1].name
    chain[1].rename(chain[1].with_name("another-name.tar.zst"))
    assert classes(judged(chain[2:])[0]) == ["MISSING"]


def test_an_archive_under_another_name_is_one_all_the_same(chain: list[Path]) -> None:
    other = chain[0].rename(chain[0].with_name("full.tar.zst"))
    assert classes(judged([other])[0]) == []
    wrong = other.rename(chain[0].with_name(chain[0].name.replace("0001-full", "0002-full")))
    assert classes(judged([wrong])[0]) == ["MISFILED"]


def test_a_gap_between_an_archive_and_its_parent_is_named(chain: list[Path]) -> None:
    """Format 13.7: the parent is the one that is named, and does not end where the archive begins."""
    first = shelf.opened(chain[0])
    forging.rewritten(chain[1], parent=shelf.opened(chain[3]).digest)
    os.rename(chain[3], chain[3].with_name(chain[3].name.replace("00003-", "00001-")))
    assert first.manifest.to.seq == 1
    assert classes(judged([chain[1]])[0]) == ["GAP"]


def test_an_archive_of_another_store_is_named(store: Store, chain: list[Path], tmp_path: Path) -> None:
    """Format 13.7."""
    with shop.made(tmp_path / "other") as other:
        identity = other.engine.identity
    assert [classes(one) for one in judged(chain[:1], identity)] == [["FOREIGN"]]
    assert [classes(one) for one in judged(chain[:1], store.engine.identity)] == [[]]


def test_a_parent_of_another_store_with_the_same_id_is_named(chain: list[Path]) -> None:
    """Format 13.7."""
    shutil.copy(chain[1], chain[1].with_name("copy.tar.zst"))
    store = shelf.opened(chain[0]).manifest.store
    other = {
        "created": "2020-01-01T00:00:00.000Z",
        "format": 1,
        "origin": store.origin,
        "store_id": store.store_id,
    }
    forging.rewritten(chain[0], store=other)
    forging.rewritten(chain[1], parent=shelf.opened(chain[0]).digest)
    assert classes(judged([chain[1]])[0]) == ["FOREIGN"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_cannot_be_read_is_not_decided(chain: list[Path]) -> None:
    chain[1].chmod(0)
    found = judged(chain)
    assert [one.undecided for one in found] == [False, True, False, False]


def test_a_later_format_is_not_decided(chain: list[Path]) -> None:
    forging.rewritten(chain[3], archive=2)
    found = judged(chain)[3]
    assert (classes(found), found.undecided, found.intact) == (["TOO_NEW"], True, False)


def test_progress_counts_every_archive_once(chain: list[Path]) -> None:
    told: list[tuple[str, int, int]] = []
    names = [path.name for path in chain]
    verify(Shelf(Folder(chain[0].parent)), names, progress=lambda *one: told.append(one))
    assert {what for what, _, _ in told} == {"verifying"}
    assert {total for _, _, total in told} == {told[-1][1]}
    assert [done for _, done, _ in told] == sorted({done for _, done, _ in told})


def test_the_library_lists_and_verifies_the_archives_of_its_store(store: Store, chain: list[Path]) -> None:
    folder = chain[0].parent
    listed = store.list_backups(to=folder)
    assert [(str(one.name), one.parent, one.problem) for one in listed] == [
        (chain[0].name, None, None),
        (chain[1].name, chain[0].name, None),
        (chain[2].name, chain[1].name, None),
        (chain[3].name, chain[1].name, None),
    ]
    assert store.verify_backup(to=folder).name == chain[3].name
    assert store.verify_backup(chain[1].name, to=folder).intact
    for name in (None, "nothing.tar.zst"):
        with pytest.raises(NotFound, match="there is no archive in "):
            store.verify_backup(name, to=folder / "elsewhere")
