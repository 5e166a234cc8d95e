"""Use cases of quality metrics: the six of Kaizen over a period, beside those of the period before."""

from collections.abc import Mapping

from tcps.errors import missing
from tcps.model import Json, Period, Timestamp, last_days, parse_period
from tcps.rules import metrics
from tcps.rules.metrics import METRICS, Measured
from tcps.store import Store, View

DAYS = 30
"""The period of quality metrics, unless it is asked otherwise; that of the gate (domain 9)."""


def show(store: Store, days: int = DAYS, compare: bool = False) -> Json:
    """The metrics of the last days, with targets and achievement; with `compare`, the days before too.

    `gate` are the store's own values for the quality_metrics gate, as fractions.
    """
    with store.view() as view:
        period = last_days(days, view.now)
        found = metrics.measured(view.past(period))
        report = span(period) | {
            "sample_size": found.sample_size,
            "skus_published": found.published,
            **summary(found),
            "alerts": metrics.alerts(found),
            "gate": _for_gate(view, period, found),
        }
        if compare:
            before = period.previous
            report["previous"] = span(before)
            report["comparison"] = compared(found, metrics.measured(view.past(before)))
    return report


def chosen(start: str | None, end: str | None, now: Timestamp) -> Period:
    """The period from a date or time to another; without any, the last thirty days."""
    if start is not None:
        return parse_period(start, end, now)
    if end is not None:
        raise missing(["from"], "a period that ends at a given time")
    return last_days(DAYS, now)


def span(period: Period) -> Json:
    """A period as reports write it."""
    return {"start": period.start, "end": period.end, "days": rounded(period.days)}


def summary(found: Measured) -> Json:
    """The metrics, their targets, and how far those are reached."""
    reached = metrics.achievement(found)
    return {
        "current_metrics": rounded_all(found.values),
        "targets": {name: metric.target for name, metric in METRICS.items()},
        "achievement": rounded_all(reached),
    }


def compared(current: Measured, previous: Measured) -> Json:
    """Each metric beside that of the period before."""
    rows = metrics.comparison(current, previous)
    return {name: {key: rounded(value) for key, value in row.items()} for name, row in rows.items()}


def rounded(value: float | bool | None, digits: int = 2) -> float | bool | None:
    """A number as it is shown: two decimals, half to even (domain 2)."""
    return value if value is None or isinstance(value, bool) else round(value, digits)


def rounded_all(values: Mapping[str, float | None]) -> Json:
    """`rounded` of every value."""
    return {name: rounded(value) for name, value in values.items()}


def _for_gate(view: View, period: Period, found: Measured) -> Json:
    rate = metrics.gate_pass_rate(view.past(period).runs())
    return {
        "first_pass_yield": rounded(found.values["first_pass_yield"] / 100, 3),
        "defect_rate": rounded(found.values["defect_rate"] / 100, 3),
        "gate_pass_rate": rounded(rate, 3),
    }
