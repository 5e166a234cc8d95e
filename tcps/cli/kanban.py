"""`tcps kanban …`."""

from typing import Annotated

import typer

from tcps.cli.base import Command, examples_text, group, opened
from tcps.model import Json
from tcps.render import columns

app = group("Kanban: work in progress against its limits.")
_STATUS = columns("bucket", "current", "limit", "available", "used")


@app.command(cls=Command, epilog=examples_text("tcps kanban status\ntcps kanban status --json"))
def status(ctx: typer.Context) -> None:
    """Show every bucket's work in progress against its limit."""
    from tcps.service import oversight

    with opened(ctx) as (store, out):
        report = oversight.kanban_status(store)
        out.table([_row(row) for row in report["buckets"]], _STATUS, document=report)
        out.text(f"capacity used: {report['capacity_utilization']:.1%}")


@app.command(
    cls=Command,
    epilog=examples_text("tcps kanban set-limit security 3\ntcps kanban set-limit cost unlimited"),
)
def set_limit(
    ctx: typer.Context,
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="Whose limit.")],
    limit: Annotated[str, typer.Argument(metavar="N|unlimited", help="How many at once.")],
) -> None:
    """Set a bucket's WIP limit; one below what is under way only stops new starts."""
    from tcps.service import oversight

    with opened(ctx) as (store, out):
        row = oversight.set_limit(store, bucket, limit)
        shown = "unlimited" if row["limit"] is None else row["limit"]
        out.record(row, [f"{row['bucket']}: {row['current']} in progress, limit {shown}"])


def _row(row: Json) -> Json:
    unlimited = row["limit"] is None
    return row | {
        "limit": "unlimited" if unlimited else row["limit"],
        "used": "" if unlimited else f"{row['utilization']:.0%}",
    }
