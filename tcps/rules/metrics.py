"""The metrics of Kaizen over a period (domain 12.1): formulas, targets, achievement, alerts.

Hours, percent and a number a day; exact until they are shown.
"""

from typing import NamedTuple

from tcps.model import HOUR_MS, Json, Stage
from tcps.rules.past import Past, Runs

Values = dict[str, float]


class Metric(NamedTuple):
    """What is wanted of a metric: its target, and the value beyond which it is alarming."""

    unit: str
    target: float
    alert: float
    lower_is_better: bool

    def is_better(self, value: float, than: float) -> bool:
        """Whether a value is strictly better than another."""
        return value < than if self.lower_is_better else value > than


METRICS = {
    "lead_time": Metric("h", 2.0, 3.0, True),
    "defect_rate": Metric("%", 1.0, 2.0, True),
    "rework_pct": Metric("%", 5.0, 10.0, True),
    "cycle_time": Metric("h", 0.5, 1.0, True),
    "first_pass_yield": Metric("%", 95.0, 85.0, False),
    "throughput": Metric("/day", 10.0, 5.0, False),
}


class Measured(NamedTuple):
    """The six metrics of a period; `sample_size` is how many SKUs were finished in it."""

    sample_size: int
    published: int
    values: Values


def measured(past: Past) -> Measured:
    """The six metrics of a period."""
    finished, runs = past.finished(), past.runs()
    published, receipts = finished.published, sum(stage.total for stage in runs)
    rework = finished.reworked / finished.total * 100 if finished.total else 0.0
    duration = sum(stage.duration_ms for stage in runs)
    values = {
        "lead_time": finished.lead_ms / published / HOUR_MS if published else 0.0,
        "defect_rate": past.defects() / published * 100 if published else 0.0,
        "rework_pct": rework,
        "cycle_time": duration / receipts / HOUR_MS if receipts else 0.0,
        "first_pass_yield": 100 - rework,
        "throughput": published / past.period.days,
    }
    return Measured(finished.total, published, values)


def achievement(found: Measured) -> dict[str, float | None]:
    """How far each target is reached, in percent, and `overall`, their mean; None without a sample."""
    if not found.sample_size:
        return dict.fromkeys([*METRICS, "overall"])
    reached = {name: _reached(metric, found.values[name]) for name, metric in METRICS.items()}
    return {**reached, "overall": sum(reached.values()) / len(reached)}


def alerts(found: Measured) -> list[str]:
    """The metrics that are beyond their alert value; none without a sample."""
    if not found.sample_size:
        return []
    return [name for name, metric in METRICS.items() if metric.is_better(metric.alert, found.values[name])]


def comparison(current: Measured, previous: Measured) -> Json:
    """Each metric beside that of the period before, None where nothing can be compared.

    `change_pct` is the change in percent of the previous value; `improved` is true, false, or None when
    it is the same.
    """
    both = bool(current.sample_size and previous.sample_size)
    return {
        name: {
            "current": current.values[name],
            "previous": previous.values[name],
            "change_pct": change_pct(current.values[name], previous.values[name]) if both else None,
            "improved": _improved(metric, current.values[name], previous.values[name]) if both else None,
        }
        for name, metric in METRICS.items()
    }


def change_pct(current: float, previous: float) -> float | None:
    """The change in percent of the previous value; None when that is 0."""
    return (current - previous) / previous * 100 if previous else None


def gate_pass_rate(runs: tuple[Runs, ...]) -> float | None:
    """The share of pass among pass and fail receipts; None when there are neither (domain 8.4)."""
    passed, failed = sum(run.passed for run in runs), sum(run.failed for run in runs)
    return passed / (passed + failed) if passed + failed else None


def gate_pass_rates(runs: tuple[Runs, ...]) -> dict[Stage, float | None]:
    """`gate_pass_rate` of each stage."""
    return {stage: gate_pass_rate(tuple(r for r in runs if r.stage is stage)) for stage in Stage}


def _reached(metric: Metric, current: float) -> float:
    if current == metric.target or metric.is_better(current, metric.target):
        return 100.0
    better, worse = (metric.target, current) if metric.lower_is_better else (current, metric.target)
    return min(better / worse * 100, 100.0)


def _improved(metric: Metric, current: float, previous: float) -> bool | None:
    return None if current == previous else metric.is_better(current, previous)
