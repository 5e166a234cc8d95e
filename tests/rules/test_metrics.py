"""The metrics of Kaizen: formulas, targets, achievement, alerts (domain 12.1), pass rates (domain 8.4)."""

import pytest

from tcps.model import STAGES, Stage
from tcps.rules import metrics
from tcps.rules.metrics import METRICS, Measured
from tcps.rules.past import Finished
from tests.rules.past import HOUR, MadeUp, stage_runs

TABLE = {
    "lead_time": (2.0, 3.0, True),
    "defect_rate": (1.0, 2.0, True),
    "rework_pct": (5.0, 10.0, True),
    "cycle_time": (0.5, 1.0, True),
    "first_pass_yield": (95.0, 85.0, False),
    "throughput": (10.0, 5.0, False),
}
ON_TARGET = {name: target for name, (target, _, _) in TABLE.items()}


def values(**of: float) -> Measured:
    return Measured(1, 1, ON_TARGET | of)


def test_each_metric_has_its_target_its_alert_and_its_better_side() -> None:
    assert {name: (m.target, m.alert, m.lower_is_better) for name, m in METRICS.items()} == TABLE


def test_the_six_formulas() -> None:
    found = metrics.measured(
        MadeUp(
            done=Finished(published=4, failed=1, reworked=2, lead_ms=9 * HOUR),
            raised=3,
            stages=[stage_runs(passed=5, failed=1, hours=3), stage_runs(passed=1, warned=1, hours=1, at=3)],
        )
    )
    assert (found.sample_size, found.published) == (5, 4)
    assert found.values == {
        "lead_time": 9 / 4,
        "defect_rate": 75.0,
        "rework_pct": 40.0,
        "cycle_time": 4 / 8,
        "first_pass_yield": 60.0,
        "throughput": 4 / 7,
    }


def test_without_anything_finished_the_metrics_are_zero_and_the_yield_is_whole() -> None:
    found = metrics.measured(MadeUp(raised=3))
    assert found == Measured(0, 0, dict.fromkeys(TABLE, 0.0) | {"first_pass_yield": 100.0})


def test_a_failed_sku_counts_for_rework_and_not_for_defect_rate_or_throughput() -> None:
    found = metrics.measured(MadeUp(done=Finished(0, 2, 1, 0), raised=5))
    assert (found.sample_size, found.values["rework_pct"]) == (2, 50.0)
    assert (found.values["defect_rate"], found.values["throughput"]) == (0.0, 0.0)


def test_an_order_at_ten_published_at_twelve_has_reached_the_target() -> None:
    found = metrics.measured(MadeUp(done=Finished(1, 0, 0, 2 * HOUR)))
    assert found.values["lead_time"] == 2.0
    assert metrics.achievement(found)["lead_time"] == 100.0


@pytest.mark.parametrize(
    ("name", "value", "reached"),
    [
        ("lead_time", 2.0, 100.0),
        ("lead_time", 0.0, 100.0),
        ("lead_time", 4.0, 50.0),
        ("defect_rate", 0.5, 100.0),
        ("defect_rate", 8.0, 12.5),
        ("first_pass_yield", 95.0, 100.0),
        ("first_pass_yield", 100.0, 100.0),
        ("first_pass_yield", 47.5, 50.0),
        ("throughput", 12.0, 100.0),
        ("throughput", 2.5, 25.0),
        ("throughput", 0.0, 0.0),
    ],
)
def test_achievement_is_whole_at_the_target_and_in_proportion_below(
    name: str, value: float, reached: float
) -> None:
    found = metrics.achievement(values(**{name: value}))
    assert found == dict.fromkeys(TABLE, 100.0) | {name: reached, "overall": (500 + reached) / 6}


def test_without_a_sample_nothing_is_achieved_and_no_alert_fires() -> None:
    found = Measured(0, 0, dict.fromkeys(TABLE, 0.0))
    assert metrics.achievement(found) == dict.fromkeys([*TABLE, "overall"])
    assert metrics.alerts(found) == []


@pytest.mark.parametrize("name", TABLE)
def test_an_alert_fires_beyond_its_value_and_not_at_it(name: str) -> None:
    _, alert, lower = TABLE[name]
    assert metrics.alerts(values(**{name: alert})) == []
    assert metrics.alerts(values(**{name: alert + (0.001 if lower else -0.001)})) == [name]


def test_a_metric_is_compared_with_the_period_before() -> None:
    before = values(lead_time=4.0, throughput=8.0, defect_rate=0.0)
    rows = metrics.comparison(values(lead_time=3.0, throughput=6.0, defect_rate=1.0), before)
    assert rows["lead_time"] == {"current": 3.0, "previous": 4.0, "change_pct": -25.0, "improved": True}
    assert rows["throughput"] == {"current": 6.0, "previous": 8.0, "change_pct": -25.0, "improved": False}
    assert rows["defect_rate"] == {"current": 1.0, "previous": 0.0, "change_pct": None, "improved": False}
    assert rows["cycle_time"]["improved"] is None


def test_nothing_is_compared_where_one_of_the_periods_has_no_sample() -> None:
    for pair in ((values(), Measured(0, 0, ON_TARGET)), (Measured(0, 0, ON_TARGET), values())):
        rows = metrics.comparison(*pair)
        assert {(row["change_pct"], row["improved"]) for row in rows.values()} == {(None, None)}


def test_the_pass_rate_of_a_gate_leaves_warnings_out() -> None:
    runs = (stage_runs(passed=3, failed=1, warned=9), stage_runs(warned=1, at=3))
    assert metrics.gate_pass_rate(runs) == 0.75
    assert metrics.gate_pass_rate(()) is None
    rates = metrics.gate_pass_rates(runs)
    assert list(rates) == list(STAGES)
    assert (rates[Stage.COMPILATION], rates[Stage.TEST_EXECUTION], rates[Stage.PUBLICATION]) == (
        0.75,
        None,
        None,
    )
