"""Use cases of maintenance: a run of its tasks, and how the system is (domain 13.1)."""

import time
from collections.abc import Iterator

from msgspec.structs import replace

from tcps.canonical import plain
from tcps.errors import TcpsError
from tcps.model import (
    Frequency,
    Issue,
    IssueSeverity,
    Json,
    Outcome,
    Severity,
    Task,
    TaskResult,
    Timestamp,
    TpmRun,
    number_of,
)
from tcps.rules import health, kanban, maintenance
from tcps.service import backups, watching
from tcps.service.metrics import rounded
from tcps.service.outside import Outside
from tcps.service.tasks import TASKS, Job, Seen
from tcps.store import Store, View, filters
from tcps.store.probing import probe

RUN_FIELDS = TpmRun.__struct_fields__
_RAN = (Outcome.OK, Outcome.FAILED)
_VERIFICATIONS = (Task.VERIFY_RECENT, Task.VERIFY_ALL)


def run(
    store: Store, frequency: Frequency, outside: Outside, *, force: bool = False, dry_run: bool = False
) -> tuple[Json, TcpsError | None]:
    """Do the tasks of a frequency and store what they found; gives the run, and why it could not be stored.

    A run that comes too early does nothing, unless it is forced.
    """
    with store.view() as view:
        started = view.now
        early = maintenance.is_early(frequency, view.newest_run(frequency, Outcome.OK), started)
    job = Job(store, outside, dry_run)
    skipped = early and not force
    results = [] if skipped else [_done(job, task) for task in maintenance.tasks_of(frequency)]
    with store.view() as view:
        known = maintenance.newest_results([TpmRun(frequency=frequency, tasks=tuple(results)), *_runs(view)])
    made = TpmRun(
        frequency=frequency,
        started_at=started,
        finished_at=store.engine.clock(),
        status=Outcome.SKIPPED if skipped else maintenance.outcome(results),
        tasks=tuple(results),
        score=maintenance.score(_issues(known)),
        actor=store.actor,
    )
    return (shown(made), None) if dry_run else _stored(store, made)


def show_health(store: Store) -> Json:
    """The score with its band, every component, overdue runs, issues, alerts, service objectives."""
    with store.view() as view:
        results = maintenance.newest_results(_runs(view))
        succeeded = {frequency: view.newest_run(frequency, Outcome.OK) for frequency in Frequency}
        created, now = store.engine.identity.created, view.now
        kept = maintenance.compliance(created, succeeded, now)
        facts = _facts(store, view, kept)
        alarms, slos = watching.alarms(view, kept), watching.objectives_met(view)
    points = maintenance.score(_issues(results))
    components = health.components(facts)
    return {
        "status": health.overall(components),
        "score": rounded(points),
        "band": maintenance.band(points),
        "maintenance_compliance": rounded(kept, 3),
        "frequencies": [_frequency(f, succeeded[f], created, now) for f in Frequency],
        "components": [one._asdict() for one in components],
        "issues": [plain(issue) for issue in maintenance.by_severity(_issues(results))],
        "alerts": alarms,
        "objectives": slos,
        "checked_at": now,
    }


def shown(record: TpmRun) -> Json:
    """A run as it is shown."""
    value: Json = plain(record)
    value["score"] = rounded(record.score)
    value["band"] = maintenance.band(record.score)
    return value


def _done(job: Job, task: Task) -> TaskResult:
    """One task, whatever comes of it: what it cannot do is an issue, and the others still run."""
    began = time.monotonic()
    try:
        done = TASKS[task](job)
        status = Outcome.OK if done.skipped is None else Outcome.SKIPPED
        details = done.details if done.skipped is None else done.details | {"reason": done.skipped}
        found = done.issues
    except TcpsError as error:
        status, details = Outcome.FAILED, {"error": error.code}
        found = [Seen(IssueSeverity.HIGH, str(task), error.message)]
    now = job.store.engine.clock()
    issues = [
        Issue(severity=s, task=task, location=where[:1000], description=what[:1000], detected_at=now)
        for s, where, what in found
    ]
    return TaskResult(
        task=task,
        status=status,
        duration_ms=round((time.monotonic() - began) * 1000),
        issues=maintenance.worst(issues),
        details=details | ({"issues_found": len(issues)} if issues else {}),
    )


def _stored(store: Store, made: TpmRun) -> tuple[Json, TcpsError | None]:
    """Keep a run; a store that is damaged cannot be written to, and the run is worth showing all the same."""
    try:
        with store.transaction("tpm.run") as draft:
            return shown(draft.put(replace(made, tpm_run_id=draft.next_id("tpm_run")))), None
    except TcpsError as error:
        return shown(made), error


def _runs(view: View) -> Iterator[TpmRun]:
    """Runs in which every task has its newest result, the newest run first."""
    runs = {run.id: run for f in Frequency if (run := view.newest_run(f, *_RAN)) is not None}
    yield from sorted(runs.values(), key=lambda run: number_of(run.id, run.kind), reverse=True)


def _issues(results: dict[Task, TaskResult]) -> list[Issue]:
    return [issue for result in results.values() for issue in result.issues]


def _facts(store: Store, view: View, kept: float) -> health.Facts:
    """What the components of health are judged by."""
    damage, verified_at = _verified(view)
    critical = filters.records(statuses=filters.UNRESOLVED, severities=[Severity.CRITICAL])
    rows = kanban.view(view.policy(), view.wip_by_bucket())["buckets"]
    over = [row["bucket"] for row in rows if row["limit"] is not None and row["current"] > row["limit"]]
    try:
        known: maintenance.Backups | str = backups.known(store)
    except TcpsError as error:
        known = error.message
    found = probe(store.engine, view)
    return health.Facts(
        now=view.now,
        created=store.engine.identity.created,
        store_trouble=found.store_trouble,
        index_trouble=found.index_trouble,
        damage=damage,
        verified_at=verified_at,
        critical_andons=view.ids("andon_event", critical),
        over_limit=over,
        graph=found.graph,
        lacking=found.lacking,
        differed=_differed(view),
        backups=known,
        space=maintenance.Space(*store.engine.fold.disk.space(store.folder)),
        compliance=kept,
    )


def _verified(view: View) -> tuple[list[str], Timestamp | None]:
    """What the newest verifications found damaged, and when the newest of them was."""
    damage: dict[Task, list[str]] = {}
    newest: Timestamp | None = None
    for run in _runs(view):
        for result in run.tasks:
            if result.task in _VERIFICATIONS and result.status is Outcome.OK:
                critical = [one for one in result.issues if one.severity is IssueSeverity.CRITICAL]
                damage.setdefault(result.task, [issue.location for issue in critical])
                newest = newest or run.finished_at
    return sorted({place for places in damage.values() for place in places}), newest


def _differed(view: View) -> bool:
    """Whether the newest comparison of a graph with the ledger found another one."""
    result = maintenance.newest_results(_runs(view)).get(Task.REBUILD_ONTOLOGY)
    return result is not None and result.details.get("same") is False


def _frequency(frequency: Frequency, last: TpmRun | None, created: Timestamp, now: Timestamp) -> Json:
    due = maintenance.is_due(frequency, created, now)
    return {
        "frequency": frequency,
        "last_success": None if last is None else last.finished_at,
        "due": due,
        "in_time": not due or maintenance.is_kept(frequency, last, now),
    }
