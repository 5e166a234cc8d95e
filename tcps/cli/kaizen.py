"""`tcps kaizen …`."""

from typing import Annotated

import typer

from tcps.cli import kaizen_text
from tcps.cli.base import Command, DryRun, Reason, completion, examples_text, group, opened, text, tried
from tcps.errors import InvalidInput
from tcps.render import Section, described

app = group("Kaizen: what is lost, what to improve, what it brought.")

ImprovementId = Annotated[
    str, typer.Argument(metavar="ID", help="An improvement.", autocompletion=completion("improvement"))
]
_LONGEST_DAYS, _LONGEST_WEEKS = 3660, 520


@app.command(
    cls=Command,
    epilog=examples_text("tcps kaizen report\ntcps kaizen report --month -o md > kaizen.md"),
)
def report(
    ctx: typer.Context,
    week: Annotated[bool, typer.Option("--week", help="The last 7 days; so it is without --month.")] = False,
    month: Annotated[bool, typer.Option("--month", help="The last 30 days.")] = False,
) -> None:
    """Report on a week or a month: metrics, waste, trends, improvements, what to do next."""
    from tcps.service import kaizen_report

    if week and month:
        raise InvalidInput("--week and --month exclude each other", code="usage")
    with opened(ctx) as (store, out):
        made = kaizen_report.report(store, "monthly_kaizen" if month else "weekly_kaizen")
        kind = "Monthly" if month else "Weekly"
        title = f"{kind} Kaizen report, {kaizen_text.titled(made['period'])}"
        out.report(made, title, kaizen_text.report_sections(made))


@app.command(cls=Command, epilog=examples_text("tcps kaizen waste\ntcps kaizen waste --days 30 --json"))
def waste(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=_LONGEST_DAYS, help="How far back.")] = 7,
) -> None:
    """Show what was lost to which cause, the greatest first."""
    from tcps.service import kaizen

    with opened(ctx) as (store, out):
        lost = kaizen.show_waste(store, days)
        rows = kaizen_text.waste_rows(lost["points"])
        section = Section(
            f"{lost['total_waste_hours']:.2f} hours in all", (), rows, kaizen_text.WASTE_COLUMNS
        )
        out.report(lost, f"Waste, {kaizen_text.titled(lost)}", [section], lost["points"])


@app.command(
    cls=Command,
    epilog=examples_text(
        "tcps kaizen proposals\ntcps kaizen proposals --all --json\ntcps kaizen proposals --dry-run"
    ),
)
def proposals(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Applied and rejected ones too.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Bring the proposals up to date with the waste of the last 7 days, and list them, best return first."""
    from tcps.service import kaizen

    with opened(ctx) as (store, out):
        found = kaizen.proposals(store, status or (), everything=everything, dry_run=dry_run)
        out.table(
            kaizen_text.improvement_rows(found),
            kaizen_text.IMPROVEMENT_COLUMNS,
            "no proposals: nothing costs an hour a week",
            document=found,
            fields=kaizen.IMPROVEMENT_FIELDS,
        )
        tried(dry_run)


@app.command(cls=Command, epilog=examples_text("tcps kaizen show KZ-1"))
def show(ctx: typer.Context, improvement_id: ImprovementId) -> None:
    """Show an improvement."""
    from tcps.service import kaizen

    with opened(ctx) as (store, out):
        found = kaizen.show(store, improvement_id)
        out.record(found, described(found))


@app.command(
    cls=Command, epilog=examples_text("""tcps kaizen apply KZ-1 --changes "a cache of the dependencies\"""")
)
def apply(
    ctx: typer.Context,
    improvement_id: ImprovementId,
    changes: Annotated[
        str | None, typer.Option("--changes", help="What was changed; - or @FILE reads it.")
    ] = None,
) -> None:
    """Say that something was done about a waste; a week later it can be measured."""
    from tcps.service import kaizen

    given = text(changes, "--changes")
    with opened(ctx) as (store, out):
        applied = kaizen.apply(store, improvement_id, given)
        before = f"it cost {applied['before_waste_hours']:.2f} hours in the week before"
        out.record(applied, [kaizen_text.improved(applied), f"  {before}"])


@app.command(cls=Command, epilog=examples_text("tcps kaizen measure KZ-1"))
def measure(ctx: typer.Context, improvement_id: ImprovementId) -> None:
    """Compare the week after an improvement with the week before."""
    from tcps.service import kaizen

    with opened(ctx) as (store, out):
        done = kaizen.measure(store, improvement_id)
        hours = f"{done['before_waste_hours']:.2f} hours a week before, {done['after_waste_hours']:.2f} after"
        gained = f"  {hours}: {done['actual_benefit_hours']:.2f} gained"
        out.record(done, [kaizen_text.improved(done), gained])


@app.command(
    cls=Command, epilog=examples_text("""tcps kaizen reject KZ-1 --reason "costs more than it saves\"""")
)
def reject(ctx: typer.Context, improvement_id: ImprovementId, reason: Reason) -> None:
    """Say that nothing will be done about a waste, and why."""
    from tcps.service import kaizen

    given = text(reason, "--reason")
    with opened(ctx) as (store, out):
        rejected = kaizen.reject(store, improvement_id, given)
        out.record(rejected, [kaizen_text.improved(rejected)])


@app.command(
    cls=Command, epilog=examples_text("tcps kaizen trends\ntcps kaizen trends lead_time --weeks 12 --json")
)
def trends(
    ctx: typer.Context,
    metrics: Annotated[
        list[str] | None, typer.Argument(metavar="[METRIC…]", help="Which; without any, all six.")
    ] = None,
    weeks: Annotated[int, typer.Option("--weeks", min=2, max=_LONGEST_WEEKS, help="How far back.")] = 8,
) -> None:
    """Show how the metrics develop from week to week."""
    from tcps.service import kaizen

    with opened(ctx) as (store, out):
        found = kaizen.show_trends(store, metrics or (), weeks)
        out.table(kaizen_text.trend_rows(found), kaizen_text.TREND_COLUMNS, document=found)
