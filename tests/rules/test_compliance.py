"""Compliance of a SKU and of a period (domain 8.4), and what an audit trail says of a publication (8.3)."""

from collections.abc import Collection

import pytest

from tcps.model import STAGES, Sku, SkuStatus, Stage
from tcps.rules import andon, pipeline, root_cause
from tcps.rules.compliance import Requirement, requirements, violations
from tcps.rules.diagnosis import diagnose
from tcps.rules.metrics import METRICS, Measured
from tcps.service import auditing
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import (
    FAILING,
    TEXTS,
    act,
    bring,
    order,
    published,
    record,
    run,
    setting,
    sku,
    trigger,
)

NAMES = [
    *("chain_integrity", "chain_completeness", "quality_gates", "test_coverage", "security_scan"),
    *("deterministic_build", "release_evidence", "no_open_andons", "root_causes"),
]
GOOD = {name: metric.target for name, metric in METRICS.items()}


def required(store: Store, made: Sku, analysed: Collection[str] | None = None) -> dict[str, Requirement]:
    with store.view() as files:
        view = files.as_ledger()
        rows = requirements(view.verdict(made.id), diagnose(view, made), view.andons_of(made.id), analysed)
    assert [row.name for row in rows] == NAMES
    return {row.name: row for row in rows}


def unmet(store: Store, made: Sku, analysed: Collection[str] | None = None) -> list[str]:
    return [name for name, row in required(store, made, analysed).items() if not row.passed]


# a SKU


def test_a_published_sku_meets_all_nine_requirements(store: Store) -> None:
    assert unmet(store, published(store)) == []


def test_a_new_sku_meets_what_needs_no_receipt(store: Store) -> None:
    rows = required(store, sku(store))
    assert [name for name, row in rows.items() if row.passed] == [
        *("chain_integrity", "no_open_andons", "root_causes")
    ]
    assert rows["test_coverage"].detail == "there is no receipt of test_execution"
    assert rows["chain_completeness"].detail.startswith("there is no receipt of shacl_validation; ")


def test_a_chain_that_is_broken_is_not_compliant(store: Store) -> None:
    made = published(store)
    (file,) = store.folder.rglob("00000003-*.json")
    file.write_bytes(file.read_bytes().replace(b"alice", b"mally"))
    assert unmet(store, made) == ["chain_integrity", "quality_gates", "release_evidence"]


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        (Stage.TEST_EXECUTION, "test_coverage"),
        (Stage.SECURITY_SCAN, "security_scan"),
        (Stage.DETERMINISTIC_BUILD, "deterministic_build"),
        (Stage.RELEASE_VERIFICATION, "release_evidence"),
    ],
)
def test_a_gate_that_has_its_requirement_must_be_met_by_its_newest_receipt(
    store: Store, stage: Stage, name: str
) -> None:
    made = sku(store)
    bring(store, made.id, stage)
    assert not required(store, made)[name].passed
    run(store, made.id, stage)
    assert required(store, made)[name].passed
    assert required(store, made)[name].detail == f"RCPT-{stage.number} is pass"


def test_a_warning_satisfies_no_gate(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    record(store, made.id, Stage.TEST_EXECUTION, status="warning")
    row = required(store, made)["test_coverage"]
    assert (row.passed, row.detail) == (False, "RCPT-3 is warning")


def test_gates_are_judged_by_the_policy_of_now(store: Store) -> None:
    made = published(store)
    setting(store, "gates.test_execution.line_coverage", 0.95)
    rows = required(store, made)
    assert [name for name, row in rows.items() if not row.passed] == ["quality_gates", "test_coverage"]
    assert rows["quality_gates"].detail == "not met: test_execution"
    assert rows["test_coverage"].detail == "RCPT-3 is pass, not met: line_coverage"


def test_an_andon_that_is_not_resolved_is_not_compliant(store: Store) -> None:
    made = published(store)
    event = trigger(store, made.id)
    assert required(store, made)["no_open_andons"] == ("no_open_andons", False, f"open: {event.id}")
    act(store, andon.investigate, event.id)
    assert unmet(store, made) == ["no_open_andons"]
    act(store, andon.resolve, event.id, **TEXTS)
    assert unmet(store, made) == []


def test_with_five_whys_every_resolved_andon_needs_its_analysis(store: Store) -> None:
    made = published(store)
    event = trigger(store, made.id)
    act(store, andon.resolve, event.id, **TEXTS)
    assert unmet(store, made, None) == []
    assert unmet(store, made, []) == ["root_causes"]
    assert required(store, made, [])["root_causes"].detail == f"not explained: {event.id}"
    assert unmet(store, made, [event.id]) == []


def test_the_report_asks_for_analyses_when_policy_does(store: Store) -> None:
    made = published(store)
    event = trigger(store, made.id)
    act(store, andon.resolve, event.id, **TEXTS)
    setting(store, "require_five_whys", True)
    report = auditing.sku_compliance(store, made.id)
    assert (report["compliant"], report["pass_rate"]) == (False, 0.889)
    analysis = act(store, root_cause.start, event.id, "x")
    for number in range(1, 6):
        act(store, root_cause.add_why, analysis.id, number, "y")
    assert not auditing.sku_compliance(store, made.id)["compliant"]
    act(store, root_cause.finalize, analysis.id, "a", "b")
    report = auditing.sku_compliance(store, made.id)
    assert (report["compliant"], report["pass_rate"]) == (True, 1.0)


# a period


def measured(published: int = 1, sample: int = 1, **values: float) -> list[tuple[str, str]]:
    found = violations(Measured(sample, published, GOOD | values))
    return [(violation.name, violation.severity) for violation in found]


@pytest.mark.parametrize(
    ("found", "broken"),
    [
        (measured(), []),
        (measured(published=0), [("insufficient_volume", "high")]),
        (measured(defect_rate=2.0), []),
        (measured(defect_rate=2.01), [("high_defect_rate", "critical")]),
        (measured(first_pass_yield=95.0), []),
        (measured(first_pass_yield=94.99), [("low_first_pass_yield", "high")]),
        (measured(sample=0, first_pass_yield=0.0), []),
        (measured(lead_time=24.0), []),
        (measured(lead_time=24.01), [("high_lead_time", "low")]),
    ],
)
def test_a_period_has_its_bounds(found: list[tuple[str, str]], broken: list[tuple[str, str]]) -> None:
    assert found == broken


def test_the_report_of_a_period_counts_what_happened_in_it(store: Store, clock: FixedClock) -> None:
    published(store)
    clock.forward(hours=48)
    made = sku(store)
    run(store, made.id, Stage.SHACL_VALIDATION)
    record(store, made.id, Stage.COMPILATION, FAILING)
    trigger(store, "elsewhere")
    act(store, pipeline.abort, made.id, "no use")
    clock.forward(hours=1)
    first = auditing.period_compliance(store, "2026-01-20", "2026-01-20")
    assert (first["start"], first["end"]) == ("2026-01-20T00:00:00.000Z", "2026-01-21T00:00:00.000Z")
    assert (first["skus_published"], first["skus_finished"], first["work_orders_completed"]) == (1, 1, 1)
    assert (first["andon_count"], first["compliant"], first["violations"]) == (0, True, [])
    assert set(first["gate_pass_rate"].values()) == {1.0}
    whole = auditing.period_compliance(store)
    assert (whole["days"], whole["end"]) == (30.0, clock.now)
    assert (whole["skus_finished"], whole["andon_count"]) == (2, 2)
    assert (whole["defect_rate"], whole["rework_pct"], whole["first_pass_yield"]) == (100.0, 50.0, 50.0)
    assert whole["gate_pass_rate"]["compilation"] == 0.5
    assert [one["name"] for one in whole["violations"]] == ["high_defect_rate", "low_first_pass_yield"]
    assert whole["violations"][0]["actual"] == 100.0
    empty = auditing.period_compliance(store, "2025-01-01", "2025-01-31")
    assert [one["name"] for one in empty["violations"]] == ["insufficient_volume"]
    assert set(empty["gate_pass_rate"].values()) == {None}
    assert list(empty["gate_pass_rate"]) == list(STAGES)


# the trail


def test_the_publication_is_published_failed_blocked_or_pending(store: Store) -> None:
    def status(made: Sku) -> str:
        with store.view() as view:
            return auditing.publish_status(store.get_sku(made.id), view.andons_of(made.id))

    made, failed, aborted = sku(store), sku(store), sku(store)
    assert status(made) == "pending"
    event = trigger(store, made.id)
    assert status(made) == "blocked"
    act(store, andon.investigate, event.id)
    assert status(made) == "blocked"
    act(store, andon.resolve, event.id, **TEXTS)
    bring(store, made.id)
    assert status(made) == "pending"
    act(store, pipeline.publish, made.id)
    trigger(store, made.id)
    assert status(made) == "published"
    record(store, failed.id, Stage.SHACL_VALIDATION, {})
    for gone in (failed, aborted):
        act(store, pipeline.abort, gone.id, "x")
        assert status(gone) == "failed"
    assert store.get_sku(failed.id).status is SkuStatus.FAILED


def test_the_trail_tells_everything_by_time_then_in_the_order_of_commits(
    store: Store, clock: FixedClock
) -> None:
    made = sku(store, "app-1", order(store, "An app", bucket="cost").id)
    clock.forward(hours=1)
    record(store, made.id, Stage.SHACL_VALIDATION, {}, duration_ms=1_800_000)
    clock.forward(hours=2)
    trigger(store, made.id, "shacl_violation")
    act(store, andon.investigate, "ANDON-1")
    act(store, andon.resolve, "ANDON-1", **TEXTS)
    run(store, made.id, Stage.SHACL_VALIDATION, duration_ms=900_000)
    trigger(store, "another")
    clock.forward(hours=1)
    trail = auditing.trail(store, made.id)
    assert [(event["id"], event["event"]) for event in trail["timeline"]] == [
        ("app-1", "sku_created"),
        ("RCPT-1", "receipt_added"),
        ("ANDON-1", "andon_triggered"),
        ("ANDON-1", "andon_occurrence"),
        ("ANDON-1", "andon_investigated"),
        ("ANDON-1", "andon_resolved"),
        ("RCPT-2", "receipt_added"),
        ("app-1", "sku_stage_transition"),
    ]
    assert trail["stage_durations"] == {
        "shacl_validation": {"elapsed_hours": 3.0, "work_hours": 0.75, "runs": 2, "fails": 1},
        "compilation": {"elapsed_hours": 1.0, "work_hours": 0.0, "runs": 0, "fails": 0},
    }
    assert (trail["lead_time_hours"], trail["production_hours"]) == (4.0, 2.0)
    assert trail["gates"] == {"passed": 1, "failed": 0, "not_run": 9}
    assert trail["work_order"]["title"] == "An app"
    assert trail["work_order"]["sla_status"] == "on_time"
    assert (trail["generated_at"], trail["generated_by"]) == (clock.now, "alice")
    verdict = trail["verdict"]
    assert (verdict["integrity"], verdict["completeness"]) == ("intact", "incomplete")
    assert verdict["receipts_checked"] == 2


def test_a_receipt_with_a_time_of_its_own_stands_where_that_time_is(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    clock.forward(hours=5)
    trigger(store, made.id)
    clock.forward(hours=1)
    record(store, made.id, Stage.SHACL_VALIDATION, timestamp="2026-01-20T11:00:00Z")
    timeline = auditing.trail(store, made.id)["timeline"]
    assert [(event["id"], event["seq"]) for event in timeline] == [
        (made.id, 1),
        ("RCPT-1", 3),
        ("ANDON-1", 2),
    ]


def test_the_trail_does_not_take_the_word_of_a_file(store: Store) -> None:
    made = published(store)
    (file,) = store.folder.rglob("00000001-*.json")
    digest = auditing.trail(store, made.id)["receipts"][0]["digest"]
    file.unlink()
    trail = auditing.trail(store, made.id)
    assert trail["receipts"][0]["digest"] == digest
    assert trail["verdict"]["integrity"] == "broken"
    assert [finding["class"] for finding in trail["verdict"]["findings"]] == ["MISSING"]
    assert auditing.sku_compliance(store, made.id)["verdict"] == "broken"
