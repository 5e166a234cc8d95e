"""Salvage (format 5.7): what a damaged store still says is kept, by the word of the one who asks for it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tcps.canonical import file_bytes, line_bytes, parse, sha256_hex
from tcps.errors import IntegrityError, NotFound
from tests.store import shop
from tests.store.faults import QuickDisk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with eleven entries: orders, one of them deleted and one changed, and a chain of three."""
    with shop.made(tmp_path) as store:
        shop.order(store, "one")
        shop.sku(store, "app-1")
        gone = shop.order(store, "gone")
        store.delete_work_order(gone)
        for _ in range(3):
            shop.receipt(store, "app-1")
        shop.andon(store, "app-1")
        store.update_work_order({"work_order_id": "WO-1", "revision": 1, "priority": 9})
        shop.order(store, "last")
    return tmp_path


def lines(folder: Path) -> list[bytes]:
    return shop.segments(folder)[0].read_bytes().splitlines(keepends=True)


def put(folder: Path, content: list[bytes]) -> None:
    shop.segments(folder)[0].write_bytes(b"".join(content))


def garble(folder: Path, *numbers: int) -> None:
    """Make entries unreadable, the ids in them included."""
    content = lines(folder)
    for number in numbers:
        content[number - 1] = b"#" * (len(content[number - 1]) - 1) + b"\n"
    put(folder, content)


def file_of(folder: Path, name: str) -> Path:
    return next((folder / ".tcps/records").rglob(name))


def actions(folder: Path, *, dry_run: bool = False) -> list[tuple[str, str]]:
    """Salvage as bob; what was done to what."""
    with shop.opened(folder, disk=QuickDisk(), actor="bob") as store:
        return [(step.action, step.path.rsplit("/", 1)[-1]) for step in store.repair(dry_run, salvage=True)]


def salvaged(folder: Path) -> list[tuple[int, str, int, int]]:
    """What a verification says of salvages, once it has found nothing wrong."""
    with shop.opened(folder) as store:
        report = store.verify_integrity()
        assert (report.intact, shop.classes(store)) == (True, set())
        assert store.verify_chains().salvaged == report.salvaged
        return [(s.sequence, s.actor, s.records, s.receipts) for s in report.salvaged]


def works(folder: Path) -> None:
    """The store can be read and written, and what is written is sound."""
    with shop.opened(folder) as store:
        shop.order(store, "after")
        store.list_work_orders()
        assert shop.classes(store) == set()
    shop.remove_index(folder)
    with shop.opened(folder) as store:
        assert store.list_work_orders()[-1].title == "after"
    assert shop.files_by_ledger(folder) == shop.record_files(folder)


def quarantined(folder: Path) -> dict[str, bytes]:
    place = folder / ".tcps/quarantine"
    files = [path for path in place.rglob("*") if path.is_file()]
    return {path.relative_to(place).as_posix().split("/", 1)[1]: path.read_bytes() for path in files}


def remove_ledger(folder: Path) -> None:
    shutil.rmtree(folder / ".tcps/ledger")


def leave_records_alone(folder: Path) -> None:
    remove_ledger(folder)
    for name in ("records.lock", "checkpoint"):
        (folder / ".tcps" / name).unlink(missing_ok=True)
    shop.remove_index(folder)


def swap(folder: Path) -> None:
    content = lines(folder)
    content[3], content[4] = content[4], content[3]
    put(folder, content)


WHOLE: dict[str, tuple[Callable[[Path], object], int]] = {
    "the first line garbled": (lambda folder: garble(folder, 1), 0),
    "a line in the middle garbled": (lambda folder: garble(folder, 7), 6),
    "several lines garbled": (lambda folder: garble(folder, 3, 6, 9, 10), 2),
    "the last line garbled": (lambda folder: garble(folder, 11), 10),
    "a line removed": (lambda folder: put(folder, [*lines(folder)[:5], *lines(folder)[6:]]), 5),
    "two lines swapped": (swap, 3),
    "the newest lines removed": (lambda folder: put(folder, lines(folder)[:5]), 5),
    "the last line cut": (lambda folder: put(folder, [*lines(folder)[:-1], lines(folder)[-1][:40]]), 10),
    "emptied": (lambda folder: put(folder, []), 0),
    "its file gone": (lambda folder: shop.segments(folder)[0].unlink(), 0),
    "its folder gone": (remove_ledger, 0),
    "nothing left but record files": (leave_records_alone, 0),
}


@pytest.mark.parametrize("name", WHOLE)
def test_with_intact_record_files_nothing_is_lost(folder: Path, name: str) -> None:
    harm, kept = WHOLE[name]
    before, beginning = shop.record_files(folder), b"".join(lines(folder)[:kept])
    harm(folder)
    rest = b"".join(path.read_bytes() for path in shop.segments(folder))[len(beginning) :]
    with shop.opened(folder) as store:
        assert {step.action for step in store.repair()} == {"leave"}
    tried = actions(folder, dry_run=True)
    assert actions(folder) == tried
    assert shop.record_files(folder) == before
    assert b"".join(lines(folder)[:kept]) == beginning
    assert b"".join(quarantined(folder).values()) == rest
    ((sequence, actor, records, receipts),) = salvaged(folder)
    assert (sequence, actor) == (kept + 1, "bob")
    assert (records, receipts) == (sum(a == "take" for a, _ in tried), sum("shacl" in p for _, p in tried))
    works(folder)


@pytest.mark.parametrize("lost", ["removed", "emptied"])
def test_a_segment_in_the_middle_is_lost(tmp_path: Path, lost: str) -> None:
    with shop.made(tmp_path):
        pass
    with shop.opened(tmp_path, segment_bytes=1500) as store:
        for n in range(8):
            shop.order(store, f"order {n}")
    before, (first, middle, *_) = shop.record_files(tmp_path), shop.segments(tmp_path)
    kept = first.read_bytes()
    middle.unlink() if lost == "removed" else middle.write_bytes(b"")
    actions(tmp_path)
    assert shop.record_files(tmp_path) == before
    assert first.read_bytes().startswith(kept)
    assert len(salvaged(tmp_path)) == 1
    works(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"tcps/other\n11\n" + b"A" * 43 + b"=\n"])
def test_a_garbled_checkpoint_is_replaced_and_that_is_said(folder: Path, content: bytes) -> None:
    (folder / ".tcps/checkpoint").write_bytes(content)
    before = lines(folder)
    assert actions(folder) == [("quarantine", "checkpoint"), ("append", "ledger")]
    assert quarantined(folder) == {"checkpoint": content}
    assert lines(folder)[:-1] == before
    assert salvaged(folder) == [(12, "bob", 0, 0)]
    assert (folder / ".tcps/checkpoint").read_text().splitlines()[1] == "12"
    works(folder)


def test_a_checkpoint_of_another_root_is_put_aside_and_stays_an_accuser(folder: Path) -> None:
    with shop.opened(folder, disk=QuickDisk()) as store:
        before = store.checkpoint()
    garble(folder, 4)
    assert ("quarantine", "checkpoint") in actions(folder)
    with shop.opened(folder) as store:
        found = store.verify_integrity(anchors=[shop.anchor(before.checkpoint)]).findings
    assert [finding.class_ for finding in found] == ["ROLLED_BACK"]


def test_where_nothing_is_lost_a_record_file_is_no_evidence(folder: Path) -> None:
    (folder / ".tcps/checkpoint").write_bytes(b"")
    order, whole = file_of(folder, "WO-1.json"), shop.record_files(folder)
    record = parse(order.read_bytes()) | {"title": "another", "revision": 7}
    order.write_bytes(file_bytes(record))
    actions(folder)
    assert salvaged(folder) == [(12, "bob", 0, 0)]
    assert shop.record_files(folder) == whole
    assert file_bytes(record) in quarantined(folder).values()


def test_a_file_that_a_later_line_contradicts_goes_to_quarantine(folder: Path) -> None:
    whole, order = shop.record_files(folder), file_of(folder, "WO-1.json")
    edited = order.read_bytes().replace(b'"priority": 9', b'"priority": 8')
    order.write_bytes(edited)
    garble(folder, 3)
    actions(folder)
    assert shop.record_files(folder) == whole
    assert edited in quarantined(folder).values()
    assert len(salvaged(folder)) == 1


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c.replace(b"{", b"{ ", 1), lambda c: b"[]"])
def test_a_file_that_no_writer_wrote_is_no_evidence(folder: Path, change: Callable[[bytes], bytes]) -> None:
    order = file_of(folder, "WO-4.json")
    order.write_bytes(change(order.read_bytes()))
    garble(folder, 11)
    assert ("reserve", "ledger") in actions(folder)
    with shop.opened(folder) as store:
        assert [order.id for order in store.list_work_orders()] == ["WO-1", "WO-2"]
        assert shop.order(store) == "WO-5"


def test_a_deletion_that_can_be_read_is_final(folder: Path) -> None:
    stray = file_of(folder, "WO-1.json").with_name("WO-3.json")
    deleted = next(c for line in lines(folder) for c in parse(line)["changes"] if c["id"] == "WO-3")
    stray.write_bytes(file_bytes(deleted["record"]))
    garble(folder, 2)
    actions(folder)
    assert not stray.exists()
    with shop.opened(folder) as store:
        assert "WO-3" not in [order.id for order in store.list_work_orders()]
        assert shop.order(store) == "WO-5"


def test_a_record_whose_deletion_is_lost_is_back_and_that_is_said(folder: Path) -> None:
    garble(folder, 5)
    with shop.opened(folder, disk=QuickDisk()) as store:
        (step,) = [s for s in store.repair(dry_run=True, salvage=True) if s.path.endswith("WO-3.json")]
    assert (step.action, "it is back" in step.why) == ("rewrite", True)
    actions(folder)
    with shop.opened(folder) as store:
        assert store.get_work_order("WO-3").title == "gone"


def receipts(folder: Path) -> list[Path]:
    return sorted((folder / ".tcps/records").rglob("receipts/*.json"))


def test_a_receipt_whose_file_and_line_are_gone_takes_those_after_it_along(folder: Path) -> None:
    garble(folder, 6, 7)
    receipts(folder)[1].unlink()
    third = receipts(folder)[1].read_bytes()
    done = actions(folder)
    assert ("lose", "00000003-shacl_validation.json") in done
    assert ("lose", "receipts") in done
    assert [path.name for path in receipts(folder)] == ["00000001-shacl_validation.json"]
    assert third in quarantined(folder).values()
    with shop.opened(folder) as store:
        assert store.verify_integrity().findings == []
        assert store.engine.fold.loader().index.db.execute(
            "SELECT n FROM counter WHERE kind='receipt'"
        ).fetchone() == (3,)


def test_a_receipt_that_its_sku_does_not_know_is_not_taken(folder: Path) -> None:
    last = receipts(folder)[-1]
    record = parse(last.read_bytes())
    forged = record | {
        "receipt_id": "RCPT-4",
        "sequence": 4,
        "previous": f"sha256:{sha256_hex(last.read_bytes())}",
    }
    path = last.with_name("00000004-shacl_validation.json")
    path.write_bytes(file_bytes(forged))
    garble(folder, 11)
    assert ("lose", path.name) in actions(folder)
    assert not path.exists()
    assert len(salvaged(folder)) == 1


def test_the_newest_receipt_is_the_one_that_its_sku_names(folder: Path) -> None:
    last = receipts(folder)[-1]
    edited = last.read_bytes().replace(b'"actor": "alice"', b'"actor": "mally"')
    last.write_bytes(edited)
    garble(folder, 7, 8, 9)
    assert ("lose", last.name) in actions(folder)
    assert edited in quarantined(folder).values()
    assert len(receipts(folder)) == 2


def test_receipts_of_a_sku_of_which_nothing_is_known_are_not_taken(folder: Path) -> None:
    file_of(folder, "sku.json").unlink()
    remove_ledger(folder)
    done = actions(folder)
    assert [path for action, path in done if action == "lose"] == [
        f"0000000{n}-shacl_validation.json" for n in (1, 2, 3)
    ]
    assert receipts(folder) == []
    with shop.opened(folder) as store, pytest.raises(NotFound):
        store.get_sku("app-1")


def test_a_new_order_comes_after_the_salvaged_ones(folder: Path) -> None:
    remove_ledger(folder)
    actions(folder)
    with shop.opened(folder) as store:
        made = [shop.order(store, priority=4), shop.order(store, priority=4)]
        with store.view() as view:
            queue = view.queue(store.get_work_order(made[0]).bucket)
    assert queue[-2:] == tuple(made)
    actions(folder)
    garble(folder, 2)
    actions(folder)
    with shop.opened(folder) as store:
        made.append(shop.order(store, priority=4))
        with store.view() as view:
            assert view.queue(store.get_work_order(made[0]).bucket)[-3:] == tuple(made)


def test_idempotency_keys_of_lost_entries_are_named(tmp_path: Path) -> None:
    with shop.made(tmp_path) as store:
        shop.order(store)
        with store.transaction("work_order.create", "a key"):
            shop.order(store)
    garble(tmp_path, 1)
    with shop.opened(tmp_path, disk=QuickDisk()) as store:
        assert [step.why for step in store.repair(salvage=True) if step.action == "forget"] == [
            "the idempotency key 'a key': a call with it will act again"
        ]


def test_what_does_not_fit_in_one_entry_goes_to_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcps.store.salvage.planning._LINE_BYTES", 3000)
    before = shop.record_files(folder)
    remove_ledger(folder)
    actions(folder)
    found = salvaged(folder)
    assert len(found) > 2
    assert [sequence for sequence, *_ in found] == list(range(1, len(found) + 1))
    assert shop.record_files(folder) == before
    works(folder)


def test_a_hostile_line_leads_to_no_path_outside(folder: Path, tmp_path: Path) -> None:
    content = lines(folder)
    entry = parse(content[2])
    change = next(c for c in entry["changes"] if c["kind"] == "sku")
    change["record"]["sku_id"] = change["id"] = "../../../../../../escaped"
    change["sha256"] = sha256_hex(file_bytes(change["record"]))
    content[2] = line_bytes(entry) + b"\n"
    put(folder, content)
    garble(folder, 4)
    actions(folder)
    assert not list(tmp_path.rglob("escaped*"))
    assert len(salvaged(folder)) == 1


def test_a_sound_store_is_not_salvaged(folder: Path) -> None:
    before = shop.contents(folder)
    assert actions(folder) == []
    assert shop.contents(folder) == before
    receipts(folder)[0].write_bytes(b"{}")
    assert actions(folder) == [("rewrite", "00000001-shacl_validation.json")]
    assert shop.contents(folder) == before


def test_the_log_shows_a_salvage_without_changes(folder: Path) -> None:
    from tcps.service import oversight

    (folder / ".tcps/checkpoint").write_bytes(b"")
    actions(folder)
    with shop.opened(folder) as store:
        assert [entry["action"] for entry in oversight.log(store, since=11)] == ["repair.salvage"]


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, json.dumps({"format": 1}).encode()])
def test_without_its_identity_nothing_can_be_said_of_a_store(folder: Path, content: bytes) -> None:
    (folder / ".tcps/store.json").write_bytes(content)
    with pytest.raises(IntegrityError) as met:
        shop.opened(folder)
    assert "from a copy" in (met.value.hint or "")
