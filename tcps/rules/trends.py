"""Trends of the metrics over weeks (domain 12.4)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tcps.errors import Refused
from tcps.model import DAY_MS, Period, Timestamp, from_ms, to_ms
from tcps.rules.metrics import METRICS, Measured
from tcps.rules.waste import WEEK_DAYS

WEEKS = 8
"""How many weeks a trend looks back unless it is asked otherwise."""
GOAL_PCT, ON_TRACK_PCT = 5.0, 4.0
"""The improvement a week that is aimed at, and the one that is on the way there."""
LEAST_POINTS = 2


class Point(NamedTuple):
    """A metric in one week."""

    period: Period
    value: float
    sample_size: int


class Trend(NamedTuple):
    """How a metric develops: the rate is percent of the first value a week, positive when better."""

    metric: str
    rate: float
    points: tuple[Point, ...]

    @property
    def improving(self) -> bool:
        """Whether it gets better."""
        return self.rate > 0

    @property
    def on_track(self) -> bool:
        """Whether it gets better fast enough."""
        return self.rate >= ON_TRACK_PCT


def weeks(count: int, end: Timestamp) -> list[Period]:
    """The weeks before a moment, the oldest first."""
    edges = [from_ms(to_ms(end) - k * WEEK_DAYS * DAY_MS) for k in range(count, -1, -1)]
    return [Period(start, stop) for start, stop in pairwise(edges)]


def trend(metric: str, measured: Sequence[tuple[Period, Measured]]) -> Trend:
    """The trend of a metric; weeks without a sample are left out. Refused: `insufficient_data`."""
    points = tuple(
        Point(period, found.values[metric], found.sample_size)
        for period, found in measured
        if found.sample_size
    )
    if len(points) < LEAST_POINTS:
        raise Refused(
            f"a trend needs {LEAST_POINTS} weeks with a finished SKU; there {_are(len(points))}",
            code="insufficient_data",
            details={"metric": metric, "minimum_required": LEAST_POINTS, "available": len(points)},
        )
    return Trend(metric, _rate(metric, points), points)


def _rate(metric: str, points: tuple[Point, ...]) -> float:
    first, last = points[0].value, points[-1].value
    if first == 0:
        return 0.0
    gain = first - last if METRICS[metric].lower_is_better else last - first
    return gain / first * 100 / (len(points) - 1)


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"
