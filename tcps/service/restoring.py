"""Use cases of restores: a store from its backups (format 14.1)."""

from collections.abc import Sequence
from pathlib import Path

from tcps.backup.chains import Shelf
from tcps.backup.wanted import Until
from tcps.errors import TcpsError, deciding
from tcps.files import Disk
from tcps.model import Json, system_clock
from tcps.service import views
from tcps.service.outside import Outside
from tcps.store import restoring, shelves
from tcps.store.restoring import Means, Request, Restored
from tcps.verify import Progress


def restore(
    path: str,
    folder: Path,
    outside: Outside,
    *,
    actor: str,
    wait: float,
    until: Until,
    force: bool,
    accept_rollback: bool,
    identity: str | None = None,
    progress: Progress | None = None,
) -> Json:
    """Restore a backup to a store's folder; what was restored, and what a person should know beside."""
    disk = Disk()
    places = shelves.usual(folder, disk, identity)
    place, name = shelves.located(path, places, disk, identity)
    origin = Shelf(place).archive(name).manifest.store.origin
    with deciding():
        anchors, trust = outside.compared(origin), outside.trust(origin)
    request = Request(
        place=place,
        name=name,
        folder=folder,
        actor=actor,
        until=until,
        force=force,
        accept_rollback=accept_rollback,
        anchors=anchors,
        trust=trust,
    )
    done = restoring.restore(request, Means(disk, system_clock, wait, places, progress))
    return _restored(done, _remembered(outside, done))


def _remembered(outside: Outside, done: Restored) -> list[str]:
    """Remember what was restored, without the entry that says so: where it came from has that too."""
    try:
        outside.home.remember(done.checkpoint, also_older=done.given_up is not None)
    except (TcpsError, OSError) as error:
        return [f"this checkpoint is not remembered: {error}"]
    return []


def _restored(done: Restored, warnings: Sequence[str]) -> Json:
    report = done.report
    broken = [one for verdict in report.verdicts for one in verdict.findings if one.kind == "integrity"]
    return {
        "store_id": done.store_id,
        "path": str(done.folder),
        "sequence": done.checkpoint.size,
        "last_entry_at": done.time,
        "archives": list(done.archives),
        "replaced": None if done.replaced is None else str(done.replaced),
        "given_up": done.given_up,
        "verdict": views.whole_verdict(report),
        "records": report.records_checked,
        "skus": report.skus,
        "receipts": report.receipts,
        "ledger": views.ledger(report),
        "findings": [views.finding(found) for found in [*report.findings, *broken]],
        "warnings": list(warnings),
    }
