"""Total productive maintenance (domain 13.1): which task belongs to which run, when one is due, the score."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tcps.model import (
    DAY_MS,
    HOUR_MS,
    Frequency,
    Issue,
    IssueSeverity,
    Outcome,
    Task,
    TaskResult,
    Timestamp,
    TpmRun,
    last_days,
    to_ms,
)
from tcps.rules.retention import Keep

TASKS = {
    Frequency.DAILY: (
        Task.VERIFY_RECENT,
        Task.BACKUP_AGE,
        Task.DISK_SPACE,
        Task.ANDON_SWEEP,
        Task.SLA_CHECK,
    ),
    Frequency.WEEKLY: (Task.VERIFY_ALL, Task.BACKUP_VERIFY, Task.PRUNE_BACKUPS, Task.CHECKPOINT),
    Frequency.MONTHLY: (Task.REBUILD_ONTOLOGY,),
    Frequency.QUARTERLY: (Task.AUDIT_PUBLISHED,),
}
"""What each frequency adds to the shorter ones."""
DEDUCTIONS = {
    IssueSeverity.CRITICAL: 20.0,
    IssueSeverity.HIGH: 10.0,
    IssueSeverity.MEDIUM: 5.0,
    IssueSeverity.LOW: 2.0,
    IssueSeverity.INFO: 0.5,
}
BANDS = {"excellent": 90.0, "good": 75.0, "fair": 50.0, "poor": 25.0, "critical": 0.0}
"""The least score of each band, the best first."""
SKIP_SHARE = 0.9
"""A run is skipped when less than this share of its interval has passed since the last successful one."""
LOW_DISK, VERY_LOW_DISK, LEAST_DISK_BYTES = 0.10, 0.05, 256 * 1024 * 1024
OLD_BACKUP_MS, VERY_OLD_BACKUP_MS = 24 * HOUR_MS, 72 * HOUR_MS
KEPT_FULL_BACKUPS = 3
"""How many of the newest full archives stay, however old they are."""
KEPT_ISSUES = 100
"""How many issues of a task a run keeps, the worst; its details say how many there were."""


class Space(NamedTuple):
    """The bytes of a file system that are free, and all of them."""

    free: int
    total: int

    @property
    def share(self) -> float:
        """How much of it is free, 0 to 1."""
        return self.free / self.total if self.total else 1.0


class Backups(NamedTuple):
    """When the first entry of the ledger was made, and when the newest good backup."""

    first_entry: Timestamp | None
    newest: Timestamp | None


def tasks_of(frequency: Frequency) -> tuple[Task, ...]:
    """The tasks of a run: its own, and before them those of the shorter frequencies."""
    return tuple(task for covered in frequency.covered for task in TASKS[covered])


def is_early(frequency: Frequency, last: TpmRun | None, now: Timestamp) -> bool:
    """Whether so little time has passed since the last successful run that another would tell nothing."""
    if last is None:
        return False
    return to_ms(now) - to_ms(last.started_at) < SKIP_SHARE * frequency.interval_ms


def score(issues: Iterable[Issue]) -> float:
    """100 less what the issues take from it, at least 0."""
    return max(0.0, 100.0 - sum(DEDUCTIONS[issue.severity] for issue in issues))


def band(points: float) -> str:
    """The word for a score."""
    return next(name for name, least in BANDS.items() if points >= least)


def compliance(created: Timestamp, succeeded: Mapping[Frequency, TpmRun | None], now: Timestamp) -> float:
    """The share of the due frequencies whose last successful run is young enough; 1.0 if none is due."""
    due = [frequency for frequency in Frequency if is_due(frequency, created, now)]
    kept = [frequency for frequency in due if is_kept(frequency, succeeded.get(frequency), now)]
    return len(kept) / len(due) if due else 1.0


def is_due(frequency: Frequency, created: Timestamp, now: Timestamp) -> bool:
    """Whether a store is old enough to have had a run of a frequency."""
    return to_ms(now) - to_ms(created) > frequency.interval_ms


def is_kept(frequency: Frequency, last: TpmRun | None, now: Timestamp) -> bool:
    """Whether the last successful run is within its interval."""
    return last is not None and to_ms(now) - to_ms(last.finished_at) <= frequency.interval_ms


def disk_issue(space: Space) -> IssueSeverity | None:
    """How bad it is that so little space is free; None when it is enough."""
    if space.share < VERY_LOW_DISK or space.free < LEAST_DISK_BYTES:
        return IssueSeverity.CRITICAL
    return IssueSeverity.HIGH if space.share < LOW_DISK else None


def backup_issue(backups: Backups, now: Timestamp) -> IssueSeverity | None:
    """How bad it is that the newest backup is so old, or that there is none.

    Nothing is asked of a store whose first entry is not older than 24 hours.
    """
    first_entry, newest = backups
    if first_entry is None or to_ms(now) - to_ms(first_entry) <= OLD_BACKUP_MS:
        return None
    if newest is None:
        return IssueSeverity.HIGH
    age = to_ms(now) - to_ms(newest)
    if age > VERY_OLD_BACKUP_MS:
        return IssueSeverity.CRITICAL
    return IssueSeverity.HIGH if age > OLD_BACKUP_MS else None


def kept_backups(retention_days: int, now: Timestamp) -> Keep:
    """Which backups a weekly run keeps: those of the last days, and the newest full ones."""
    days = min(retention_days, to_ms(now) // DAY_MS)
    return Keep(full=KEPT_FULL_BACKUPS, since=last_days(days, now).start)


def outcome(results: Iterable[TaskResult]) -> Outcome:
    """How a run ended: failed when a task could not run."""
    return Outcome.FAILED if any(one.status is Outcome.FAILED for one in results) else Outcome.OK


def newest_results(runs: Iterable[TpmRun]) -> dict[Task, TaskResult]:
    """Each task's newest result among runs, the newest of which comes first."""
    results: dict[Task, TaskResult] = {}
    for run in runs:
        for result in run.tasks:
            results.setdefault(result.task, result)
    return results


def by_severity(issues: Iterable[Issue]) -> list[Issue]:
    """The worst first; among equals, in the order in which they were found."""
    return sorted(issues, key=lambda issue: issue.severity.rank)


def worst(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues that a run keeps of a task."""
    return tuple(by_severity(issues)[:KEPT_ISSUES])
