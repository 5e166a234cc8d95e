"""What a restore gives up has to be accepted, is said in the ledger, and no backup goes on from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.backup import Kind
from tcps.errors import IntegrityError
from tcps.ledger import parse_line
from tcps.ledger.lines import Entry, Line
from tcps.rules import policy
from tcps.store import Store
from tcps.verify import Anchor
from tests.backup import shelf
from tests.conftest import FixedClock
from tests.store import shop

TITLES = ("first", "second", "third", "fourth")


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


@pytest.fixture
def archives(tmp_path: Path, clock: FixedClock, backups: Path) -> list[Path]:
    """An archive after each of four entries, the first one a full one; they are an hour apart."""
    made = []
    with Store.create(tmp_path, actor="alice", clock=clock) as store:
        for title in TITLES:
            shop.order(store, title)
            kind = "incremental" if made else "full"
            made.append(store.backup(kind, to=backups).path)
            clock.forward(hours=1)
    return made


def titles(folder: Path) -> list[str]:
    with Store.open(folder, actor="bob") as store:
        return [order.title for order in store.list_work_orders()]


def last(folder: Path) -> Entry:
    *_, content = shelf.ledger(folder).splitlines()
    return parse_line(Line(1, 0, content), None)


def anchored(folder: Path) -> list[Anchor]:
    """What somebody has seen of a store."""
    with Store.open(folder, actor="bob") as store:
        return [shop.anchor(store.checkpoint().checkpoint)]


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
def test_a_store_is_restored_up_to_an_entry(archives: list[Path], tmp_path: Path, seq: int) -> None:
    """Format 14.1: only the archives up to it are needed."""
    for later in archives[seq:-1]:
        later.write_bytes(later.read_bytes()[:-1] + b"x")
    done = Store.restore(archives[-1], tmp_path / "new", to_sequence=seq)
    assert done.checkpoint.size == seq
    assert done.archives == tuple(path.name for path in archives[:seq])
    assert titles(tmp_path / "new") == list(TITLES[:seq])
    assert done.report.intact


def test_a_store_is_restored_within_an_archive(tmp_path: Path, archives: list[Path], backups: Path) -> None:
    with Store.open(tmp_path, actor="bob") as store:
        full = store.backup(to=backups).path
    assert Store.restore(full, tmp_path / "new", to_sequence=3).checkpoint.size == 3
    assert shelf.ledger(tmp_path / "new").splitlines() == shelf.ledger(tmp_path).splitlines()[:3]


@pytest.mark.parametrize(
    ("moment", "seq"),
    [
        ("2026-01-20T10:00:00.000Z", 1),
        ("2026-01-20T11:59:59.999Z", 2),
        ("2026-01-20T12:00:00.000Z", 3),
        ("2026-01-20T14:00:00.000+02:00", 3),
        ("2027-01-01T00:00:00Z", 4),
    ],
)
def test_a_store_is_restored_up_to_a_moment(
    archives: list[Path], tmp_path: Path, backups: Path, moment: str, seq: int
) -> None:
    """Format 14.1: the last entry at or before it."""
    with Store.open(tmp_path, actor="bob") as store:
        full = store.backup(to=backups / "full").path
    for n, archive in enumerate((archives[-1], full)):
        done = Store.restore(archive, tmp_path / f"{n}", to_time=moment)
        assert (done.checkpoint.size, done.time) == (seq, f"2026-01-20T{9 + seq}:00:00.000Z")


def test_where_the_clock_went_back_the_last_entry_before_the_moment_counts(
    tmp_path: Path, clock: FixedClock, backups: Path
) -> None:
    with Store.create(tmp_path, actor="alice", clock=clock) as store:
        for hours in (5, -5, 1):
            clock.forward(hours=hours)
            shop.order(store)
        made = store.backup(to=backups)
    done = Store.restore(made.path, tmp_path / "new", to_time="2026-01-20T10:30:00Z")
    assert (done.checkpoint.size, done.time) == (2, "2026-01-20T10:00:00.000Z")


def test_a_store_that_has_come_further_is_replaced_when_that_is_accepted(
    archives: list[Path], tmp_path: Path
) -> None:
    """Format 14.3."""
    before = shop.contents(tmp_path)
    with pytest.raises(IntegrityError, match="the store that is there has come to entry 4") as refused:
        Store.restore(archives[1], tmp_path, force=True)
    assert refused.value.details == {"class": "ROLLED_BACK", "sequence": 2, "known": 4}
    assert shop.contents(tmp_path) == before
    done = Store.restore(archives[1], tmp_path, force=True, accept_rollback=True, actor="bob")
    assert (done.checkpoint.size, done.given_up, done.report.size) == (2, 4, 3)
    said = last(tmp_path)
    assert (said.seq, said.actor, said.action, said.changes) == (3, "bob", "restore.rollback 4", ())
    assert titles(tmp_path) == ["first", "second"]
    assert done.replaced is not None
    (tmp_path / "kept").mkdir()
    done.replaced.rename(tmp_path / "kept" / ".tcps")
    assert shop.contents(tmp_path / "kept") == before
    with Store.open(tmp_path, actor="bob") as store:
        report = store.verify_integrity()
        assert report.intact
        ((seq, _, actor, given_up),) = report.rolled_back
        assert (seq, actor, given_up) == (3, "bob", 4)
        assert shop.order(store) == "WO-3"


def _older_in_its_lock(folder: Path) -> None:
    """The newest lines and the index are gone; `records.lock` still names them."""
    (segment,) = shop.segments(folder)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:2]))
    shop.remove_index(folder)


def _another_last_entry(folder: Path) -> None:
    _older_in_its_lock(folder)
    (folder / ".tcps" / "records.lock").unlink()
    with Store.open(folder, actor="mallory") as store:
        shop.order(store, "another third")


@pytest.mark.parametrize(
    ("changed", "to", "class_"),
    [(_older_in_its_lock, 2, "ROLLED_BACK"), (_another_last_entry, 4, "FORKED")],
)
def test_what_the_store_that_is_there_knows_beyond_the_backup_is_given_up_by_word_alone(
    archives: list[Path], tmp_path: Path, changed: Callable[[Path], None], to: int, class_: str
) -> None:
    """Format 14.3."""
    changed(tmp_path)
    with pytest.raises(IntegrityError) as refused:
        Store.restore(archives[to - 1], tmp_path, force=True)
    assert refused.value.details["class"] == class_
    done = Store.restore(archives[to - 1], tmp_path, force=True, accept_rollback=True)
    assert done.given_up == (4 if to == 2 else 3)
    assert last(tmp_path).seq == to + 1


def test_a_damaged_store_is_replaced_by_its_newest_backup_without_further_ado(
    archives: list[Path], tmp_path: Path
) -> None:
    """Damage is no history of its own."""
    (segment,) = shop.segments(tmp_path)
    wanted = segment.read_bytes()
    segment.write_bytes(wanted.replace(b"second", b"Second").replace(b"fourth", b"Fourth"))
    (tmp_path / ".tcps" / "store.json").write_text("garbage")
    done = Store.restore(archives[-1], tmp_path, force=True)
    assert done.given_up is None
    assert shelf.ledger(tmp_path) == wanted


@pytest.mark.parametrize("to", [2, 4])
def test_an_anchor_that_does_not_fit_stops_a_restore_unless_that_is_accepted(
    archives: list[Path], tmp_path: Path, to: int
) -> None:
    """Format 14.1, 14.3: one that is larger, and one of another ledger."""
    Store.restore(archives[0], tmp_path / "other")
    if to == 4:
        with Store.open(tmp_path / "other", actor="mallory") as store:
            shop.order(store, "another way")
    anchors = anchored(tmp_path if to == 2 else tmp_path / "other")
    with pytest.raises(IntegrityError, match="kept outside"):
        Store.restore(archives[to - 1], tmp_path / "new", anchors=anchors)
    assert not (tmp_path / "new" / ".tcps").exists()
    done = Store.restore(archives[to - 1], tmp_path / "new", anchors=anchors, accept_rollback=True)
    assert done.given_up == (4 if to == 2 else 2)
    assert done.report.intact


def test_an_anchor_that_fits_changes_nothing(archives: list[Path], tmp_path: Path) -> None:
    done = Store.restore(archives[-1], tmp_path / "new", anchors=anchored(tmp_path), accept_rollback=True)
    assert (done.given_up, done.report.consistent) == (None, 1)
    assert shelf.ledger(tmp_path / "new") == shelf.ledger(tmp_path)


def test_another_store_is_not_replaced(archives: list[Path], tmp_path: Path) -> None:
    """Format 14.2."""
    with Store.create(tmp_path / "other", actor="bob") as store:
        shop.order(store)
    before = shop.contents(tmp_path / "other")
    with pytest.raises(IntegrityError, match=r"the backup is of the store .*; in .* is "):
        Store.restore(archives[0], tmp_path / "other", force=True, accept_rollback=True)
    assert shop.contents(tmp_path / "other") == before


@pytest.mark.parametrize("further", [False, True], ids=["behind the archive", "past it"])
def test_after_a_rollback_the_next_incremental_backup_is_a_full_one(
    archives: list[Path], tmp_path: Path, clock: FixedClock, backups: Path, further: bool
) -> None:
    """Format 13.6: nothing goes on from what was given up, and cron gets its backup."""
    Store.restore(archives[1], tmp_path, force=True, accept_rollback=True, actor="bob", clock=clock)
    with Store.open(tmp_path, actor="alice", clock=clock) as store:
        for n in range(3 if further else 0):
            shop.order(store, f"another way {n}")
        made = store.backup("incremental", to=backups)
        assert made.manifest.kind is Kind.FULL
        assert made.reason == (
            f"{archives[-1].name} is of what is no more: "
            "entry 3 of 2026-01-20T14:00:00.000Z says that bob restored an older state"
        )
        clock.forward(hours=1)
        shop.order(store)
        again = store.backup("incremental", to=backups)
        assert (again.reason, again.manifest.parent) == (None, made.manifest.digest)
    assert Store.restore(again.path, tmp_path / "new").checkpoint.size == made.manifest.to.seq + 1


def test_a_rollback_to_the_end_of_the_newest_archive_is_gone_on_from(
    archives: list[Path], tmp_path: Path, backups: Path, clock: FixedClock
) -> None:
    with Store.open(tmp_path, actor="alice", clock=clock) as store:
        shop.order(store, "in no backup")
    Store.restore(archives[-1], tmp_path, force=True, accept_rollback=True, clock=clock)
    with Store.open(tmp_path, actor="alice", clock=clock) as store:
        made = store.backup("incremental", to=backups)
    assert (made.manifest.kind, made.reason) == (Kind.INCREMENTAL, None)


def test_an_earlier_rollback_explains_no_other_history(
    archives: list[Path], tmp_path: Path, backups: Path, clock: FixedClock
) -> None:
    """Format 13.6: a rollback that the newest archive has itself is none of it."""
    Store.restore(archives[1], tmp_path, force=True, accept_rollback=True, clock=clock)
    with Store.open(tmp_path, actor="alice", clock=clock) as store:
        store.backup("incremental", to=backups)
        shop.copied(tmp_path / ".tcps", tmp_path / "fork" / ".tcps")
        clock.forward(hours=1)
        shop.order(store)
        store.backup("incremental", to=backups)
    with Store.open(tmp_path / "fork", actor="mallory", clock=clock) as store:
        shop.order(store, "another")
        shop.order(store, "way")
        with pytest.raises(IntegrityError, match="does not go on from"):
            store.backup("incremental", to=backups)


def test_where_the_lock_is_held_a_fork_is_found_all_the_same(
    archives: list[Path], tmp_path: Path, backups: Path, clock: FixedClock
) -> None:
    """Format 13.6: the root is not known then, and the lines are read."""
    Store.restore(archives[1], tmp_path / "fork", clock=clock)
    with Store.open(tmp_path / "fork", actor="mallory", clock=clock) as store:
        for title in TITLES:
            shop.order(store, title)
        with store.transaction("a long one"):
            shop.order(store, "not yet")
            other = Store.open(tmp_path / "fork", actor="bob", clock=clock, wait=0)
            with other, pytest.raises(IntegrityError, match="entries up to 4 are others by now"):
                other.backup("incremental", to=backups, wait=5)


def test_an_entry_that_a_caller_names_so_is_no_rollback(tmp_path: Path, archives: list[Path]) -> None:
    """Format 14.3: its changes are empty."""
    with Store.open(tmp_path, actor="mallory") as store:
        with store.transaction("restore.rollback 9") as draft:
            policy.change(draft, "wip_limits.features", "7")
        report = store.verify_integrity()
        assert report.intact
        assert report.rolled_back == []
    assert archives
