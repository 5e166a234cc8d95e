"""`tcps tpm …`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from tcps.cli.base import Command, DryRun, examples_text, group, opened, outside, say, tried
from tcps.errors import InvalidInput, missing
from tcps.model import Json
from tcps.render import Section, columns, counted, duration

app = group("Maintenance on a schedule, for cron; how the system is.")
_TASKS = columns("task", "status", "took", "found")
_ISSUES = columns("severity", "task", "where=location", "what=description")
_COMPONENTS = columns("component", "status", "detail")
_OBJECTIVES = columns("objective", "status", "is", "wanted", "budget left")
_ALERTS = columns("severity", "rule", "what=message")
_FREQUENCIES = columns("run=frequency", "last success", "state")


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps tpm run --daily --quiet
        tcps tpm run --weekly --force --json"""
    ),
)
def run(
    ctx: typer.Context,
    daily: Annotated[bool, typer.Option("--daily", help="Verify, check deadlines, sweep Andons.")] = False,
    weekly: Annotated[bool, typer.Option("--weekly", help="Also verify everything, checkpoint.")] = False,
    monthly: Annotated[bool, typer.Option("--monthly", help="Also what is due once a month.")] = False,
    quarterly: Annotated[bool, typer.Option("--quarterly", help="Also audit what was published.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when the last run was not long ago.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Do the maintenance that is due; exits with 12 when it finds damage, with 1 when a task cannot run.

    Each run also does what the more frequent ones do, and is kept.
    """
    from tcps.model import Frequency
    from tcps.service import maintenance

    chosen = [f for f, is_set in zip(Frequency, (daily, weekly, monthly, quarterly), strict=True) if is_set]
    if not chosen:
        raise missing(["--daily, --weekly, --monthly or --quarterly"], "tpm run")
    if len(chosen) > 1:
        raise InvalidInput("one run at a time: --weekly also does what --daily does", code="usage")
    with opened(ctx) as (store, out):
        made, error = maintenance.run(store, chosen[0], outside(ctx), force=force, dry_run=dry_run)
        out.report(made, _title(made), _run(made), made["tasks"])
        tried(dry_run)
    if error is not None:
        say(f"warning: this run could not be kept: {error.message}")
    code = _exit_code(made)
    if code:
        out.failed([_title(made), *(_issue(issue) for task in made["tasks"] for issue in task["issues"])])
        raise typer.Exit(code)


@app.command(cls=Command, epilog=examples_text("tcps tpm health\ntcps tpm health --json"))
def health(ctx: typer.Context) -> None:
    """Show how the system is: score, components, overdue runs, issues; exits with 3 when it is unhealthy."""
    from tcps.service import maintenance

    with opened(ctx) as (store, out):
        report = maintenance.show_health(store)
        title = f"{report['status']}; maintenance {report['band']}, {report['score']:g} of 100"
        out.report(report, title, _health(report), report["components"])
    if report["status"] == "unhealthy":
        raise typer.Exit(3)


def _title(made: Json) -> str:
    name = made["tpm_run_id"] or "this run"
    if made["status"] == "skipped":
        return f"{name} ({made['frequency']}) is skipped: the last one was not long ago; --force runs it"
    score = f"score {made['score']:g} of 100 ({made['band']})"
    return f"{name} ({made['frequency']}) is {made['status']}: {score}"


def _run(made: Json) -> Iterator[Section]:
    if made["tasks"]:
        yield Section("Tasks", (), [_task(task) for task in made["tasks"]], _TASKS)
    issues = [issue for task in made["tasks"] for issue in task["issues"]]
    if issues:
        yield Section("Issues", (), issues, _ISSUES)


def _issue(issue: Json) -> str:
    return f"{issue['severity']}: {issue['task']}: {issue['location']}: {issue['description']}"


def _task(task: Json) -> Json:
    details = task["details"]
    found = counted(details.get("issues_found", 0), "issue")
    return {
        "task": task["task"],
        "status": task["status"],
        "took": duration(task["duration_ms"]),
        "found": details.get("reason", found),
    }


def _health(report: Json) -> Iterator[Section]:
    yield Section("Components", (), report["components"], _COMPONENTS)
    yield Section("Runs", (), [_frequency(row) for row in report["frequencies"]], _FREQUENCIES)
    yield Section("Objectives, 30 days", (), [_objective(row) for row in report["objectives"]], _OBJECTIVES)
    if report["alerts"]:
        yield Section("Alerts", (), report["alerts"], _ALERTS)
    if report["issues"]:
        yield Section("Issues", (), report["issues"], _ISSUES)


def _objective(row: Json) -> Json:
    is_time, indicator, wanted = row["objective"] > 1, row["indicator"], row["objective"]
    return {
        "objective": row["slo"],
        "status": row["status"].replace("_", " "),
        "is": "" if indicator is None else duration(round(indicator)) if is_time else f"{indicator:.2%}",
        "wanted": f"< {duration(wanted)}" if is_time else f">= {wanted:g}",
        "budget_left": "" if row["remaining"] is None else f"{row['remaining']:.0%}",
    }


def _frequency(row: Json) -> Json:
    state = "in time" if row["in_time"] and row["due"] else "not due yet" if row["in_time"] else "OVERDUE"
    return row | {"state": state}


def _exit_code(made: Json) -> int:
    """12 when a verification found damage, 1 when a task could not run."""
    verified = [
        task for task in made["tasks"] if task["task"] in ("verify_recent", "verify_all", "backup_verify")
    ]
    if any(issue["severity"] == "critical" for task in verified for issue in task["issues"]):
        return 12
    return 1 if made["status"] == "failed" else 0
