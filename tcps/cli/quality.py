"""`tcps quality …`."""

from typing import Annotated

import typer

from tcps.cli.base import Command, SkuId, examples_text, group, opened
from tcps.render import Section, columns, counted

app = group("Quality: the gates of a SKU, the metrics of a period.")
_RULES = columns("stage=gate", "metric", "wanted", "got", "verdict")


@app.command(cls=Command, epilog=examples_text("tcps quality gates SKU-1\ntcps quality gates SKU-1 --json"))
def gates(ctx: typer.Context, sku_id: SkuId) -> None:
    """Judge every gate of a SKU on its newest receipts; writes nothing, exits with 3 when one fails."""
    from tcps.render import measured
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
                        "wanted": f"{rule['operator']} {measured(rule['expected'])}",
                        "got": measured(rule["actual"]),
                        "verdict": "pass" if rule["passed"] else f"FAIL ({rule['reason']})",
                    }
                )
        out.table(rows, _RULES, document=report)
        counts = f"{report['passed']} passed, {report['failed']} failed, {report['not_run']} not run"
        where = f"at {report['current_stage']}" if report["is_active"] else report["status"]
        out.text(f"{report['sku_id']}: {counts}; now {where}")
    if report["failed"]:
        raise typer.Exit(3)


@app.command(
    cls=Command,
    epilog=examples_text("tcps quality metrics\ntcps quality metrics --days 7 --compare --json"),
)
def metrics(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How far back.")] = 30,
    compare: Annotated[bool, typer.Option("--compare", help="Beside as many days before.")] = False,
) -> None:
    """Show lead time, defects, rework, cycle time, first-pass yield and throughput beside their targets."""
    from tcps.cli import kaizen_text
    from tcps.service import metrics

    with opened(ctx) as (store, out):
        report = metrics.show(store, days, compare)
        counts = counted(report["sample_size"], "SKU"), f"{report['skus_published']} of them published"
        finished = f"{counts[0]} finished, {counts[1]}"
        sections = [
            Section(finished, (), kaizen_text.metric_rows(report), kaizen_text.METRIC_COLUMNS),
        ]
        if compare:
            heading = f"Beside {kaizen_text.titled(report['previous'])}"
            rows = kaizen_text.compared_rows(report["comparison"])
            sections.append(Section(heading, (), rows, kaizen_text.COMPARED_COLUMNS))
        names = ("current_metrics", "targets", "achievement")
        rows = [{"metric": metric} | {n: report[n][metric] for n in names} for metric in report["targets"]]
        out.report(report, f"Quality metrics, {kaizen_text.titled(report)}", sections, rows)
