"""Alert rules (domain 13.3) and service objectives (domain 13.4), and percentiles (domain 2, rounding)."""

from typing import Any

import pytest

from tcps.model import AndonEvent, Bucket, FailureType, Severity, Stage, Timestamp
from tcps.rules import alerts, objectives, pipeline
from tcps.rules.metrics import Measured
from tcps.service import maintenance
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import act, bring, published, resolve, setting, sku, started, trigger
from tests.rules.past import stage_runs

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 90, None),
        ([7], 50, 7),
        ([3, 1, 2], 50, 2),
        ([4, 3, 2, 1], 50, 2),
        (range(1, 11), 90, 9),
        (range(1, 12), 90, 10),
        (range(1, 11), 100, 10),
    ],
)
def test_a_percentile_is_the_value_at_the_rank_rounded_up(
    values: list[float], share: int, wanted: float | None
) -> None:
    assert alerts.percentile(list(values), share) == wanted


# Alert rules

QUIET = alerts.Facts(
    now=Timestamp("2026-01-20T12:00:00.000Z"),
    critical=(),
    utilization={Bucket.COST: 0.9},
    late=(),
    lead_times=[HOUR] * 10,
    runs=(stage_runs(passed=19, failed=1),),
    measured=Measured(10, 10, {"defect_rate": 5.0}),
    compliance=0.9,
)


def raised_at(moment: str) -> AndonEvent:
    return AndonEvent(
        andon_id="ANDON-1",
        sku_id="app",
        stage=Stage.COMPILATION,
        failure_type=FailureType.COMPILATION_FAILURE,
        severity=Severity.CRITICAL,
        created_at=Timestamp(moment),
    )


def holding(**facts: Any) -> list[str]:
    return [alert.rule for alert in alerts.active(QUIET._replace(**facts))]


def test_every_rule_has_its_component_severity_and_cooldown() -> None:
    table = {
        name: (rule.component, rule.severity, rule.cooldown_seconds) for name, rule in alerts.RULES.items()
    }
    assert table == {
        "andon_critical_open": ("andon", "critical", 300),
        "wip_limit_breach": ("kanban", "warning", 600),
        "sla_breach_imminent": ("work_orders", "critical", 1800),
        "quality_gate_failures": ("receipts", "warning", 3600),
        "high_defect_rate": ("receipts", "critical", 1800),
        "lead_time_anomaly": ("work_orders", "warning", 3600),
        "tpm_overdue": ("tpm", "warning", 86_400),
    }


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ({}, []),
        ({"critical": [raised_at("2026-01-20T11:00:00.000Z")]}, []),
        ({"critical": [raised_at("2026-01-20T10:59:59.999Z")]}, ["andon_critical_open"]),
        ({"utilization": {Bucket.COST: 0.91}}, ["wip_limit_breach"]),
        ({"late": ["WO-1"]}, ["sla_breach_imminent"]),
        ({"lead_times": [6_840_000] * 10}, []),
        ({"lead_times": [6_840_001] * 10}, ["sla_breach_imminent"]),
        ({"runs": (stage_runs(passed=18, failed=2),)}, ["quality_gate_failures"]),
        ({"runs": (stage_runs(passed=17, failed=2),)}, []),
        ({"runs": (stage_runs(passed=17, failed=1, warned=2),)}, ["quality_gate_failures"]),
        ({"measured": Measured(10, 10, {"defect_rate": 5.1})}, ["high_defect_rate"]),
        ({"measured": Measured(9, 9, {"defect_rate": 50.0})}, []),
        ({"lead_times": [HOUR] * 8 + [2 * HOUR] * 2}, ["sla_breach_imminent"]),
        ({"lead_times": [1000] * 8 + [2001] * 2}, ["lead_time_anomaly"]),
        ({"lead_times": [1000] * 8 + [2000] * 2}, []),
        ({"lead_times": [1000] * 7 + [9000] * 2}, []),
        ({"compliance": 0.89}, ["tpm_overdue"]),
    ],
)
def test_a_rule_holds_beyond_its_bound_and_with_enough_of_a_sample(
    facts: dict[str, Any], rules: list[str]
) -> None:
    assert holding(**facts) == rules


# Service objectives

NOTHING = objectives.Facts((), 0, 0, 0, 0, ())


def of(slo: str, **facts: Any) -> objectives.Objective:
    (found,) = (one for one in objectives.objectives(NOTHING._replace(**facts)) if one.slo == slo)
    return found


def test_without_a_sample_no_objective_is_met_or_missed() -> None:
    found = objectives.objectives(NOTHING)
    assert [(one.slo, one.objective, one.budget) for one in found] == [
        ("lead_time_p90", 7_200_000, 0.10),
        ("quality_gate_pass_rate", 0.95, 0.05),
        ("deployment_success_rate", 0.99, 0.01),
        ("andon_avg_resolution_time", 14_400_000, None),
        ("uptime_percent", 0.999, 0.001),
    ]
    assert {(one.status, one.indicator, one.spent, one.remaining) for one in found} == {
        ("no_data", None, None, None)
    }


@pytest.mark.parametrize(
    ("slo", "facts", "status", "spent"),
    [
        ("lead_time_p90", {"lead_times": [1] * 9 + [7_200_000]}, "met", 0.1),
        ("lead_time_p90", {"lead_times": [7_199_999]}, "met", 0.0),
        ("lead_time_p90", {"lead_times": [7_200_000]}, "missed", 1.0),
        ("quality_gate_pass_rate", {"passed": 95, "failed": 5}, "met", 0.05),
        ("quality_gate_pass_rate", {"passed": 94, "failed": 6}, "missed", 0.06),
        ("deployment_success_rate", {"published": 99, "undeployed": 1}, "met", 0.01),
        ("deployment_success_rate", {"published": 98, "undeployed": 2}, "missed", 0.02),
        ("andon_avg_resolution_time", {"resolutions": [1, 28_799_998]}, "met", None),
        ("andon_avg_resolution_time", {"resolutions": [0, 28_800_000]}, "missed", None),
        ("uptime_percent", {"observed_ms": 30 * 24 * HOUR, "down_ms": 2_592_000}, "met", 0.001),
        ("uptime_percent", {"observed_ms": 30 * 24 * HOUR, "down_ms": 2_592_001}, "missed", 0.001),
    ],
)
def test_an_objective_is_met_up_to_its_bound(
    slo: str, facts: dict[str, Any], status: str, spent: float | None
) -> None:
    found = of(slo, **facts)
    assert found.status == status
    assert found.spent == (None if spent is None else pytest.approx(spent))


def test_what_is_left_of_a_budget_is_negative_when_more_was_spent() -> None:
    assert of("quality_gate_pass_rate", passed=80, failed=20).remaining == pytest.approx(-3.0)
    assert of("quality_gate_pass_rate", passed=99, failed=1).remaining == pytest.approx(0.8)
    assert of("andon_avg_resolution_time", resolutions=[1]).remaining is None


# On a store


def test_a_quiet_store_has_no_alert(store: Store) -> None:
    report = maintenance.show_health(store)
    assert report["alerts"] == []
    assert {one["status"] for one in report["objectives"]} == {"no_data"}


def test_alerts_and_objectives_are_those_of_the_store_as_it_is(store: Store, clock: FixedClock) -> None:
    setting(store, "wip_limits.cost", 1)
    published(store, started(store, bucket="reliability").id)
    started(store, bucket="cost", due_on="2026-01-20T10:40:00Z")
    event = trigger(store, "elsewhere", "compilation_failure")
    bring(store, sku(store, "app").id, Stage.PUBLICATION)
    act(store, pipeline.abort, "app", "no more")
    clock.forward(hours=2)
    report = maintenance.show_health(store)
    assert [alert["rule"] for alert in report["alerts"]] == [
        "andon_critical_open",
        "wip_limit_breach",
        "sla_breach_imminent",
    ]
    assert report["alerts"][1]["message"] == "WIP is at its limit: cost 100%"
    assert report["alerts"][0]["details"] == {"andons": [event.id], "count": 1}
    assert report["alerts"][2]["details"]["work_orders"] == ["WO-2"]
    resolve(store, event.id)
    clock.forward(ms=1)
    met = {
        one["slo"]: (one["status"], one["indicator"]) for one in maintenance.show_health(store)["objectives"]
    }
    assert met == {
        "lead_time_p90": ("met", 0),
        "quality_gate_pass_rate": ("met", 1.0),
        "deployment_success_rate": ("missed", 0.5),
        "andon_avg_resolution_time": ("met", 2 * HOUR),
        "uptime_percent": ("no_data", None),
    }
    raised_long_ago = trigger(store, "elsewhere-2", "compilation_failure")
    clock.forward(hours=31 * 24)
    assert {one["status"] for one in maintenance.show_health(store)["objectives"]} == {"no_data"}
    resolve(store, raised_long_ago.id)  # it counts when it is resolved, not when it was raised
    clock.forward(ms=1)
    times = {one["slo"]: one["indicator"] for one in maintenance.show_health(store)["objectives"]}
    assert times["andon_avg_resolution_time"] == 31 * 24 * HOUR
    assert clock.now > START
