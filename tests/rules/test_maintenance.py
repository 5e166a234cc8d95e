"""Maintenance: tasks, when a run is due, the score (domain 13.1); health by component (domain 13.2)."""

from typing import Any

import pytest

from tcps.model import (
    DAY_MS,
    Bucket,
    Frequency,
    Issue,
    IssueSeverity,
    Outcome,
    Task,
    TaskResult,
    Timestamp,
    TpmRun,
    from_ms,
    to_ms,
)
from tcps.rules import health, maintenance
from tcps.rules.maintenance import Backups, Space
from tcps.rules.retention import Keep
from tests.conftest import START

MIB = 1024 * 1024
GIB = 1024 * MIB
DAILY = ("verify_recent", "backup_age", "disk_space", "andon_sweep", "sla_check")
WEEKLY = ("verify_all", "backup_verify", "prune_backups", "checkpoint")


def after(days: float) -> Timestamp:
    return from_ms(to_ms(START) + round(days * DAY_MS))


def a_run(frequency: Frequency = Frequency.DAILY, at: Timestamp = START, **fields: Any) -> TpmRun:
    return TpmRun(frequency=frequency, started_at=at, finished_at=at, **fields)


def issue(severity: str, task: Task = Task.DISK_SPACE) -> Issue:
    return Issue(
        severity=IssueSeverity(severity), task=task, location="x", description="y", detected_at=START
    )


def result(task: Task, *issues: Issue) -> TaskResult:
    return TaskResult(task=task, status=Outcome.OK, issues=issues)


# frequencies and tasks


def test_frequencies_have_their_intervals() -> None:
    assert {frequency: frequency.interval_ms for frequency in Frequency} == {
        "daily": 86_400_000,
        "weekly": 604_800_000,
        "monthly": 2_592_000_000,
        "quarterly": 7_776_000_000,
    }


def test_each_frequency_also_does_the_tasks_of_the_shorter_ones() -> None:
    assert maintenance.tasks_of(Frequency.DAILY) == DAILY
    assert maintenance.tasks_of(Frequency.WEEKLY) == DAILY + WEEKLY
    assert maintenance.tasks_of(Frequency.MONTHLY) == (*DAILY, *WEEKLY, "rebuild_ontology")
    assert maintenance.tasks_of(Frequency.QUARTERLY) == (
        *(*DAILY, *WEEKLY),
        *("rebuild_ontology", "audit_published"),
    )
    assert set(maintenance.tasks_of(Frequency.QUARTERLY)) == set(Task)


@pytest.mark.parametrize("frequency", Frequency)
def test_a_run_is_early_until_nine_tenths_of_its_interval_have_passed(frequency: Frequency) -> None:
    last, days = a_run(frequency), frequency.interval_ms / DAY_MS
    assert maintenance.is_early(frequency, last, from_ms(to_ms(after(days * 0.9)) - 1))
    assert not maintenance.is_early(frequency, last, after(days * 0.9))
    assert not maintenance.is_early(frequency, None, START)


# the score


def test_each_issue_takes_its_points() -> None:
    assert {severity: 100 - maintenance.score([issue(severity)]) for severity in IssueSeverity} == {
        "critical": 20.0,
        "high": 10.0,
        "medium": 5.0,
        "low": 2.0,
        "info": 0.5,
    }


def test_the_score_is_a_sum_and_never_below_zero() -> None:
    assert maintenance.score([]) == 100.0
    mixed = [issue(severity) for severity in ("critical", "high", "medium", "low", "info", "info")]
    assert maintenance.score(mixed) == 62.0
    assert maintenance.score([issue("critical")] * 6) == 0.0


@pytest.mark.parametrize(
    ("points", "band"),
    [
        *((100.0, "excellent"), (90.0, "excellent"), (89.9, "good"), (75.0, "good"), (74.9, "fair")),
        *((50.0, "fair"), (49.9, "poor"), (25.0, "poor"), (24.9, "critical"), (0.0, "critical")),
    ],
)
def test_a_score_has_its_band(points: float, band: str) -> None:
    assert maintenance.band(points) == band


def test_the_newest_result_of_each_task_counts() -> None:
    newest = a_run(tasks=(result(Task.DISK_SPACE), result(Task.SLA_CHECK, issue("low"))))
    older = a_run(tasks=(result(Task.DISK_SPACE, issue("high")), result(Task.VERIFY_ALL, issue("critical"))))
    results = maintenance.newest_results([newest, older])
    assert {task: len(found.issues) for task, found in results.items()} == {
        "disk_space": 0,
        "sla_check": 1,
        "verify_all": 1,
    }


def test_a_task_keeps_its_worst_hundred_issues() -> None:
    found = [issue("low")] * 99 + [issue("info")] * 10 + [issue("critical")] * 2
    kept = [one.severity for one in maintenance.worst(found)]
    assert kept == ["critical"] * 2 + ["low"] * 98


def test_a_run_in_which_a_task_could_not_run_has_failed() -> None:
    ran = result(Task.DISK_SPACE, issue("critical"))
    absent = TaskResult(task=Task.BACKUP_AGE, status=Outcome.SKIPPED)
    failed = TaskResult(task=Task.SLA_CHECK, status=Outcome.FAILED)
    assert maintenance.outcome([ran, absent]) == "ok"
    assert maintenance.outcome([ran, failed]) == "failed"


# compliance


@pytest.mark.parametrize(
    ("age", "runs", "kept"),
    [
        (0.5, {}, 1.0),
        (1.0, {}, 1.0),
        (1.01, {}, 0.0),
        (1.01, {"daily": 0.5}, 1.0),
        (8.0, {"daily": 7.5}, 0.5),
        (8.0, {"daily": 7.5, "weekly": 1.0}, 1.0),
        (8.0, {"daily": 6.9, "weekly": 0.9}, 0.0),
        (100.0, {"daily": 99.5, "weekly": 95, "monthly": 80, "quarterly": 20}, 1.0),
        (100.0, {"daily": 99.5, "weekly": 95, "monthly": 60}, 0.5),
    ],
)
def test_compliance_is_the_share_of_due_runs_that_were_made_within_their_interval(
    age: float, runs: dict[str, float], kept: float
) -> None:
    succeeded = {Frequency(name): a_run(Frequency(name), after(day)) for name, day in runs.items()}
    assert maintenance.compliance(START, succeeded, after(age)) == kept


# disk space


@pytest.mark.parametrize(
    ("free", "total", "severity"),
    [
        (10 * GIB, 100 * GIB, None),
        (10 * GIB - 1, 100 * GIB, "high"),
        (5 * GIB, 100 * GIB, "high"),
        (5 * GIB - 1, 100 * GIB, "critical"),
        (256 * MIB, 512 * MIB, None),
        (256 * MIB - 1, 512 * MIB, "critical"),
        (GIB, 0, None),
    ],
)
def test_too_little_free_space_is_an_issue(free: int, total: int, severity: str | None) -> None:
    assert maintenance.disk_issue(Space(free, total)) == severity


# backups


@pytest.mark.parametrize(
    ("first_entry", "newest", "severity"),
    [
        (None, None, None),
        (9, None, None),
        (8.99, None, "high"),
        (0, 9, None),
        (0, 8.99, "high"),
        (0, 7, "high"),
        (0, 6.99, "critical"),
        (9, 1, None),
        (0, 11, None),
    ],
)
def test_a_backup_that_is_too_old_is_an_issue_once_there_is_something_older_than_a_day(
    first_entry: float | None, newest: float | None, severity: str | None
) -> None:
    first, last = (None if day is None else after(day) for day in (first_entry, newest))
    assert maintenance.backup_issue(Backups(first, last), after(10)) == severity


def test_a_weekly_run_keeps_the_backups_of_the_retention_and_the_newest_full_ones() -> None:
    assert maintenance.kept_backups(30, after(31)) == Keep(full=3, since=after(1))
    assert maintenance.kept_backups(10**15, after(31)).since < "1970-01-02"


# health

GOOD = health.Facts(
    now=after(10),
    created=START,
    store_trouble=None,
    index_trouble=None,
    damage=(),
    verified_at=after(9),
    critical_andons=(),
    over_limit=(),
    graph=True,
    lacking=None,
    differed=False,
    backups=Backups(START, after(9.5)),
    space=Space(50 * GIB, 100 * GIB),
    compliance=1.0,
)


def status(**facts: Any) -> dict[str, str]:
    found = health.components(GOOD._replace(**facts))
    assert [one.component for one in found] == [
        *("store", "ledger", "index", "andon", "kanban", "ontology", "backups", "disk", "tpm")
    ]
    bad = {one.component: str(one.status) for one in found if one.status != "healthy"}
    assert health.overall(found) == max(bad.values(), key=["degraded", "unhealthy"].index, default="healthy")
    return bad


@pytest.mark.parametrize(
    ("facts", "bad"),
    [
        ({}, {}),
        ({"store_trouble": "cannot write"}, {"store": "unhealthy"}),
        ({"index_trouble": "cannot be kept"}, {"index": "degraded"}),
        ({"damage": ["SKU-1"]}, {"ledger": "unhealthy"}),
        ({"verified_at": after(8)}, {}),
        ({"verified_at": after(7.99)}, {"ledger": "degraded"}),
        ({"verified_at": None}, {"ledger": "degraded"}),
        ({"verified_at": None, "created": after(8)}, {}),
        ({"critical_andons": ["ANDON-1"]}, {"andon": "degraded"}),
        ({"over_limit": [Bucket.COST]}, {"kanban": "degraded"}),
        ({"lacking": after(9)}, {}),
        ({"lacking": after(8.99)}, {"ontology": "degraded"}),
        ({"differed": True}, {"ontology": "degraded"}),
        ({"graph": False}, {}),
        ({"space": Space(9 * GIB, 100 * GIB)}, {"disk": "degraded"}),
        ({"space": Space(4 * GIB, 100 * GIB)}, {"disk": "unhealthy"}),
        ({"space": Space(255 * MIB, GIB)}, {"disk": "unhealthy"}),
        ({"backups": Backups(START, after(8.9))}, {"backups": "degraded"}),
        ({"backups": Backups(START, None)}, {"backups": "degraded"}),
        ({"backups": Backups(after(9.1), None)}, {}),
        ({"backups": "the folder cannot be read"}, {"backups": "degraded"}),
        ({"compliance": 0.75}, {"tpm": "degraded"}),
        ({"compliance": 0.75, "damage": ["x"]}, {"tpm": "degraded", "ledger": "unhealthy"}),
    ],
)
def test_a_component_is_as_the_domain_says_and_the_whole_as_the_worst(
    facts: dict[str, Any], bad: dict[str, str]
) -> None:
    assert status(**facts) == bad
