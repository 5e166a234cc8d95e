"""Metrics, waste and improvements in words: what a person reads of them."""

from collections.abc import Iterable, Iterator, Sequence

from tcps.cli.charts import bar, sparkline
from tcps.model import Json
from tcps.render import Section, columns
from tcps.rules.metrics import METRICS

METRIC_COLUMNS = columns("metric", "now", "target", "achieved", "share", "note")
COMPARED_COLUMNS = columns("metric", "before", "now", "change", "result")
WASTE_COLUMNS = columns("waste", "where", "times", "hours", "share", "examples")
IMPROVEMENT_COLUMNS = columns("id", "status", "hours a week=weekly", "roi", "effort", "description")
TREND_COLUMNS = columns("metric", "trend", "first", "now", "a week=rate", "result")


def metric_rows(report: Json) -> list[Json]:
    """The six metrics beside their targets."""
    reached = report["achievement"]
    return [
        {
            "metric": name,
            "now": amount(name, value),
            "target": _target(name),
            "achieved": "" if reached[name] is None else f"{reached[name]:.0f} %",
            "share": "" if reached[name] is None else bar(reached[name] / 100, 10),
            "note": "ALERT" if name in report.get("alerts", ()) else "",
        }
        for name, value in report["current_metrics"].items()
    ]


def compared_rows(comparison: Json) -> list[Json]:
    """Each metric beside that of the period before."""
    return [
        {
            "metric": name,
            "before": amount(name, row["previous"]),
            "now": amount(name, row["current"]),
            "change": "" if row["change_pct"] is None else f"{row['change_pct']:+.1f} %",
            "result": {True: "better", False: "worse", None: ""}[row["improved"]],
        }
        for name, row in comparison.items()
    ]


def waste_rows(points: Sequence[Json]) -> list[Json]:
    """Causes of waste, each with its share of the greatest."""
    most = max((point["total_waste"] for point in points), default=0.0)
    return [
        {
            "waste": point["waste_type"],
            "where": point["stage"] or _one_line(point["root_cause"] or ""),
            "times": point["frequency"],
            "hours": f"{point['total_waste']:.2f}",
            "share": bar(point["total_waste"] / most if most else 0.0, 10),
            "examples": [_one_line(example) for example in point["examples"]],
        }
        for point in points
    ]


def improvement_rows(improvements: Iterable[Json]) -> list[Json]:
    """Improvements as a table shows them."""
    return [
        {
            "id": one["improvement_id"],
            "status": one["status"],
            "weekly": f"{one['weekly_waste_hours']:.2f}",
            "roi": f"{one['roi']:.3f}",
            "effort": f"{one['effort']} ({one['effort_hours']} h)",
            "description": _one_line(one["description"]),
        }
        for one in improvements
    ]


def trend_rows(trends: Iterable[Json]) -> list[Json]:
    """Trends with a line that shows them."""
    return [_trend_row(trend) for trend in trends]


def report_sections(report: Json) -> Iterator[Section]:
    """A weekly or monthly report."""
    lost, improvements = report["waste_analysis"], report["improvements"]
    overall = report["summary"]["achievement"]["overall"]
    nothing = ["no SKU was finished in this period"] if not report["sample_size"] else []
    reached = [] if overall is None else [f"overall {overall:.0f} % of the targets"]
    yield Section("Metrics", [*nothing, *reached], metric_rows(report["summary"]), METRIC_COLUMNS[:-1])
    yield Section(
        "Beside the period before", (), compared_rows(report["period_over_period"]), COMPARED_COLUMNS
    )
    total = f"{lost['total_waste_hours']:.2f} hours in all"
    yield Section("Waste", [total], waste_rows(lost["top_waste_points"]), WASTE_COLUMNS)
    yield _trends(report["trends"])
    yield Section(
        "Improvements",
        _pipeline(report),
        improvement_rows([*improvements["proposed"], *improvements["applied"]]),
        IMPROVEMENT_COLUMNS,
    )
    advice = [f"{one['priority']}: {one['message']}" for one in report["recommendations"]]
    yield Section("Recommendations", advice or ["none"])


def amount(name: str, value: float) -> str:
    """A metric's value with its unit."""
    unit = METRICS[name].unit
    return f"{value:.2f}{unit}" if unit.startswith("/") else f"{value:.2f} {unit}"


def improved(one: Json) -> str:
    """One line: what an improvement is now."""
    return f"{one['improvement_id']} is {one['status']}: {_one_line(one['description'])}"


def titled(report: Json) -> str:
    """The period of a report in words."""
    return f"{report['start'][:16]}Z to {report['end'][:16]}Z"


def _target(name: str) -> str:
    metric = METRICS[name]
    return f"{'≤' if metric.lower_is_better else '≥'} {amount(name, metric.target)}"


def _trends(trends: Json) -> Section:
    known = [trend for trend in trends.values() if "points" in trend]
    missing = next((trend["minimum_required"] for trend in trends.values() if "error" in trend), None)
    lines = [] if missing is None else [f"not enough weeks with a finished SKU yet: it takes {missing}"]
    return Section("Trends over 8 weeks", lines, trend_rows(known), TREND_COLUMNS)


def _trend_row(trend: Json) -> Json:
    name, values = trend["metric"], [point["value"] for point in trend["points"]]
    track = "on track" if trend["on_track"] else "improving" if trend["improving"] else "not improving"
    return {
        "metric": name,
        "trend": sparkline(values),
        "first": amount(name, values[0]),
        "now": amount(name, values[-1]),
        "rate": f"{trend['rate_of_improvement']:+.2f} %",
        "result": track,
    }


def _pipeline(report: Json) -> list[str]:
    pipeline = report["charts"]["improvement_pipeline"]
    counts = ", ".join(
        f"{pipeline[status]} {status}" for status in ("proposed", "measuring", "applied", "rejected")
    )
    return [
        counts,
        f"{report['improvements']['benefit_realized']:.2f} hours a week gained by those measured now",
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
