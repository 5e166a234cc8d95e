"""`tcps quality …`."""

import typer

from tcps.cli.base import Command, SkuId, examples_text, group, opened
from tcps.render import columns

app = group("Quality gates.")
_RULES = columns("stage=gate", "metric", "wanted", "got", "verdict")


@app.callback()
def quality() -> None:
    """Quality gates."""


@app.command(cls=Command, epilog=examples_text("tcps quality gates SKU-1\ntcps quality gates SKU-1 --json"))
def gates(ctx: typer.Context, sku_id: SkuId) -> None:
    """Judge every gate of a SKU on its newest receipts; writes nothing, exits with 3 when one fails."""
    from tcps.render import cell
    from tcps.service import line

    with opened(ctx) as (store, out):
        report = line.quality_gates(store, sku_id)
        rows = []
        for stage in report["stages"]:
            if stage["result"] == "not_run":
                rows.append({"gate": stage["stage"], "verdict": "not run"})
            for reason in stage["stated"]:
                rows.append({"gate": stage["stage"], "metric": "(the run)", "got": reason, "verdict": "FAIL"})
            for rule in stage["rules"]:
                rows.append(
                    rule
                    | {
                        "wanted": f"{rule['operator']} {cell(rule['expected'])}",
                        "got": cell(rule["actual"]),
                        "verdict": "pass" if rule["passed"] else f"FAIL ({rule['reason']})",
                    }
                )
        out.table(rows, _RULES, document=report)
        counts = f"{report['passed']} passed, {report['failed']} failed, {report['not_run']} not run"
        where = f"at {report['current_stage']}" if report["is_active"] else report["status"]
        out.text(f"{report['sku_id']}: {counts}; now {where}")
    if report["failed"]:
        raise typer.Exit(3)
