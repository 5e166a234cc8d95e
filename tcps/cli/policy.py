"""`tcps policy …`."""

from typing import Annotated

import typer

from tcps.cli.base import Command, examples_text, group, opened, text
from tcps.render import cell, columns

app = group("Policy: limits and thresholds, themselves recorded in the ledger.")
_SETTINGS = columns("key", "value", "changed")


@app.command(cls=Command, epilog=examples_text("tcps policy show\ntcps policy show --json"))
def show(ctx: typer.Context) -> None:
    """Show every setting as it applies, and which of them were changed."""
    from tcps.service import oversight

    with opened(ctx) as (store, out):
        report = oversight.policy_show(store)
        rows = [
            {"key": key, "value": value, "changed": "yes" if key in report["changed"] else ""}
            for key, value in report["settings"].items()
        ]
        out.table(rows, _SETTINGS, document=report)


@app.command(
    "set",
    cls=Command,
    epilog=examples_text(
        """tcps policy set wip_limits.security 3
        tcps policy set gates.test_execution.line_coverage 0.9
        tcps policy set auto_publish true"""
    ),
)
def set_(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A setting, as policy show names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value; - or @FILE reads it.")],
) -> None:
    """Change a setting; gates can only be made stricter."""
    from tcps.service import oversight

    given = text(value, "VALUE") or ""
    with opened(ctx) as (store, out):
        changed = oversight.policy_set(store, key, given.strip())
        out.record(changed, [f"{changed['key']} is {cell(changed['value'])} now"])
