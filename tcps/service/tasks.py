"""The tasks of maintenance (domain 13.1): each looks, mends what it may, and says what it found."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tcps.errors import NotFound, TcpsError, Undecided
from tcps.model import Frequency, IssueSeverity, Json, Outcome, Sku, SkuStatus, Task, last_days, to_ms
from tcps.ontology.generations import FOLDER
from tcps.rules.maintenance import Space, backup_issue, disk_issue, kept_backups, newest_results
from tcps.rules.policy import setting
from tcps.service import auditing, backups, due, oversight
from tcps.service.outside import Outside
from tcps.store import Store, View, filters

AUDITED_DAYS = 90
"""How far back the publications lie that are audited."""


class Seen(NamedTuple):
    """One issue that a task found: how bad, where, what."""

    severity: IssueSeverity
    location: str
    description: str


class Done(NamedTuple):
    """What a task found, with what else it has to say; the reason when it could not be a task yet."""

    issues: list[Seen]
    details: Json
    skipped: str | None = None


class Job(NamedTuple):
    """What a task works with."""

    store: Store
    outside: Outside
    dry_run: bool


def verify_recent(job: Job) -> Done:
    """The chains of the SKUs that changed since the last time, and of those that were broken then."""
    with job.store.view() as view:
        head = view.loader.index.position().head.seq
        since, broken = _last_time(view)
        chosen = sorted({*_changed(view, since, head), *broken})
    details = {"since": since, "up_to": head, "skus": len(chosen)}
    if not chosen:
        return Done([], details)
    report = oversight.verify_chains(job.store, chosen, job.outside)
    return Done([*_ledger(report), *_broken(report)], details)


def verify_all(job: Job) -> Done:
    """Every chain and the digest of every record; what is published must be complete too.

    A damaged graph is no more than one that another graph was found for: it is made anew by who asks.
    """
    whole = oversight.verify_store(job.store, job.outside)
    issues = [Seen(_badness(found), _place(found), found["message"]) for found in whole["findings"]]
    published = _published(job.store, None)
    if published:
        chains = oversight.verify_chains(job.store, published, job.outside)["skus"]
        incomplete = [chain for chain in chains if chain["verdict"] == "intact" and not chain["complete"]]
        issues += [_incomplete(chain) for chain in incomplete]
    return Done(issues, {"records": whole["records"], "skus": whole["skus"], "receipts": whole["receipts"]})


def backup_age(job: Job) -> Done:
    """How long ago the newest good backup was made, once the store is older than a day."""
    known, now = backups.known(job.store), job.store.engine.clock()
    severity = backup_issue(known, now)
    place = backups.place_of(job.store, None).where()
    found = (
        "there is no good backup" if known.newest is None else f"the newest good backup is of {known.newest}"
    )
    issues = [] if severity is None else [Seen(severity, place, found)]
    return Done(issues, {"newest": known.newest})


def backup_verify(job: Job) -> Done:
    """The newest backup, every byte of it and of what it goes on from."""
    try:
        report = backups.verify(job.store, (), None)
    except NotFound:
        return Done([], {}, "there is no backup")
    (newest,) = report["archives"]
    if report["verdict"] == "undecided":
        if newest["findings"][0]["class"] == "ENCRYPTED":
            return Done(
                [], {"archive": newest["archive"]}, "there is no identity that opens the newest backup"
            )
        raise Undecided(newest["findings"][0]["message"])
    issues = [Seen(IssueSeverity.CRITICAL, _place(found), found["message"]) for found in newest["findings"]]
    return Done(issues, {"archive": newest["archive"], "links": newest["links"]})


def prune_backups(job: Job) -> Done:
    """Removes backups that are older than the policy says; that it cannot is an issue, not a failure."""
    with job.store.view() as view:
        keep = kept_backups(setting(view.policy(), "backup_retention_days"), view.now)
    try:
        pruned = backups.prune(job.store, keep, to=None, dry_run=job.dry_run)
    except TcpsError as error:
        return Done([Seen(IssueSeverity.LOW, "backups", error.message)], {})
    return Done([], {"kept": pruned["kept"], "removed": pruned["removed"]})


def disk_space(job: Job) -> Done:
    """The free space of the file system that holds the store."""
    engine = job.store.engine
    space = Space(*engine.fold.disk.space(job.store.folder))
    severity = disk_issue(space)
    left = f"{space.free // 1024 // 1024} MiB ({space.share:.0%}) are free"
    issues = [] if severity is None else [Seen(severity, str(job.store.folder), left)]
    return Done(issues, {"free_bytes": space.free, "total_bytes": space.total})


def andon_sweep(job: Job) -> Done:
    """Escalates and times out what is due; every Andon that is timed out and not resolved is an issue."""
    swept = due.sweep(job.store, job.dry_run)
    why = "it is timed out and not resolved"
    issues = [Seen(IssueSeverity.MEDIUM, andon_id, why) for andon_id in swept["timed_out"]]
    return Done(issues, {"changed": len(swept["andons"])})


def sla_check(job: Job) -> Done:
    """Raises the Andons of orders that are too late; every order that is breached is an issue."""
    checked = due.check_slas(job.store, job.dry_run)
    issues = [
        Seen(IssueSeverity.LOW, order["work_order_id"], f"it was due at {order['sla_deadline']}")
        for order in checked["breached"]
    ]
    return Done(issues, {"raised": len(checked["andons"])})


def checkpoint(job: Job) -> Done:
    """Makes the record files durable and writes a checkpoint; that it cannot is an issue, not a failure."""
    if job.dry_run:
        return Done([], {}, "a dry run writes no checkpoint")
    try:
        made = job.store.checkpoint()
    except TcpsError as error:
        return Done([Seen(IssueSeverity.MEDIUM, "checkpoint", error.message)], {})
    return Done([], {"size": made.checkpoint.size})


def rebuild_ontology(job: Job) -> Done:
    """Makes the graph anew; that what was kept is another one is an issue.

    Where none was kept, none is afterwards: it would fall behind with nobody to ask it.
    """
    if job.dry_run:
        return Done([], {}, "a dry run makes no graph")
    try:
        kept = job.store.ontology().kept
        asked = kept.current() is not None
        made = job.store.rebuild_ontology()
        if not asked:
            kept.forget()
    except Undecided as error:
        if error.code != "no_engine":
            raise
        return Done([], {}, error.message)
    why = "the graph that was kept was another one than the ledger gives; it is made anew"
    issues = [Seen(IssueSeverity.MEDIUM, "ontology", why)] if made.same is False else []
    return Done(issues, {"statements": made.content.statements, "same": made.same})


def audit_published(job: Job) -> Done:
    """The compliance of every SKU that was published in the last 90 days."""
    published = _published(job.store, AUDITED_DAYS)
    verdicts = auditing.verdicts(job.store, published) if published else {}
    with job.store.view() as files:
        view = files.as_ledger()
        reports = [auditing.judged(view, sku_id, verdicts[sku_id]) for sku_id in published]
    failed = [report for report in reports if not report["compliant"]]
    issues = [Seen(IssueSeverity.HIGH, report["sku_id"], _unmet(report)) for report in failed]
    return Done(issues, {"skus": len(published)})


TASKS: dict[Task, Callable[[Job], Done]] = {
    Task.VERIFY_RECENT: verify_recent,
    Task.BACKUP_AGE: backup_age,
    Task.DISK_SPACE: disk_space,
    Task.ANDON_SWEEP: andon_sweep,
    Task.SLA_CHECK: sla_check,
    Task.VERIFY_ALL: verify_all,
    Task.BACKUP_VERIFY: backup_verify,
    Task.PRUNE_BACKUPS: prune_backups,
    Task.CHECKPOINT: checkpoint,
    Task.REBUILD_ONTOLOGY: rebuild_ontology,
    Task.AUDIT_PUBLISHED: audit_published,
}


def _last_time(view: View) -> tuple[int, list[str]]:
    """Up to which entry the last daily run looked, and the SKUs that it found broken."""
    run = view.newest_run(Frequency.DAILY, Outcome.OK, Outcome.FAILED)
    result = newest_results([run] if run else []).get(Task.VERIFY_RECENT)
    if result is None or result.status is not Outcome.OK:
        return 0, []
    broken = [issue.location for issue in result.issues if view.get(Sku, issue.location) is not None]
    return int(result.details.get("up_to", 0)), broken


def _changed(view: View, since: int, head: int) -> Iterable[str]:
    for seq in range(since + 1, head + 1):
        yield from (change.id for change in view.loader.entry(seq).changes if change.kind == Sku.kind)


def _published(store: Store, days: int | None) -> list[str]:
    """The published SKUs, of the last days or (None) of all time."""
    with store.view() as view:
        where = filters.records(statuses=[SkuStatus.PUBLISHED])
        if days is not None:
            where.add("ended >= ?", to_ms(last_days(days, view.now).start))
        return view.ids("sku", where, "created, id")


def _ledger(report: Json) -> list[Seen]:
    return [Seen(IssueSeverity.CRITICAL, _place(found), found["message"]) for found in report["findings"]]


def _broken(report: Json) -> list[Seen]:
    broken = [chain for chain in report["skus"] if chain["verdict"] == "broken"]
    return [Seen(IssueSeverity.CRITICAL, chain["sku_id"], _first(chain, "integrity")) for chain in broken]


def _incomplete(chain: Json) -> Seen:
    why = _first(chain, "completeness")
    return Seen(IssueSeverity.HIGH, chain["sku_id"], f"it is published and incomplete: {why}")


def _first(chain: Json, kind: str) -> str:
    """The first finding of a kind, and how many more there are."""
    messages: list[Any] = [found["message"] for found in chain["findings"] if found["kind"] == kind]
    more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    return f"{messages[0]}{more}"


def _badness(finding: Json) -> IssueSeverity:
    of_graph = _place(finding).startswith(f"{FOLDER}/")
    return IssueSeverity.MEDIUM if of_graph else IssueSeverity.CRITICAL


def _place(finding: Json) -> str:
    return str(finding["path"] or finding["receipt_id"] or "ledger")


def _unmet(report: Json) -> str:
    names = [row["name"] for row in report["requirements"] if not row["passed"]]
    return f"it is published and not compliant: {', '.join(names)}"
