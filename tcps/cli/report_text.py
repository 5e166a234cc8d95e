"""Reports on the work orders and on the Andons of a period in words: what a person reads of them."""

from collections.abc import Iterator, Mapping

from tcps.cli.charts import bar
from tcps.model import Json
from tcps.render import Section, columns

_FIGURES = columns("figure", "value")
_SHARES = columns("which", "number", "share")
_BUCKETS = columns("bucket", "orders", "queued", "share")
_TOP = columns("id=work_order_id", "pri=priority", "bucket", "status", "created=created_at")


def orders(report: Json) -> Iterator[Section]:
    """How many were asked for, what became of them, what is most urgent now."""
    yield _figures(
        {
            "orders": report["total_work_orders"],
            "completed": f"{report['completed']} ({report['throughput']:.2f} a day)",
            "cancelled": report["cancelled"],
            "in progress": report["work_in_progress"],
            "lead time": f"{report['average_lead_time']:.2f} h on average",
            "kept their SLA": f"{report['sla_compliance_rate']:.2f} %",
        }
    )
    by_bucket, queued = report["by_bucket"], report["queue_depth_by_bucket"]
    rows = [row | {"bucket": row["which"], "orders": row["number"]} for row in _shares(by_bucket)]
    yield Section("Buckets", (), [row | {"queued": queued[row["bucket"]]} for row in rows], _BUCKETS)
    yield Section("Most urgent", [] if report["top_priorities"] else ["none"], report["top_priorities"], _TOP)


def andons(report: Json) -> Iterator[Section]:
    """How often the line was stopped, by what, where, and for how long."""
    seconds = report["avg_resolution_time_seconds"]
    yield _figures(
        {
            "Andons": f"{report['total_andons']}, seen {report['occurrences']} times",
            "open": report["open_andons"],
            "resolved": f"{report['resolved_andons']}, after {seconds / 3600:.2f} h on average",
            "root causes that came again": f"{report['recurrence_rate']:.0%}",
        }
    )
    for heading, field in (("Failures", "by_type"), ("Severity", "by_severity"), ("Stages", "by_stage")):
        yield Section(heading, (), _shares(report[field]), _SHARES)
    held = sorted(report["blocked_hours"].items(), key=lambda pair: -pair[1])
    rows = [{"sku": sku_id, "stopped": f"{hours:.2f} h"} for sku_id, hours in held[:10]]
    yield Section("Longest stopped", (), rows, columns("sku", "stopped"))


def _figures(figures: Json) -> Section:
    return Section("Figures", (), [{"figure": k, "value": v} for k, v in figures.items()], _FIGURES)


def _shares(counts: Mapping[str, int]) -> list[Json]:
    """What there is any of, each with its share of the greatest."""
    most = max(counts.values(), default=0)
    return [
        {"which": name, "number": count, "share": bar(count / most, 10)}
        for name, count in counts.items()
        if count
    ]
