"""Use cases of Kaizen: waste, proposals and what becomes of them, trends."""

from collections.abc import Sequence

from tcps.canonical import plain
from tcps.errors import Refused, invalid_field
from tcps.model import Improvement, ImprovementStatus, Json, Period, last_days, parse_enum
from tcps.rules import kaizen, metrics, trends
from tcps.rules.metrics import METRICS, Measured
from tcps.rules.state import found
from tcps.rules.waste import CURES, WEEK_DAYS, WastePoint, total, waste
from tcps.service.metrics import rounded, span
from tcps.service.trial import transaction
from tcps.store import Store, View

IMPROVEMENT_FIELDS = Improvement.__struct_fields__
_HOURS = ("weekly_waste_hours", "expected_saving_hours")
_MEASURED_HOURS = ("before_waste_hours", "after_waste_hours", "actual_benefit_hours")


def show_waste(store: Store, days: int = WEEK_DAYS) -> Json:
    """What was lost in the last days, the greatest first."""
    with store.view() as view:
        period = last_days(days, view.now)
        points = waste(view.past(period))
    return span(period) | {
        "total_waste_hours": rounded(total(points)),
        "points": [wasted(point, period) for point in points],
    }


def proposals(
    store: Store, status: Sequence[str] = (), *, everything: bool = False, dry_run: bool = False
) -> list[Json]:
    """Bring the proposals up to date with the waste of the last seven days; gives them, best return first.

    Without a status, those that are proposed or being measured.
    """
    chosen = [parse_enum(ImprovementStatus, value) for value in status]
    wanted = chosen or (list(ImprovementStatus) if everything else _OPEN)
    with transaction(store, "kaizen.propose", dry_run=dry_run) as draft:
        kaizen.propose(draft)
        listed = sorted(draft.improvements(), key=kaizen.by_return)
        return [improvement(one) for one in listed if one.status in wanted]


def show(store: Store, improvement_id: str) -> Json:
    """One improvement."""
    with store.view() as view:
        return improvement(found(view, Improvement, improvement_id))


def apply(store: Store, improvement_id: str, changes: str | None = None) -> Json:
    """Say that people have done something about it."""
    with store.transaction("kaizen.apply") as draft:
        return improvement(kaizen.apply(draft, improvement_id, changes))


def measure(store: Store, improvement_id: str) -> Json:
    """Compare the waste of the week after with that of the week before."""
    with store.transaction("kaizen.measure") as draft:
        return improvement(kaizen.measure(draft, improvement_id))


def reject(store: Store, improvement_id: str, reason: object) -> Json:
    """Say that nothing will be done about it, and why."""
    with store.transaction("kaizen.reject") as draft:
        return improvement(kaizen.reject(draft, improvement_id, reason))


def show_trends(store: Store, names: Sequence[str], weeks: int = trends.WEEKS) -> list[Json]:
    """The trends of some metrics, or of all six. Refused: `insufficient_data`."""
    chosen = [_metric(name) for name in names] or list(METRICS)
    with store.view() as view:
        measured = measured_weeks(view, weeks)
    return [trend(trends.trend(name, measured)) for name in chosen]


def measured_weeks(view: View, weeks: int) -> list[tuple[Period, Measured]]:
    """The metrics of each of the last weeks, the oldest first."""
    periods = trends.weeks(weeks, view.now)
    return [(period, metrics.measured(view.past(period))) for period in periods]


def trends_of(measured: Sequence[tuple[Period, Measured]]) -> Json:
    """Every metric's trend, or the refusal where there is not enough to see one."""
    try:
        return {name: trend(trends.trend(name, measured)) for name in METRICS}
    except Refused as refusal:
        body = {"error": refusal.code, "minimum_required": refusal.details["minimum_required"]}
        return dict.fromkeys(METRICS, body)


def trend(found: trends.Trend) -> Json:
    """A trend as it is shown."""
    return {
        "metric": found.metric,
        "improving": found.improving,
        "rate_of_improvement": rounded(found.rate),
        "weeks_analyzed": len(found.points),
        "current_value": rounded(found.points[-1].value),
        "target_value": METRICS[found.metric].target,
        "on_track": found.on_track,
        "points": [
            span(point.period) | {"value": rounded(point.value), "sample_size": point.sample_size}
            for point in found.points
        ],
    }


def wasted(point: WastePoint, period: Period) -> Json:
    """A cause of waste as it is shown; an impact has four decimals, for it can be small."""
    cure = CURES[point.waste_type]
    return {
        "waste_type": point.waste_type,
        "stage": point.stage,
        "root_cause": point.root_cause,
        "impact": rounded(point.impact, 4),
        "frequency": point.frequency,
        "total_waste": rounded(point.total_waste),
        "weekly_waste": rounded(point.weekly(period)),
        "effort": cure.effort,
        "saving_pct": rounded(cure.saving * 100),
        "examples": list(point.examples),
    }


def improvement(record: Improvement) -> Json:
    """An improvement as it is shown: hours with two decimals, ratios with three."""
    value: Json = plain(record)
    for name in (*_HOURS, *_MEASURED_HOURS):
        value[name] = rounded(value[name])
    for name in ("roi", "waste_ratio"):
        value[name] = rounded(value[name], 3)
    return value


_OPEN = [ImprovementStatus.PROPOSED, ImprovementStatus.MEASURING]


def _metric(name: str) -> str:
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    if word not in METRICS:
        raise invalid_field("metric", f"is one of {', '.join(METRICS)}, not {name!r}")
    return word
