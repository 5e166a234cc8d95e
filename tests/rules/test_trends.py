"""Trends of the metrics over weeks, and what a report recommends (domain 12.4)."""

from itertools import pairwise

import pytest

from tcps.errors import Refused
from tcps.model import DAY_MS, Stage, WasteType, to_ms
from tcps.rules.metrics import METRICS, Measured
from tcps.rules.recommendations import recommendations
from tcps.rules.trends import GOAL_PCT, WEEKS, Trend, trend, weeks
from tcps.rules.waste import WastePoint
from tests.conftest import START

GOOD = {name: metric.target for name, metric in METRICS.items()}


def measured(sample: int = 1, **values: float) -> Measured:
    return Measured(sample, sample, GOOD | values)


def over(metric: str, values: list[float | None]) -> Trend:
    """The trend of a metric with these values a week; None is a week without a finished SKU."""
    periods = weeks(len(values), START)
    found = [measured(0) if value is None else measured(3, **{metric: value}) for value in values]
    return trend(metric, list(zip(periods, found, strict=True)))


def test_weeks_lie_end_to_end_before_a_moment() -> None:
    assert WEEKS == 8
    periods = weeks(3, START)
    assert periods[-1].end == START
    assert {period.days for period in periods} == {7.0}
    assert all(later.start == earlier.end for earlier, later in pairwise(periods))


@pytest.mark.parametrize(
    ("metric", "values", "rate", "improving", "on_track"),
    [
        ("lead_time", [4.0, 3.0], 25.0, True, True),
        ("lead_time", [4.0, 5.0], -25.0, False, False),
        ("throughput", [4.0, 5.0], 25.0, True, True),
        ("throughput", [5.0, 4.0], -20.0, False, False),
        ("defect_rate", [4.0, 9.0, 3.0], 12.5, True, True),
        ("rework_pct", [10.0, 9.6], 4.0, True, True),
        ("rework_pct", [10.0, 9.7], 3.0, True, False),
        ("cycle_time", [1.0, 1.0], 0.0, False, False),
        ("defect_rate", [0.0, 5.0], 0.0, False, False),
        ("lead_time", [None, 4.0, None, 3.0], 25.0, True, True),
    ],
)
def test_the_rate_is_percent_of_the_first_value_a_week_and_positive_when_better(
    metric: str, values: list[float | None], rate: float, improving: bool, on_track: bool
) -> None:
    found = over(metric, values)
    assert found.rate == pytest.approx(rate)
    assert (found.improving, found.on_track) == (improving, on_track)


def test_a_lead_time_of_four_hours_that_gains_the_goal_each_week_is_at_3_43_in_the_fourth_and_on_track() -> (
    None
):
    values = [4.0 * (1 - GOAL_PCT / 100) ** week for week in range(4)]
    assert round(values[-1], 2) == 3.43
    assert over("lead_time", list(values)).on_track


def test_weeks_without_a_finished_sku_are_left_out() -> None:
    found = over("lead_time", [4.0, None, 3.0])
    assert [(point.value, point.sample_size) for point in found.points] == [(4.0, 3), (3.0, 3)]
    first, second = (to_ms(point.period.start) for point in found.points)
    assert second - first == 14 * DAY_MS


@pytest.mark.parametrize("values", [[], [1.0], [None, None], [None, 1.0]])
def test_fewer_than_two_points_are_not_enough(values: list[float | None]) -> None:
    with pytest.raises(Refused) as caught:
        over("lead_time", values)
    assert caught.value.code == "insufficient_data"
    assert caught.value.details["minimum_required"] == 2
    assert caught.value.details["available"] == len([value for value in values if value is not None])


# recommendations


def point(hours: float, stage: Stage | None = None) -> WastePoint:
    return WastePoint(WasteType.LONG_LEAD_TIME, stage, None, hours, 1, ())


def test_a_metric_that_got_strictly_worse_is_spoken_of() -> None:
    advice = recommendations(measured(lead_time=3.0, throughput=9.0), measured(lead_time=2.5), [])
    assert [one[:3] for one in advice] == [
        ("high", "metric_decline", "lead_time"),
        ("high", "metric_decline", "throughput"),
    ]
    assert advice[0].message == "lead_time got worse: 2.50 h before, 3.00 h now"
    assert recommendations(measured(), measured(), []) == []


def test_without_a_sample_in_both_periods_nothing_got_worse() -> None:
    worse = measured(lead_time=9.0)
    assert recommendations(worse, measured(0), []) == []
    assert recommendations(measured(0, lead_time=9.0), measured(), []) == []


def test_a_waste_of_more_than_ten_hours_is_spoken_of_and_the_largest_is_named() -> None:
    assert recommendations(measured(), measured(), [point(10.0)]) == []
    points = [point(11.0), point(12.0, Stage.SMOKE_TEST)]
    (one,) = recommendations(measured(), measured(), points)
    assert one[:3] == ("high", "high_waste", "long_lead_time")
    assert one.message == "long_lead_time at smoke_test cost 12.00 hours, more than anything else"


def test_a_throughput_below_nine_tenths_of_the_target_is_spoken_of() -> None:
    assert recommendations(measured(throughput=9.0), measured(throughput=9.0), []) == []
    (one,) = recommendations(measured(throughput=8.9), measured(throughput=8.9), [])
    assert one[:3] == ("medium", "throughput", "throughput")
