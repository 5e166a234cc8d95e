"""Audits: `tcps audit`, `tcps compliance`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from tcps.cli.base import PeriodEnd, PeriodStart, SkuId, completion, opened, single
from tcps.cli.charts import bar
from tcps.errors import InvalidInput
from tcps.model import Json
from tcps.render import Section, columns, counted

_TIMELINE = columns("time", "actor", "id", "what=text")
_STAGES = columns("stage", "elapsed", "at work", "runs", "fails", "share")
_REQUIREMENTS = columns("requirement=name", "met", "detail")
_FIGURES = columns("figure", "value")


def _audit(ctx: typer.Context, sku_id: SkuId) -> None:
    """Show everything that happened to a SKU, and whether its chain holds; exits with 12 when it is broken.

    What is shown is read from the ledger itself, and the chain is verified byte for byte.
    """
    from tcps.service import auditing

    with opened(ctx) as (store, out):
        trail = auditing.trail(store, sku_id)
        out.report(trail, f"Audit trail of {trail['sku_id']}", _trail(trail), trail["timeline"])
    if trail["verdict"]["integrity"] == "broken":
        raise typer.Exit(12)


def _compliance(
    ctx: typer.Context,
    sku: Annotated[
        str | None, typer.Option("--sku", help="Of this SKU.", autocompletion=completion("sku"))
    ] = None,
    start: PeriodStart = None,
    end: PeriodEnd = None,
) -> None:
    """Report whether a SKU or a period is compliant; exits with 3 when not, with 12 for a broken chain.

    Without options it is about the last 30 days.
    """
    from tcps.service import auditing

    if sku is not None and (start is not None or end is not None):
        raise InvalidInput("--sku and a period exclude each other", code="usage")
    with opened(ctx) as (store, out):
        if sku is not None:
            report = auditing.sku_compliance(store, sku)
            out.report(report, f"Compliance of {sku}", [_requirements(report)], report["requirements"])
        else:
            report = auditing.period_compliance(store, start, end)
            title = f"Compliance, {report['start'][:16]}Z to {report['end'][:16]}Z"
            out.report(report, title, _period(report))
    if report.get("verdict") == "broken":
        raise typer.Exit(12)
    if not report["compliant"]:
        raise typer.Exit(3)


def _trail(trail: Json) -> Iterator[Section]:
    order, sku, gates = trail["work_order"], trail["sku"], trail["gates"]
    yield Section(
        "Summary",
        [
            f"order       {order['id']}: {order['title']} ({order['bucket']}, priority {order['priority']})",
            f"status      {sku['status']} at {sku['current_stage']}; publication {trail['publish_status']}",
            f"chain       {_chain(trail['verdict'])}",
            f"gates       {gates['passed']} passed, {gates['failed']} failed, {gates['not_run']} not run",
            f"lead time   {trail['lead_time_hours']:.2f} h; in production {trail['production_hours']:.2f} h",
        ],
    )
    yield Section("What happened", (), trail["timeline"], _TIMELINE)
    yield Section("Stages", (), _stages(trail["stage_durations"]), _STAGES)
    if trail["analyses"]:
        told = [f"{one['analysis_id']} of {one['andon_id']}: {_cause(one)}" for one in trail["analyses"]]
        yield Section("Root causes", told)


def _chain(verdict: Json) -> str:
    wrong = [f"{one['class']}: {one['message']}" for one in verdict["findings"] if one["kind"] == "integrity"]
    receipts = counted(verdict["receipts_checked"], "receipt")
    return "; ".join([f"{verdict['integrity']}, {verdict['completeness']}, {receipts}", *wrong])


def _stages(durations: Json) -> list[Json]:
    longest = max((stage["elapsed_hours"] for stage in durations.values()), default=0.0)
    return [
        {
            "stage": name,
            "elapsed": f"{stage['elapsed_hours']:.2f} h",
            "at_work": f"{stage['work_hours']:.2f} h",
            "runs": stage["runs"],
            "fails": stage["fails"],
            "share": bar(stage["elapsed_hours"] / longest if longest else 0.0, 10),
        }
        for name, stage in durations.items()
    ]


def _cause(analysis: Json) -> str:
    if analysis["root_cause"] is None:
        return f"{analysis['status']}, {len(analysis['whys'])} of 5 whys answered"
    return str(analysis["root_cause"])


def _requirements(report: Json) -> Section:
    rows = [row | {"met": "yes" if row["passed"] else "NO"} for row in report["requirements"]]
    met = sum(row["passed"] for row in rows)
    verdict = "compliant" if report["compliant"] else "not compliant"
    return Section(f"{verdict}: {met} of {len(rows)} requirements are met", (), rows, _REQUIREMENTS)


def _period(report: Json) -> Iterator[Section]:
    broken = [f"{one['severity']}: {one['message']}" for one in report["violations"]]
    yield Section("compliant" if report["compliant"] else "not compliant", broken)
    figures = {
        "SKUs published": report["skus_published"],
        "SKUs finished": report["skus_finished"],
        "work orders completed": report["work_orders_completed"],
        "Andons": report["andon_count"],
        "defect rate": f"{report['defect_rate']:.2f} %",
        "first-pass yield": f"{report['first_pass_yield']:.2f} %",
        "rework": f"{report['rework_pct']:.2f} %",
        "lead time": f"{report['average_lead_time_hours']:.2f} h",
    }
    yield Section("Figures", (), [{"figure": k, "value": v} for k, v in figures.items()], _FIGURES)
    rates = [
        {"gate": stage, "passed": f"{rate:.1%}", "share": bar(rate, 10)}
        for stage, rate in report["gate_pass_rate"].items()
        if rate is not None
    ]
    if rates:
        yield Section("Gates", (), rates, columns("gate", "passed", "share"))


audit = single(_audit, "tcps audit SKU-1\ntcps audit SKU-1 -o md > audit.md\ntcps audit SKU-1 --json")
compliance = single(
    _compliance,
    """tcps compliance --sku SKU-1
    tcps compliance --from 2026-01-01 --to 2026-03-31 -o md""",
)
