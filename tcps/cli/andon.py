"""`tcps andon …`."""

from typing import Annotated

import typer

from tcps.cli.base import (
    AndonId,
    Command,
    DryRun,
    Limit,
    OrderFilter,
    PeriodEnd,
    PeriodStart,
    SkuFilter,
    completion,
    examples_text,
    group,
    json_value,
    opened,
    say,
    text,
    tried,
    words,
)
from tcps.model import Json
from tcps.render import columns, described, duration

app = group("Andons: stop the line, find the cause, go on.")
_LIST = columns(
    "id=andon_id", "severity", "status", "sku=sku_id", "stage", "failure=failure_type", "times=occurrences"
)
_SWEPT = columns("id=andon_id", "severity", "done", "sku=sku_id", "failure=failure_type")
_DONE = ("raised", "escalated", "timed out")
"""What was done to an Andon of the escalation level 0, 1 or 2."""
_NEWEST = 5
"""How many of its occurrences an Andon shows to a person."""
_STAGE_HELP = "The stage; aliases such as test or security work."


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps andon trigger --type test_failure --sku SKU-1
        tcps andon trigger --type security_vulnerability --sku SKU-1 --message @found.txt"""
    ),
)
def trigger(
    ctx: typer.Context,
    failure_type: Annotated[
        str,
        typer.Option(
            "--type", help="The failure type, such as test_failure.", autocompletion=words("FailureType")
        ),
    ],
    sku: Annotated[str, typer.Option("--sku", help="Whose line stops.", autocompletion=completion("sku"))],
    stage: Annotated[
        str | None, typer.Option("--stage", help=_STAGE_HELP, autocompletion=words("Stage"))
    ] = None,
    severity: Annotated[
        str | None,
        typer.Option("--severity", help="critical, high, medium or low.", autocompletion=words("Severity")),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", help="What happened; - or @FILE reads it.")
    ] = None,
    details: Annotated[
        str | None, typer.Option("--details", metavar="JSON", help="A JSON object; - or @FILE reads it.")
    ] = None,
    work_order: Annotated[
        str | None,
        typer.Option("--work-order", help="The order it concerns.", autocompletion=completion("work_order")),
    ] = None,
) -> None:
    """Stop the line for a SKU; the same trigger again counts as one more occurrence."""
    from tcps.service import andons

    given = json_value(details, "--details")
    words = text(message, "--message")
    with opened(ctx) as (store, out):
        event = andons.trigger(
            store,
            sku_id=sku,
            failure_type=failure_type,
            stage=stage,
            severity=severity,
            work_order_id=work_order,
            details=given,
            message=words,
        )
        out.record(event, [stopped(event)])


@app.command(
    "list",
    cls=Command,
    epilog=examples_text("tcps andon list\ntcps andon list --severity critical --all --json"),
)
def list_(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    severity: Annotated[
        list[str] | None, typer.Option("--severity", help="Only of this severity; may be repeated.")
    ] = None,
    sku: SkuFilter = None,
    work_order: OrderFilter = None,
    limit: Limit = None,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
) -> None:
    """List Andons; without --status or --all, those that are not resolved."""
    from tcps.service import andons
    from tcps.service.views import ANDON_FIELDS

    with opened(ctx) as (store, out):
        rows = andons.lists(
            store,
            status=status or (),
            severity=severity or (),
            sku=sku,
            work_order=work_order,
            limit=limit,
            everything=everything,
        )
        out.table(rows, _LIST, "no Andons: the line runs", fields=ANDON_FIELDS)


@app.command(cls=Command, epilog=examples_text("tcps andon show ANDON-1"))
def show(ctx: typer.Context, andon_id: AndonId) -> None:
    """Show an Andon with its occurrences and its resolution."""
    from tcps.service import andons

    with opened(ctx) as (store, out):
        event = andons.show(store, andon_id)
        log = event["occurrence_log"]
        seen = [f"  seen {one['timestamp']} by {one['actor']}" for one in log[-_NEWEST:]]
        lines = described(event | {"occurrence_log": None})
        out.record(event, lines + (seen if len(log) > 1 else []))


@app.command(cls=Command, epilog=examples_text("tcps andon investigate ANDON-1 --actor alice"))
def investigate(ctx: typer.Context, andon_id: AndonId) -> None:
    """Say that you look into it."""
    from tcps.service import andons

    with opened(ctx) as (store, out):
        event = andons.investigate(store, andon_id)
        out.record(event, [f"{event['andon_id']} is investigated by {event['investigator']}"])


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps andon resolve ANDON-1 --root-cause "no lock" --fix "added it" --prevention "a test\""""
    ),
)
def resolve(
    ctx: typer.Context,
    andon_id: AndonId,
    root_cause: Annotated[str, typer.Option("--root-cause", help="Why it happened; - or @FILE.")],
    fix: Annotated[str, typer.Option("--fix", help="What was done about it; - or @FILE.")],
    prevention: Annotated[
        str, typer.Option("--prevention", help="Why it will not happen again; - or @FILE.")
    ],
    resolver: Annotated[
        str | None, typer.Option("--resolver", help="Who resolved it; without it, the actor.")
    ] = None,
) -> None:
    """End an Andon: root cause, fix and prevention are needed."""
    from tcps.service import andons

    texts = {
        "root_cause": text(root_cause, "--root-cause"),
        "fix_applied": text(fix, "--fix"),
        "prevention_added": text(prevention, "--prevention"),
    }
    with opened(ctx) as (store, out):
        event = andons.resolve(store, andon_id, **texts, resolver=resolver)
        took = duration(round(event["resolution"]["resolution_minutes"] * 60_000))
        out.record(event, [f"{event['andon_id']} is resolved after {took}"])


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps andon check
        tcps andon check SKU-1 --stage publication && ./deploy.sh"""
    ),
)
def check(
    ctx: typer.Context,
    sku_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[SKU]", help="A SKU; without one, every SKU.", autocompletion=completion("sku")
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="Whether this stage may be entered.")] = None,
) -> None:
    """Ask whether the line may go on; exits with 3 and lists the Andons when it is stopped."""
    from tcps.service import andons

    with opened(ctx) as (store, out):
        answer = andons.check(store, sku_id, stage)
        whom = f" for {sku_id}" if sku_id else ""
        lines = [stopped(event) for event in answer["andons"]]
        out.record(answer, lines or [f"the line runs{whom}"])
        if not answer["known"]:
            say(f"warning: there is no SKU and no Andon of {sku_id}")
    if not answer["can_proceed"]:
        raise typer.Exit(3)


@app.command(cls=Command, epilog=examples_text("tcps andon sweep\ntcps andon sweep --quiet"))
def sweep(ctx: typer.Context, dry_run: DryRun = False) -> None:
    """Do what is due by now: raise Andons of orders that are too late; escalate and time out Andons."""
    from tcps.service import due
    from tcps.service.views import ANDON_FIELDS

    with opened(ctx) as (store, out):
        events = due.andons(store, dry_run)
        rows = [event | {"done": _DONE[event["escalation_level"]]} for event in events]
        out.table(rows, _SWEPT, "nothing is due", document=events, fields=ANDON_FIELDS)
        tried(dry_run)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps andon report
        tcps andon report --from 2026-01-01 --to 2026-03-31 -o md"""
    ),
)
def report(ctx: typer.Context, start: PeriodStart = None, end: PeriodEnd = None) -> None:
    """Report on the Andons of a period: how many, of what, for how long.

    Without options it is about the last 30 days.
    """
    from tcps.cli import report_text
    from tcps.service import reporting

    with opened(ctx) as (store, out):
        found = reporting.andons(store, start, end)
        title = f"Andons, {found['start'][:16]}Z to {found['end'][:16]}Z"
        out.report(found, title, report_text.andons(found))


def stopped(event: Json) -> str:
    """One line: what an Andon stops and why."""
    times = f", {event['occurrences']} times" if event["occurrences"] > 1 else ""
    return (
        f"{event['andon_id']} stops {event['sku_id']} at {event['stage']}: {event['failure_type']}"
        f" ({event['severity']}, {event['status']}{times})"
    )
