"""Anchors: a ledger that is not the one that was seen earlier is found, whatever the store says of itself."""

import hashlib
import shutil
from pathlib import Path

import pytest

from tcps.merkle import Checkpoint, node_hash
from tcps.store import Store
from tcps.verify import Anchor, Report
from tests.store import shop


@pytest.fixture
def before(store: Store) -> Checkpoint:
    """The tree over a store with two chains of one receipt, which has another receipt since."""
    for sku_id in ("web-1", "web-2"):
        shop.sku(store, sku_id)
        shop.receipt(store, sku_id)
    report = store.verify_integrity()
    shop.receipt(store, "web-1")
    return Checkpoint(store.engine.identity.origin, report.size, report.root)


def outside(checkpoint: Checkpoint, name: str = "../anchor.txt") -> Anchor:
    return Anchor(name, checkpoint, outside=True)


def found(report: Report) -> list[tuple[str, str | None]]:
    return [(finding.class_, finding.path) for finding in report.findings]


def test_an_anchor_that_holds_says_which_receipts_are_newer(store: Store, before: Checkpoint) -> None:
    older = Checkpoint(before.origin, 0, hashlib.sha256(b"").digest())  # RFC 6962, 2.1
    for report in (
        store.verify_integrity(anchors=[outside(before), outside(older)]),
        store.verify_chains(anchors=[outside(older), outside(before)]),
    ):
        assert report.intact
        assert (report.consistent, report.anchored, report.receipts_newer) == (2, before.size, 1)
    newer = {verdict.sku_id: verdict.receipts_newer for verdict in report.verdicts}
    assert newer == {"web-1": 1, "web-2": 0}


def test_without_an_anchor_every_receipt_is_newer(store: Store, before: Checkpoint) -> None:
    store.checkpoint()
    report = store.verify_integrity()
    assert (report.consistent, report.anchored, report.receipts_newer) == (0, None, 3)
    assert store.verify_chain("web-1").receipts_newer == 2


def test_an_anchor_of_another_history_is_forked(store: Store, before: Checkpoint) -> None:
    other = before._replace(root=node_hash(before.root, before.root))
    report = store.verify_integrity(anchors=[outside(before), outside(other, "mail.txt")])
    assert found(report) == [("FORKED", "mail.txt")]
    assert (report.consistent, report.anchored) == (1, before.size)
    (finding,) = report.findings
    assert finding.got == before.text().splitlines()[2]
    assert finding.expected == other.text().splitlines()[2]


def test_an_anchor_of_another_store_is_forked(store: Store, before: Checkpoint) -> None:
    report = store.verify_chain("web-1", anchors=[outside(before._replace(origin="tcps/other"))])
    assert found(report) == [("FORKED", "../anchor.txt")]


def test_an_older_copy_of_the_whole_store_is_rolled_back(tmp_path: Path, store: Store) -> None:
    """Nothing inside the store can show it: only the anchor does."""
    shop.sku(store)
    shutil.copytree(tmp_path / ".tcps", tmp_path / "older" / ".tcps")
    shop.receipt(store)
    now = store.verify_integrity()
    anchor = outside(Checkpoint(store.engine.identity.origin, now.size, now.root))
    with Store.open(tmp_path / "older", actor="eve") as older:
        assert older.verify_integrity().intact
        report = older.verify_integrity(anchors=[anchor])
        assert found(report) == [("ROLLED_BACK", "../anchor.txt")]
        assert (report.findings[0].expected, report.findings[0].got) == (now.size, now.size - 1)
        assert (report.consistent, report.anchored) == (0, None)


def test_the_newest_lines_cut_off_with_every_note_of_them_are_found_by_an_anchor(
    tmp_path: Path, store: Store
) -> None:
    shop.sku(store)
    shop.receipt(store)
    now = store.verify_integrity()
    anchor = outside(Checkpoint(store.engine.identity.origin, now.size, now.root))
    (segment,) = shop.segments(tmp_path)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    (tmp_path / ".tcps" / "records.lock").unlink()
    report = store.verify_integrity(anchors=[anchor])
    assert ("ROLLED_BACK", "../anchor.txt") in found(report)


def test_what_was_acknowledged_at_the_start_may_become_an_anchor(store: Store, before: Checkpoint) -> None:
    report = store.verify_integrity()
    assert report.acknowledged == Checkpoint(before.origin, report.size, report.root)
    assert store.verify_integrity(anchors=[outside(report.acknowledged)]).anchored == report.size


def test_an_entry_that_nobody_was_told_of_is_not_in_what_was_acknowledged(
    tmp_path: Path, store: Store, before: Checkpoint
) -> None:
    lock = tmp_path / ".tcps" / "records.lock"
    boot = lock.read_text().split()[1]
    lock.write_text(f"{before.size} {boot}\n")
    assert store.verify_integrity().acknowledged == before
