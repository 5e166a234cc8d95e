"""`tcps heijunka …`."""

from typing import Annotated

import typer

from tcps.cli.base import Command, examples_text, group, opened
from tcps.model import Bucket, Json
from tcps.render import columns

app = group("Heijunka: the queues of all buckets, levelled.")
_SLOTS = columns("slot", "id=work_order_id", "bucket", "pri=priority")
_ON_BOARD = 30
"""How many slots the board shows: as many as a terminal has room for."""


@app.callback()
def heijunka() -> None:
    """Heijunka: the queues of all buckets, levelled."""


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps heijunka schedule
        tcps heijunka schedule --capacity 10
        tcps heijunka schedule --json"""
    ),
)
def schedule(
    ctx: typer.Context,
    capacity: Annotated[
        int | None, typer.Option("--capacity", metavar="N", help="For how many orders there is capacity.")
    ] = None,
) -> None:
    """Show the queued orders in the order in which to pull them, so that no bucket runs in a batch."""
    from tcps.service import levelling

    with opened(ctx) as (store, out):
        plan = levelling.schedule(store, capacity)
        fields = [column.field for column in _SLOTS]
        empty = "there is no capacity" if plan["queued"] else "nothing is queued"
        out.table(plan["slots"], _SLOTS, empty, document=plan, fields=fields)
        if plan["slots"]:
            out.text("", *_board(plan["slots"]), "", *_said(plan, capacity))


def _board(slots: list[Json]) -> list[str]:
    """A row for each bucket, with a mark in the columns of its slots, as on a board on the wall."""
    shown = slots[:_ON_BOARD]
    buckets = [bucket for bucket in Bucket if any(slot["bucket"] == bucket for slot in shown)]
    width = max(map(len, buckets))
    return [
        f"{bucket:<{width}}  {' '.join('■' if slot['bucket'] == bucket else '·' for slot in shown)}"
        for bucket in buckets
    ]


def _said(plan: Json, capacity: int | None) -> list[str]:
    """How level the schedule is, and the shares of the capacity."""
    parts = {name: part for name, part in plan["score"].items() if name != "overall"}
    told = ", ".join(f"{name} {part}" for name, part in parts.items())
    lines = [f"levelling score: {plan['score']['overall']} ({told})"]
    if capacity is not None:
        shares = ", ".join(f"{bucket} {share}" for bucket, share in plan["allocation"].items())
        lines.append(f"{len(plan['slots'])} of {plan['queued']} queued; in proportion: {shares}")
    return lines
