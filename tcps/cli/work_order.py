"""`tcps work-order …`."""

from typing import Annotated, Any

import typer

from tcps.cli import order_text
from tcps.cli.base import (
    Command,
    DryRun,
    Limit,
    PeriodEnd,
    PeriodStart,
    Reason,
    SkuFilter,
    WorkOrderId,
    completion,
    context,
    examples_text,
    group,
    input_stream,
    opened,
    text,
    tried,
    words,
)
from tcps.errors import InvalidInput, missing
from tcps.render import columns

app = group("Work orders: the accepted demands (create, list, start, complete, cancel …).")
_LIST = columns("id=work_order_id", "bucket", "pri=priority", "status", "due=due", "title")
_HISTORY = columns("seq", "time", "actor", "action", "rev=revision", "change")

Title = Annotated[str | None, typer.Option("--title", help="What is asked for.")]
Description = Annotated[str | None, typer.Option("--description", help="More of it; - or @FILE reads it.")]
BucketOption = Annotated[
    str | None,
    typer.Option(
        "--bucket",
        help="reliability, security, cost, compliance, features or technical_debt.",
        autocompletion=words("Bucket"),
    ),
]
Priority = Annotated[str | None, typer.Option("--priority", help="1..10 (10 is the most urgent) or a name.")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="A label; may be repeated.")]
DueOn = Annotated[str | None, typer.Option("--due-on", help="A deadline, RFC 3339.")]
OnOrder = Annotated[
    str, typer.Option("--on", help="The other order.", autocompletion=completion("work_order"))
]
WantedSku = Annotated[str | None, typer.Option("--sku", help="The wanted id of its first SKU.")]


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps work-order create --title "Rotate the keys" --bucket security
        tcps work-order create --title "Faster start" --depends-on WO-1 --description @why.md
        tcps work-order create --from signal.json --json
        tcps work-order create --from advisories.jsonl --skip-invalid --chunk 10000 -o jsonl
        curl -s $URL | tcps work-order create --from - --idempotency-key $DELIVERY"""
    ),
)
def create(
    ctx: typer.Context,
    title: Title = None,
    source_file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Pull signals in JSON; - is standard input.")
    ] = None,
    bucket: BucketOption = None,
    priority: Priority = None,
    description: Description = None,
    labels: Labels = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Where the demand comes from; makes one order only.")
    ] = None,
    sku: WantedSku = None,
    depends_on: Annotated[
        list[str] | None,
        typer.Option(
            "--depends-on",
            help="An order it waits for; may be repeated.",
            autocompletion=completion("work_order"),
        ),
    ] = None,
    due_on: DueOn = None,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="A second call with this key changes nothing.")
    ] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out signals that cannot be taken, and say which.")
    ] = False,
    chunk: Annotated[
        int | None,
        typer.Option("--chunk", metavar="N", min=1, help="Take N signals in a transaction, not all in one."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Create a work order from options, or work orders from pull signals."""
    from tcps.cli import intake_text
    from tcps.cli.progress import Count
    from tcps.service import intake

    fields = _given(
        title=title,
        description=text(description, "--description"),
        bucket=bucket,
        priority=priority,
        labels=labels or None,
        source=source,
        due_on=due_on,
    )
    own = _given(sku_id=sku, depends_on=depends_on or None)
    if title is None and source_file is None:
        raise missing(["--title or --from"], "work-order create")
    if source_file is not None and own:
        raise InvalidInput("--sku and --depends-on go with --title, not with --from", code="usage")
    if source_file is None and (skip_invalid or chunk is not None):
        raise InvalidInput("--skip-invalid and --chunk go with --from", code="usage")
    with opened(ctx) as (store, out):
        if source_file is None:
            intake_text.one(out, intake.create(store, fields | own, key, dry_run))
        else:
            count = Count(context(ctx).settings)
            options = intake.Options(
                overrides=fields,
                key=key,
                chunk=chunk,
                skip_invalid=skip_invalid,
                dry_run=dry_run,
                derived=intake_text.derived(out),
                progress=count,
            )
            with input_stream(source_file, "--from") as stream:
                several, results = intake.take(store, stream, options)
                intake_text.said(out, several, count.before(results))
        tried(dry_run)


@app.command(
    "list",
    cls=Command,
    epilog=examples_text(
        """tcps work-order list
        tcps work-order list --status queued --bucket security --limit 50
        tcps work-order list --sla breached --sort deadline -o csv
        tcps work-order list --sla warning --within 4
        tcps work-order list --all --json"""
    ),
)
def list_(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    bucket: Annotated[
        list[str] | None, typer.Option("--bucket", help="Only of this bucket; may be repeated.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Only with this label; may be repeated.")
    ] = None,
    sku: SkuFilter = None,
    sla: Annotated[str | None, typer.Option("--sla", help="on_time, warning or breached.")] = None,
    within: Annotated[
        float | None,
        typer.Option("--within", metavar="HOURS", help="Only with at most so many hours left."),
    ] = None,
    sort: Annotated[str, typer.Option("--sort", help="id, created, priority or deadline.")] = "id",
    limit: Limit = None,
    everything: Annotated[bool, typer.Option("--all", help="Ended orders too.")] = False,
) -> None:
    """List work orders; without --status or --all, those that are not ended."""
    from tcps.service import orders
    from tcps.service.views import WORK_ORDER_FIELDS

    with opened(ctx) as (store, out):
        rows = orders.lists(
            store,
            status=status or (),
            bucket=bucket or (),
            label=label or (),
            sku=sku,
            sla=sla,
            within=within,
            sort=sort,
            limit=limit,
            everything=everything,
        )
        out.table(order_text.rows(rows), _LIST, "no work orders", document=rows, fields=WORK_ORDER_FIELDS)


@app.command(cls=Command, epilog=examples_text("tcps work-order show WO-1\ntcps work-order show WO-1 --json"))
def show(ctx: typer.Context, work_order_id: WorkOrderId) -> None:
    """Show a work order with its SLA, dependencies, SKUs and receipts."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order = orders.show(store, work_order_id)
        out.record(order, order_text.shown(order))


@app.command(cls=Command, epilog=examples_text("tcps work-order history WO-1"))
def history(ctx: typer.Context, work_order_id: WorkOrderId) -> None:
    """Show every change of a work order, oldest first."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        steps = orders.history(store, work_order_id)
        changes = [step | {"change": "; ".join(step["told"])} for step in steps]
        out.table(changes, _HISTORY, document=steps)


@app.command(cls=Command, epilog=examples_text("tcps work-order start WO-1"))
def start(ctx: typer.Context, work_order_id: WorkOrderId) -> None:
    """Start a queued order, if its bucket has room."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order_text.said(out, orders.start(store, work_order_id))


@app.command(cls=Command, epilog=examples_text("tcps work-order complete WO-1 --sku app-1.4.0"))
def complete(
    ctx: typer.Context,
    work_order_id: WorkOrderId,
    sku: Annotated[
        str | None,
        typer.Option("--sku", help="The published SKU that did it.", autocompletion=completion("sku")),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Complete an order whose SKU is published."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order_text.said(out, orders.complete(store, work_order_id, sku, dry_run))
        tried(dry_run)


@app.command(cls=Command, epilog=examples_text('tcps work-order cancel WO-1 --reason "not needed any more"'))
def cancel(ctx: typer.Context, work_order_id: WorkOrderId, reason: Reason, dry_run: DryRun = False) -> None:
    """Cancel an order; what it has on the line is aborted."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order_text.said(out, orders.cancel(store, work_order_id, text(reason, "--reason") or "", dry_run))
        tried(dry_run)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps work-order update WO-1 --priority critical
        tcps work-order update WO-1 --bucket cost --label cloud --if-revision 3"""
    ),
)
def update(
    ctx: typer.Context,
    work_order_id: WorkOrderId,
    title: Title = None,
    description: Description = None,
    priority: Priority = None,
    labels: Labels = None,
    bucket: BucketOption = None,
    due_on: DueOn = None,
    sku: WantedSku = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Remove all labels.")] = False,
    no_due_on: Annotated[bool, typer.Option("--no-due-on", help="Remove the deadline of its own.")] = False,
    no_sku: Annotated[bool, typer.Option("--no-sku", help="Want no SKU id.")] = False,
    if_revision: Annotated[
        int | None, typer.Option("--if-revision", help="Refuse unless this is the current revision.")
    ] = None,
) -> None:
    """Change an order: title, description, priority, labels, bucket, deadline, wanted SKU."""
    from tcps.service import orders

    fields = _given(
        title=title,
        description=text(description, "--description"),
        priority=priority,
        labels=labels or None,
        bucket=bucket,
        due_on=due_on,
        sku_id=sku,
    )
    for unset, name, option, value in (
        (no_labels, "labels", "--label", []),
        (no_due_on, "due_on", "--due-on", None),
        (no_sku, "sku_id", "--sku", None),
    ):
        if unset and name in fields:
            raise InvalidInput(f"{option} is both set and removed", code="usage")
        if unset:
            fields[name] = value
    with opened(ctx) as (store, out):
        order_text.said(out, orders.update(store, work_order_id, fields, if_revision))


@app.command(
    cls=Command, epilog=examples_text("tcps work-order delete WO-1 --dry-run\ntcps work-order delete WO-1")
)
def delete(ctx: typer.Context, work_order_id: WorkOrderId, dry_run: DryRun = False) -> None:
    """Delete a queued or cancelled order that has no SKU; its history stays in the ledger."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        gone = orders.delete(store, work_order_id, dry_run)
        said = "would be deleted" if dry_run else "deleted"
        out.record(gone, [f"{gone['work_order_id']} {said}"])
        tried(dry_run)


@app.command(cls=Command, epilog=examples_text("tcps work-order depend WO-2 --on WO-1"))
def depend(
    ctx: typer.Context,
    work_order_id: WorkOrderId,
    on: OnOrder,
) -> None:
    """Let an order wait for another."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order_text.said(out, orders.depend(store, work_order_id, on))


@app.command(cls=Command, epilog=examples_text("tcps work-order undepend WO-2 --on WO-1"))
def undepend(
    ctx: typer.Context,
    work_order_id: WorkOrderId,
    on: OnOrder,
) -> None:
    """Let an order wait for another no more."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        order_text.said(out, orders.undepend(store, work_order_id, on))


@app.command(
    "next",
    cls=Command,
    epilog=examples_text(
        """tcps work-order next
        tcps work-order next --start
        tcps work-order next --bucket security --start --json"""
    ),
)
def next_(
    ctx: typer.Context,
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", help="Of this bucket's queue alone.", autocompletion=words("Bucket")),
    ] = None,
    start: Annotated[
        bool, typer.Option("--start", help="Start it: the first whose bucket has room.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Show the order to pull next by the levelled schedule, or start it."""
    from tcps.service import levelling

    with opened(ctx) as (store, out):
        if start:
            order_text.said(out, levelling.pull(store, bucket, dry_run))
        else:
            order = levelling.upcoming(store, bucket)
            out.record(order, order_text.upcoming(order))
        tried(dry_run)


@app.command(cls=Command, epilog=examples_text("tcps work-order reorder security WO-7 WO-3 WO-5"))
def reorder(
    ctx: typer.Context,
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="Whose queue.")],
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID…",
            help="All of its orders, in the new order.",
            autocompletion=completion("work_order"),
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Give a bucket's queue a new order."""
    from tcps.service import orders

    with opened(ctx) as (store, out):
        rows = orders.reorder(store, bucket, ids, dry_run)
        out.table(order_text.rows(rows), _LIST, document=rows)
        tried(dry_run)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps work-order report
        tcps work-order report --from 2026-01-01 --to 2026-03-31 -o md"""
    ),
)
def report(ctx: typer.Context, start: PeriodStart = None, end: PeriodEnd = None) -> None:
    """Report on the work orders that came in a period: how many, what became of them, what is most urgent.

    Without options it is about the last 30 days.
    """
    from tcps.cli import report_text
    from tcps.service import reporting

    with opened(ctx) as (store, out):
        found = reporting.work_orders(store, start, end)
        title = f"Work orders, {found['start'][:16]}Z to {found['end'][:16]}Z"
        out.report(found, title, report_text.orders(found))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
