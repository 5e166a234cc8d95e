"""What a Kaizen report recommends (domain 12.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from tcps.rules.metrics import METRICS, Measured
from tcps.rules.waste import WastePoint

HIGH_WASTE_HOURS = 10.0
LEAST_THROUGHPUT = 0.9
"""The share of the target for throughput below which it is spoken of."""


class Recommendation(NamedTuple):
    """How urgent it is, what it is about, and a sentence."""

    priority: str
    kind: str
    about: str
    message: str


def recommendations(
    current: Measured, previous: Measured, points: Sequence[WastePoint]
) -> list[Recommendation]:
    """Metrics that got worse, the largest waste if it is large, a throughput that is low."""
    return [*_declines(current, previous), *_large(points), *_slow(current)]


def _declines(current: Measured, previous: Measured) -> list[Recommendation]:
    if not (current.sample_size and previous.sample_size):
        return []
    return [
        Recommendation(
            "high",
            "metric_decline",
            name,
            f"{name} got worse: {_shown(name, previous)} before, {_shown(name, current)} now",
        )
        for name, metric in METRICS.items()
        if metric.is_better(previous.values[name], current.values[name])
    ]


def _large(points: Sequence[WastePoint]) -> list[Recommendation]:
    largest = max(points, key=lambda point: point.total_waste, default=None)
    if largest is None or largest.total_waste <= HIGH_WASTE_HOURS:
        return []
    hours = f"{largest.total_waste:.2f}"
    place = f" at {largest.stage}" if largest.stage else ""
    message = f"{largest.waste_type}{place} cost {hours} hours, more than anything else"
    return [Recommendation("high", "high_waste", largest.waste_type, message)]


def _slow(current: Measured) -> list[Recommendation]:
    target, found = METRICS["throughput"].target, current.values["throughput"]
    if found >= LEAST_THROUGHPUT * target:
        return []
    message = f"{found:.2f} SKUs a day were published; the target is {target:g}"
    return [Recommendation("medium", "throughput", "throughput", message)]


def _shown(name: str, found: Measured) -> str:
    unit = METRICS[name].unit
    return f"{found.values[name]:.2f}{unit if unit.startswith('/') else f' {unit}'}"
