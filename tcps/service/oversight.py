"""Use cases that look at the whole: Kanban, policy, the ledger's log, verification, counts."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tcps.errors import NoStore, deciding, invalid_field
from tcps.ledger import Entry
from tcps.model import KINDS, Bucket, Json, parse_enum
from tcps.model.text import checked_id
from tcps.rules import kanban, policy
from tcps.service import views
from tcps.service.outside import Outside
from tcps.service.story import Teller
from tcps.store import Store
from tcps.store.repair import is_blocked
from tcps.verify import Progress, Report

_POLL_SECONDS = 0.1
_RESTORE = (
    "restore the store from a backup; if there is none, tcps repair --salvage makes it usable again by"
    " your word, which every later verification will say"
)
_SALVAGED = (
    "the anchors and signatures from before are of what is gone: tcps verify --accept-rollback remembers"
    " what is there now; where the store's key is pinned, tcps key unpin ID before that, and after it tcps"
    " checkpoint --sign and tcps key pin VKEY"
)
_ALIASES = {
    "andon": "andon_event",
    "workorder": "work_order",
    "analyse": "analysis",
    "rca": "analysis",
    "kaizen": "improvement",
    "tpm": "tpm_run",
}


def kanban_status(store: Store) -> Json:
    """WIP against limits of every bucket."""
    with store.view() as view:
        return kanban.view(view.policy(), view.wip_by_bucket())


def set_limit(store: Store, bucket: str, limit: str) -> Json:
    """Set a bucket's WIP limit; gives the bucket's row after it."""
    chosen = parse_enum(Bucket, bucket)
    with store.transaction("policy.set") as draft:
        kanban.set_limit(draft, chosen, limit)
        rows = kanban.view(draft.policy(), draft.wip_by_bucket())["buckets"]
    return next(dict(row) for row in rows if row["bucket"] == chosen)


def policy_show(store: Store) -> Json:
    """Every setting as it applies, and which of them were changed."""
    with store.view() as view:
        current = view.policy()
    return {
        "settings": policy.effective(current),
        "changed": sorted(current.settings),
        "revision": current.revision,
    }


def policy_set(store: Store, key: str, value: str) -> Json:
    """Change one setting."""
    with store.transaction("policy.set") as draft:
        changed = policy.change(draft, key, value)
    return {"key": key, "value": changed.settings[key], "revision": changed.revision}


def log(
    store: Store,
    *,
    since: int = 0,
    kind: str | None = None,
    record_id: str | None = None,
    follow: bool = False,
    tell: bool = False,
) -> Iterator[Json]:
    """Ledger entries after `since`, oldest first; with `follow`, on and on as they are committed.

    With `tell` each has `told`: what it did to the records that are asked for, in plain words.
    """
    wanted = None if kind is None else _kind(kind)
    chosen = None if record_id is None else checked_id("id", record_id)
    while True:
        if not (store.folder / "store.json").exists():
            raise NoStore(f"the store {store.folder} is gone")
        for entry, told in _entries(store, since, wanted, chosen, tell):
            since = entry.seq
            everything = wanted is None and chosen is None
            if everything or any(
                wanted in (None, change.kind) and chosen in (None, change.id) for change in entry.changes
            ):
                yield views.entry(entry) | ({"told": told} if tell else {})
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


def verify_chains(
    store: Store, sku_ids: list[str], outside: Outside, *, progress: Progress | None = None
) -> Json:
    """The verdict on the chains of some SKUs, or of all when none is named (interface 5)."""
    chosen = [checked_id("sku_id", sku_id) for sku_id in sku_ids] or None
    origin = store.engine.identity.origin
    with deciding():
        report = store.verify_chains(
            chosen, anchors=outside.compared(origin), trust=outside.trust(origin), progress=progress
        )
    if report.intact:
        outside.remember(store, report.acknowledged)
    return chains_report(report)


def verify_store(
    store: Store, outside: Outside, *, progress: Progress | None = None, sample: float | None = None
) -> Json:
    """The verdict on the whole store: ledger, checkpoints, record files, chains.

    With a `sample`, in percent, the content of so many of the files is looked at.
    """
    origin = store.engine.identity.origin
    with deciding():
        report = store.verify_integrity(
            anchors=outside.compared(origin),
            trust=outside.trust(origin),
            progress=progress,
            sample=1 if sample is None else sample / 100,
        )
    if report.intact:
        outside.remember(store, report.acknowledged)
    broken = [f for verdict in report.verdicts for f in verdict.findings if f.kind == "integrity"]
    return {
        "verdict": views.whole_verdict(report),
        "records": report.records_checked,
        "skus": report.skus,
        "receipts": report.receipts,
        "graphs": report.graphs,
        "index": report.indexed,
        "sample": None if sample is None else {"percent": sample, "files_read": report.files_read},
        "ledger": views.ledger(report),
        **views.known_from_outside(report, report.receipts_newer),
        "salvaged": [one._asdict() for one in report.salvaged],
        "rolled_back": [one._asdict() for one in report.rolled_back],
        "findings": [views.finding(found) for found in [*report.findings, *broken]],
    }


def repair(store: Store, outside: Outside, dry_run: bool = False, salvage: bool = False) -> Json:
    """Make the record files what the ledger says; gives what was done and what could not be."""
    origin = store.engine.identity.origin
    with deciding():
        anchors, trust = outside.compared(origin), outside.trust(origin)
        steps = store.repair(dry_run, salvage=salvage)
    salvaged = not dry_run and any(step.action == "append" for step in steps)
    parted = salvaged and not store.verify_integrity(anchors=anchors, trust=trust).intact
    return {
        "dry_run": dry_run,
        "steps": [step._asdict() for step in steps],
        "hint": _RESTORE if is_blocked(steps) else _SALVAGED if parted else None,
        "verdict": "intact" if (dry_run and not steps) or store.verify_integrity().intact else "broken",
    }


def chains_report(report: Report) -> Json:
    """A report on chains as interface 5 writes it; findings beside the chains stand under `findings`."""
    return {
        "skus": [views.verdict(verdict, report) for verdict in report.verdicts],
        "verdict": views.whole_verdict(report),
        "receipts": report.receipts,
        "message": None if report.receipts else "no receipts: there was nothing to prove",
        "ledger": views.ledger(report),
        **views.known_from_outside(report, report.receipts_newer),
        "salvaged": [one._asdict() for one in report.salvaged],
        "rolled_back": [one._asdict() for one in report.rolled_back],
        "findings": [views.finding(found) for found in report.findings],
    }


def stats(store: Store) -> Json:
    """Counts of every kind of record by status, the sizes on disk in bytes, how old the newest backup is."""
    from tcps.service import backups

    with store.view() as view:
        counts = {
            "work_orders": view.counts("work_order", "status"),
            "work_orders_by_bucket": view.counts("work_order", "bucket"),
            "skus": view.counts("sku", "status"),
            "receipts": view.counts("receipt", "status"),
            "andon_events": view.counts("andon_event", "status"),
            "analyses": view.counts("analysis", "status"),
            "improvements": view.counts("improvement", "status"),
            "tpm_runs": view.counts("tpm_run", "status"),
        }
        line = views.line(counts["skus"], view.skus_by_stage())
        entries = view.loader.index.position().head.seq
    folder = store.folder
    sizes = {
        "ledger": _size(folder / "ledger"),
        "records": _size(folder / "records"),
        "index": sum(path.stat().st_size for path in folder.glob("index.sqlite*")),
    }
    return (
        {"store_id": store.store_id, "path": str(folder), "entries": entries}
        | counts
        | {"line": line, "bytes": sizes, "backups": backups.overview(store)}
    )


def ids(store: Store, kind: str, start: str, limit: int = 50) -> list[str]:
    """Ids of a kind that start with a text, for completion in the shell."""
    with store.view() as view:
        return list(view.ids_like(kind, start, limit))


def _entries(
    store: Store, since: int, kind: str | None, record_id: str | None, tell: bool
) -> Iterator[tuple[Entry, list[Json]]]:
    """The entries after `since`, of one record those alone that changed it; each with its story."""
    with store.view() as view:
        teller = Teller(view)
        numbers: Iterable[int] = range(since + 1, view.loader.index.position().head.seq + 1)
        if record_id is not None:
            changed = {seq for kind in KINDS for seq in view.history(kind, record_id)}
            numbers = sorted(seq for seq in changed if seq > since)
        for seq in numbers:
            entry = view.loader.entry(seq)
            yield entry, list(teller.story(entry, kind, record_id)) if tell else []


def _kind(name: str) -> str:
    word = name.strip().lower().replace("-", "_")
    singular = word.removesuffix("s")
    kind = word if word in KINDS else _ALIASES.get(singular, singular)
    if kind not in KINDS:
        raise invalid_field("kind", f"is one of {', '.join(KINDS)}, not {name!r}")
    return kind


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
