"""Waste: hours lost to a named cause (domain 12.2)."""

import pytest

from tcps.model import Receipt, Stage, WasteType, last_days
from tcps.rules.past import Found
from tcps.rules.waste import CURES, WastePoint, flaky_tests, total, waste
from tests.conftest import START
from tests.rules.past import HOUR, MadeUp, naming, outcomes, stage_runs


def only(past: MadeUp) -> WastePoint:
    (point,) = waste(past)
    return point


def test_each_kind_of_waste_has_its_effort_and_its_saving() -> None:
    assert {kind: tuple(cure) for kind, cure in CURES.items()} == {
        "compilation_slow": ("medium", 0.40),
        "flaky_test": ("low", 1.00),
        "manual_intervention": ("high", 1.00),
        "repeat_andon": ("low", 1.00),
        "long_lead_time": ("medium", 0.50),
        "excessive_rework": ("medium", 0.50),
    }


def test_one_compilation_of_420_seconds_costs_the_two_minutes_over_five() -> None:
    point = only(MadeUp(compiled=[420_000, 300_000, 1000]))
    assert point[:3] == ("compilation_slow", "compilation", None)
    assert (round(point.impact, 4), point.frequency, point.examples) == (0.0333, 1, ("RCPT-1",))


def test_slow_compilations_cost_their_mean_excess_each() -> None:
    point = only(MadeUp(compiled=[400_000, 600_000, 100]))
    assert (point.impact, point.frequency) == (200_000 / HOUR, 2)
    assert point.total_waste == pytest.approx(400_000 / HOUR)


def test_a_flaky_test_costs_a_quarter_of_an_hour() -> None:
    point = only(MadeUp(receipts=[naming(outcomes(a="passed")), naming(outcomes(a="failed"))]))
    assert point == WastePoint(WasteType.FLAKY_TEST, None, None, 0.25, 1, ("a",))


def test_what_is_done_by_hand_costs_an_hour_each_time() -> None:
    point = only(MadeUp(manual=Found(7, 0, ("RCPT-1", "RCPT-3"))))
    assert point == WastePoint(WasteType.MANUAL_INTERVENTION, None, None, 1.0, 7, ("RCPT-1", "RCPT-3"))


def test_a_fail_receipt_costs_two_hours() -> None:
    point = only(MadeUp(failed=Found(3, 0, ("RCPT-1",))))
    assert point == WastePoint(WasteType.EXCESSIVE_REWORK, None, None, 2.0, 3, ("RCPT-1",))


def test_a_stage_that_takes_more_than_an_hour_costs_what_is_over_it() -> None:
    stages = [stage_runs(passed=2, failed=1, warned=1, hours=6), stage_runs(passed=3, hours=3, at=5)]
    point = only(MadeUp(stages=stages))
    assert point == WastePoint(WasteType.LONG_LEAD_TIME, Stage.COMPILATION, None, 0.5, 4, ("RCPT-2",))


def test_andons_that_share_a_root_cause_cost_two_hours_each() -> None:
    point = only(MadeUp(causes=["Stale  Straße", "disk full", "stale\nSTRASSE ", "STALE Straße"]))
    wanted = (WasteType.REPEAT_ANDON, None, "stale strasse", 2.0, 3, ("ANDON-1", "ANDON-3", "ANDON-4"))
    assert point == WastePoint(*wanted)
    assert point.total_waste == 6.0


@pytest.mark.parametrize(
    ("receipts", "names"),
    [
        ([naming(outcomes(a="passed", b="failed"), "r1"), naming(outcomes(a="failed"), "r2")], []),
        ([naming(outcomes(a="passed"), "r1", "x"), naming(outcomes(a="failed"), "r1", "y")], ["a"]),
        ([naming(outcomes(a="passed"), None, "x"), naming(outcomes(a="failed"), None, "y")], []),
        ([naming(outcomes(a="passed"), " "), naming(outcomes(a="failed"), None)], ["a"]),
        ([naming(outcomes(a="skipped"), "r1"), naming(outcomes(a="failed"), "r1")], []),
        ([naming([*outcomes(a="failed"), *outcomes(a="passed")], "r1")], ["a"]),
        (
            [naming([*outcomes(c="failed", a="failed"), *outcomes(a="passed", c="passed")], r) for r in "xy"],
            ["a", "c"],
        ),
        ([naming("a"), naming([1, {"name": 2, "outcome": "failed"}, {"name": "a"}, {"outcome": []}])], []),
        ([naming(outcomes(a="passed"), "a"), naming(outcomes(a="failed"), None, "a")], []),
    ],
    ids=[
        *("other revision", "one revision, other SKU", "no revision, other SKU", "blank revision"),
        *("skipped", "retried", "named once", "malformed", "a revision named as a SKU"),
    ],
)
def test_a_test_is_flaky_within_one_revision_or_without_one_within_one_sku(
    receipts: list[Receipt], names: list[str]
) -> None:
    assert flaky_tests(receipts) == names


def test_up_to_five_examples_are_named() -> None:
    named = {f"t{n}": "passed" for n in range(7)}
    flaky = MadeUp(receipts=[naming(outcomes(**named)), naming(outcomes(**dict.fromkeys(named, "failed")))])
    assert (only(flaky).frequency, only(flaky).examples) == (7, ("t0", "t1", "t2", "t3", "t4"))
    repeated = only(MadeUp(causes=["x"] * 7))
    assert (repeated.frequency, len(repeated.examples)) == (7, 5)


def test_points_are_sorted_by_waste_then_kind_stage_and_root_cause() -> None:
    past = MadeUp(
        stages=[stage_runs(passed=1, hours=3, at=3), stage_runs(passed=1, hours=3)],
        failed=Found(1, 0, ()),
        manual=Found(9, 0, ()),
        causes=["b", "b", "a", "a"],
    )
    points = waste(past)
    assert [(p.waste_type, p.stage, p.root_cause, p.total_waste) for p in points] == [
        ("manual_intervention", None, None, 9.0),
        ("repeat_andon", None, "a", 4.0),
        ("repeat_andon", None, "b", 4.0),
        ("excessive_rework", None, None, 2.0),
        ("long_lead_time", "compilation", None, 2.0),
        ("long_lead_time", "test_execution", None, 2.0),
    ]
    assert total(points) == 23.0


def test_nothing_wasted_is_no_point() -> None:
    assert waste(MadeUp(stages=[stage_runs(passed=3, hours=3)], compiled=[300_000], causes=["a", "b"])) == []


@pytest.mark.parametrize(("days", "weekly"), [(7, 6.0), (14, 3.0), (30, 1.4)])
def test_weekly_waste_is_in_proportion_to_the_period(days: int, weekly: float) -> None:
    point = WastePoint(WasteType.EXCESSIVE_REWORK, None, None, 2.0, 3, ())
    assert point.weekly(last_days(days, START)) == pytest.approx(weekly)
