"""The weekly and monthly report of Kaizen (domain 12.4): read from the store, written nowhere."""

from collections.abc import Sequence

from tcps.model import Effort, Improvement, ImprovementStatus, Json, Period, last_days
from tcps.rules import metrics, trends
from tcps.rules.kaizen import by_return
from tcps.rules.metrics import METRICS, Measured
from tcps.rules.recommendations import recommendations
from tcps.rules.waste import WastePoint, total, waste
from tcps.service import kaizen
from tcps.service.metrics import compared, rounded, span, summary
from tcps.store import Store

REPORTS = {"weekly_kaizen": 7, "monthly_kaizen": 30}
"""The kinds of report, and how many days each looks back."""
TOP, CATEGORY_EXAMPLES = 10, 3


def report(store: Store, report_type: str = "weekly_kaizen") -> Json:
    """How the period went, what was lost, what was improved, and what to do next."""
    with store.view() as view:
        now = view.now
        period = last_days(REPORTS[report_type], now)
        current = metrics.measured(view.past(period))
        previous = metrics.measured(view.past(period.previous))
        points = waste(view.past(period))
        weeks = kaizen.measured_weeks(view, trends.WEEKS)
        improvements = sorted(view.improvements(), key=by_return)
    return {
        "report_type": report_type,
        "period": span(period),
        "generated_at": now,
        "sample_size": current.sample_size,
        "summary": summary(current),
        "waste_analysis": _waste_analysis(points, period),
        "improvements": _improvements(improvements, period),
        "trends": kaizen.trends_of(weeks),
        "period_over_period": compared(current, previous),
        "recommendations": [advice._asdict() for advice in recommendations(current, previous, points)],
        "charts": {
            "metrics_trend": _metrics_trend(weeks),
            "waste_distribution": _distribution(points),
            "improvement_pipeline": _pipeline(improvements),
        },
    }


def _waste_analysis(points: Sequence[WastePoint], period: Period) -> Json:
    return {
        "total_waste_hours": rounded(total(points)),
        "top_waste_points": [kaizen.wasted(point, period) for point in points[:TOP]],
        "waste_by_category": {kind: _category(group) for kind, group in _by_kind(points).items()},
    }


def _category(points: Sequence[WastePoint]) -> Json:
    examples = [example for point in points for example in point.examples]
    return {
        "count": sum(point.frequency for point in points),
        "total_waste": rounded(total(points)),
        "examples": examples[:CATEGORY_EXAMPLES],
    }


def _improvements(improvements: Sequence[Improvement], period: Period) -> Json:
    """The open proposals, what was applied or measured in the period, and what that brought."""
    proposed = [one for one in improvements if one.status is ImprovementStatus.PROPOSED]
    measured = [one for one in improvements if period.contains(one.measured_at)]
    applied = [one for one in improvements if one in measured or period.contains(one.applied_at)]
    return {
        "proposed": [kaizen.improvement(one) for one in proposed],
        "applied": [kaizen.improvement(one) for one in applied],
        "total_proposed": len(proposed),
        "total_applied": len(applied),
        "benefit_realized": rounded(sum(one.actual_benefit_hours or 0.0 for one in measured)),
    }


def _metrics_trend(weeks: Sequence[tuple[Period, Measured]]) -> Json:
    """Each metric's value for each week, None for one without a finished SKU."""
    series = {
        name: [rounded(found.values[name]) if found.sample_size else None for _, found in weeks]
        for name in METRICS
    }
    return {"weeks": [span(period)["start"] for period, _ in weeks], "series": series}


def _distribution(points: Sequence[WastePoint]) -> Json:
    return {kind: rounded(total(group)) for kind, group in _by_kind(points).items()}


def _pipeline(improvements: Sequence[Improvement]) -> Json:
    statuses = [one.status for one in improvements]
    efforts = [one.effort for one in improvements]
    counts: Json = {status.value: statuses.count(status) for status in ImprovementStatus}
    return counts | {"by_effort": {effort.value: efforts.count(effort) for effort in Effort}}


def _by_kind(points: Sequence[WastePoint]) -> dict[str, list[WastePoint]]:
    """The points of each kind that has any, in the order of the greatest."""
    kinds: dict[str, list[WastePoint]] = {}
    for point in points:
        kinds.setdefault(point.waste_type.value, []).append(point)
    return kinds
