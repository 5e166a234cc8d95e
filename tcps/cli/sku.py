"""`tcps sku …`."""

from typing import Annotated, Any

import typer

from tcps.cli.base import (
    Command,
    DryRun,
    Limit,
    OrderFilter,
    Reason,
    SkuId,
    completion,
    examples_text,
    group,
    opened,
    text,
    tried,
)
from tcps.model import Json
from tcps.render import columns, described

app = group("SKUs: concrete builds on their way through the ten stages.")
_LIST = columns(
    "id=sku_id",
    "order=work_order_id",
    "status",
    "stage=current_stage",
    "%=percent_complete",
    "andons=stopped",
)


@app.command(
    cls=Command,
    epilog=examples_text(
        "tcps sku create --work-order WO-1\ntcps sku create app-1.4.0 --work-order WO-1 --json"
    ),
)
def create(
    ctx: typer.Context,
    work_order: Annotated[
        str,
        typer.Option("--work-order", help="The order it is for.", autocompletion=completion("work_order")),
    ],
    sku_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Its id; without one the store gives SKU-n.")
    ] = None,
) -> None:
    """Put a SKU of a work order at the first stage; a queued order is started."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        said(out, line.create_sku(store, work_order, sku_id))


@app.command(
    "list",
    cls=Command,
    epilog=examples_text("tcps sku list\ntcps sku list --status in_production --stage test"),
)
def list_(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="Only at this stage; may be repeated.")
    ] = None,
    work_order: OrderFilter = None,
    limit: Limit = None,
) -> None:
    """List SKUs, oldest first."""
    from tcps.service import line
    from tcps.service.views import SKU_FIELDS

    with opened(ctx) as (store, out):
        rows = line.list_skus(
            store, status=status or (), stage=stage or (), work_order=work_order, limit=limit
        )
        shown = (row | {"stopped": row["open_andons"]} for row in rows)
        out.table(shown, _LIST, "no SKUs", document=rows, fields=SKU_FIELDS)


@app.command(cls=Command, epilog=examples_text("tcps sku show SKU-1"))
def show(ctx: typer.Context, sku_id: SkuId) -> None:
    """Show a SKU with its receipts."""
    from tcps.cli.order_text import receipts
    from tcps.service import line

    with opened(ctx) as (store, out):
        sku = line.show_sku(store, sku_id)
        hidden = ("receipts", "history")
        lines = described({name: value for name, value in sku.items() if name not in hidden})
        lines += receipts(sku["receipts"], "  ")
        out.record(sku, lines)


@app.command(
    cls=Command,
    epilog=examples_text("tcps sku ready SKU-1\ntcps sku ready SKU-1 -q && tcps sku publish SKU-1"),
)
def ready(ctx: typer.Context, sku_id: SkuId) -> None:
    """Say whether a SKU can be published, and all that is missing; exits with 3 when it cannot."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        found = line.readiness(store, sku_id)
        said = "can be published" if found["ready"] else "cannot be published yet:"
        out.record(found, [f"{found['sku_id']} {said}", *(f"  {one}" for one in found["blocking_issues"])])
    if not found["ready"]:
        raise typer.Exit(3)


@app.command(cls=Command, epilog=examples_text("tcps sku advance SKU-1"))
def advance(ctx: typer.Context, sku_id: SkuId) -> None:
    """Move a SKU to the next stage: its newest receipt passes and no Andon blocks."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        said(out, line.advance(store, sku_id))


@app.command(cls=Command, epilog=examples_text("tcps sku publish SKU-1"))
def publish(ctx: typer.Context, sku_id: SkuId, dry_run: DryRun = False) -> None:
    """Publish a completed SKU: no open Andon, its chain intact and complete."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        said(out, line.publish(store, sku_id, dry_run))
        tried(dry_run)


@app.command(cls=Command, epilog=examples_text('tcps sku abort SKU-1 --reason "wrong branch"'))
def abort(ctx: typer.Context, sku_id: SkuId, reason: Reason, dry_run: DryRun = False) -> None:
    """Take a SKU off the line for good."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        said(out, line.abort(store, sku_id, text(reason, "--reason") or "", dry_run))
        tried(dry_run)


def said(out: Any, sku: Json) -> None:
    """One line: where the SKU is now, and what stops it."""
    stopped = f", stopped by {', '.join(sku['open_andons'])}" if sku["open_andons"] else ""
    where = f" at {sku['current_stage']}" if sku["is_active"] else ""
    out.record(sku, [f"{sku['sku_id']} ({sku['work_order_id']}) is {sku['status']}{where}{stopped}"])
