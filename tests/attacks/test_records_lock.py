"""What `records.lock` can be made to say, and what that hides: never damage (format 5.3, 5.5)."""

from pathlib import Path

import pytest

from tests.store import shop
from tests.store.faults import QuickDisk

NOTES = {"a lower number": "4 here\n", "another boot": "6 there\n", "a beginning": "6 he", "zeros": "\0" * 7}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six orders in six entries, three of which a checkpoint covers."""
    with shop.made(tmp_path):
        pass
    with shop.opened(tmp_path, boot="here", disk=QuickDisk()) as store:
        for n in range(6):
            shop.order(store, f"order {n}")
            if n == 2:
                store.checkpoint()
    return tmp_path


def found(folder: Path) -> set[str]:
    with shop.opened(folder, boot="here", disk=QuickDisk()) as store:
        return shop.classes(store)


def say(folder: Path, note: str) -> None:
    (folder / ".tcps/records.lock").write_text(note)


def order(folder: Path, n: int) -> Path:
    return folder / f".tcps/records/work_orders/0000/WO-{n}.json"


@pytest.mark.parametrize(
    ("note", "wanted"),
    [
        ("2 here\n", "ROLLED_BACK"),
        ("7 here\n", "ROLLED_BACK"),
        ("06 here\n", "UNREADABLE"),
        ("6  here\n", "UNREADABLE"),
        ("6 here\nx", "UNREADABLE"),
        ("six here\n", "UNREADABLE"),
    ],
)
def test_a_number_that_cannot_be_is_found_and_repaired(folder: Path, note: str, wanted: str) -> None:
    say(folder, note)
    assert found(folder) == {wanted}
    with shop.opened(folder, boot="here", disk=QuickDisk()) as store:
        blocked = note.startswith("7")  # the ledger must have had one more entry
        assert {step.action for step in store.repair()} == {"leave" if blocked else "rewrite"}
    if not blocked:
        assert found(folder) == set()
        assert (folder / ".tcps/records.lock").read_text() == "6 here\n"


def test_beside_a_checkpoint_its_absence_is_found(folder: Path) -> None:
    (folder / ".tcps/records.lock").unlink()
    assert found(folder) == {"MISSING"}
    with shop.opened(folder, boot="here", disk=QuickDisk()) as store:
        shop.order(store)
    assert found(folder) == set()


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_what_else_it_can_say_is_silent_and_hides_no_damage(folder: Path, note: str) -> None:
    whole = shop.record_files(folder)
    say(folder, note)
    assert found(folder) == set()
    edited = order(folder, 6).read_bytes().replace(b"alice", b"mally")
    order(folder, 6).write_bytes(edited)
    assert found(folder) == {"EDITED"}
    order(folder, 6).write_bytes(whole["records/work_orders/0000/WO-6.json"])
    order(folder, 2).unlink()  # the checkpoint covers it
    assert found(folder) == {"MISSING"}
    order(folder, 2).write_bytes(whole["records/work_orders/0000/WO-2.json"])
    order(folder, 6).unlink()  # it may not have been written yet, and will be
    assert found(folder) == set()
    with shop.opened(folder, boot="here", disk=QuickDisk()) as store:
        assert store.get_work_order("WO-6").title == "order 5"
        shop.order(store)
    assert shop.record_files(folder).items() >= whole.items()
    assert found(folder) == set()
