"""Receipts: their fields, status, time and links (domain 8.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tcps.canonical import digest, genesis, record_bytes
from tcps.errors import InvalidInput
from tcps.model import STAGES, Artifact, Receipt, Stage, Timestamp, from_ms, to_ms
from tcps.rules import pipeline
from tcps.rules.pipeline import Recorded
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import HASH, PASSING, act, bring, read_run, record, refused, run, sku, stored_sku

FIRST, SECOND = STAGES[:2]
SKEW_MS = 5 * 60 * 1000


def chain(store: Store, sku_id: str) -> list[Receipt]:
    return store.list_receipts_by_sku(sku_id)


def shifted(ms: int, moment: Timestamp = START) -> Timestamp:
    return from_ms(to_ms(moment) + ms)


def test_a_receipt_says_what_was_run_by_whom_and_when(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    artifact = {"name": "log.txt", "sha256": HASH, "size": 0, "uri": "https://example.org/log"}
    evidence = {"tests": [], "manual_intervention": True}
    done = record(store, made.id, FIRST, evidence=evidence, artifacts=[artifact], duration_ms=7).receipt
    assert done == store.get_receipt("RCPT-1")
    assert (done.sku_id, done.work_order_id, done.stage) == (made.id, made.work_order_id, FIRST)
    assert (done.timestamp, done.actor, done.duration_ms) == (clock.now, "alice", 7)
    assert done.artifacts == (Artifact(**artifact),)
    assert done.metrics == PASSING[FIRST]
    assert done.evidence == evidence | {"gate": {"result": "pass", "violations": []}}


@pytest.mark.parametrize(
    ("stated", "metrics", "status", "result", "stopped"),
    [
        (None, None, "pass", "pass", False),
        ("passed", None, "pass", "pass", False),
        ("warning", None, "warning", "pass", False),
        ("fail", None, "fail", "pass", True),
        ("pass", {}, "fail", "fail", True),
        ("warning", {}, "fail", "fail", True),
        ("failed", {}, "fail", "fail", True),
    ],
)
def test_the_status_is_decided_by_the_gate_then_by_the_actor(
    store: Store, stated: str | None, metrics: Any, status: str, result: str, stopped: bool
) -> None:
    done = record(store, sku(store).id, FIRST, metrics, status=stated)
    assert (done.receipt.status, done.receipt.evidence["gate"]["result"]) == (status, result)
    assert (done.andon is not None) is stopped


def test_a_warning_satisfies_nothing(store: Store) -> None:
    made = sku(store)
    assert run(store, made.id, FIRST, status="warning").advanced is False


def test_the_gates_violations_are_kept_in_the_evidence(store: Store) -> None:
    done = record(store, sku(store).id, FIRST, {"shacl_conforms": True})
    (violation,) = done.receipt.evidence["gate"]["violations"]
    assert violation == {
        "gate": "shacl_validation",
        "metric": "shacl_violations",
        "operator": "=",
        "expected": 0,
        "actual": None,
        "passed": False,
        "reason": "missing",
    }


def test_each_receipt_names_the_digest_of_the_file_before_and_the_first_the_genesis(store: Store) -> None:
    made = sku(store)
    assert made.head == genesis(store.store_id, made.id)
    bring(store, made.id, Stage.TEST_EXECUTION)
    record(store, made.id, Stage.TEST_EXECUTION, {})
    receipts = chain(store, made.id)
    assert [receipt.sequence for receipt in receipts] == [1, 2, 3]
    before = genesis(store.store_id, made.id)
    for receipt in receipts:
        assert receipt.previous == before
        (path,) = (store.folder / "records").glob(f"skus/*/{made.id}/receipts/{receipt.sequence:08d}-*.json")
        assert path.read_bytes() == record_bytes(receipt)
        before = digest(path.read_bytes())
    last = stored_sku(store, made.id)
    assert (last.head, last.receipt_count) == (before, 3)


def test_chains_of_two_skus_start_differently(store: Store) -> None:
    first, second = (record(store, sku(store).id, FIRST).receipt for _ in range(2))
    assert first.previous != second.previous
    assert [first.sequence, second.sequence] == [1, 1]


# time


@pytest.mark.parametrize("ms", [0, 1, 60_000, 3_600_000, 3_600_000 + SKEW_MS])
def test_a_given_time_may_be_from_the_skus_creation_to_five_minutes_ahead(
    store: Store, clock: FixedClock, ms: int
) -> None:
    made = sku(store)
    clock.forward(hours=1)
    assert record(store, made.id, FIRST, timestamp=shifted(ms)).receipt.timestamp == shifted(ms)


@pytest.mark.parametrize("ms", [-1, -(10**9), 3_600_000 + SKEW_MS + 1])
def test_a_given_time_before_the_sku_or_too_far_ahead_is_refused(
    store: Store, clock: FixedClock, ms: int
) -> None:
    made = sku(store)
    clock.forward(hours=1)
    with refused(store, "invalid_timestamp") as caught:
        record(store, made.id, FIRST, timestamp=shifted(ms))
    assert caught.value.details == {"fields": ["timestamp"]}


@pytest.mark.parametrize("same_stage", [True, False])
def test_a_given_time_is_not_before_the_receipt_before(
    store: Store, clock: FixedClock, same_stage: bool
) -> None:
    made = sku(store)
    clock.forward(hours=1)
    operation, stage = (record, FIRST) if same_stage else (run, SECOND)
    before = operation(store, made.id, FIRST).receipt.timestamp
    with refused(store, "invalid_timestamp"):
        record(store, made.id, stage, timestamp=shifted(-1, before))
    assert record(store, made.id, stage, timestamp=before).receipt.timestamp == before


def test_a_clock_that_has_gone_back_repeats_the_time_of_the_receipt_before(
    store: Store, clock: FixedClock
) -> None:
    made = sku(store)
    ahead = run(store, made.id, FIRST, timestamp=shifted(SKEW_MS)).receipt.timestamp
    assert record(store, made.id, SECOND).receipt.timestamp == ahead
    clock.forward(hours=-1)
    assert record(store, made.id, SECOND).receipt.timestamp == ahead


def test_a_clock_that_has_gone_back_before_the_sku_gives_its_creation(
    store: Store, clock: FixedClock
) -> None:
    made = sku(store)
    clock.forward(hours=-1)
    assert record(store, made.id, FIRST).receipt.timestamp == made.created_at


# what is given


@pytest.mark.parametrize("evidence", [{"gate": {"result": "pass", "violations": []}}, {"gate": None}])
def test_evidence_of_the_gate_is_written_by_the_system_alone(store: Store, evidence: Any) -> None:
    made = sku(store)
    with refused(store, "invalid_field") as caught:
        record(store, made.id, FIRST, evidence=evidence)
    assert caught.value.details == {"fields": ["evidence.gate"]}


@pytest.mark.parametrize(
    "name", ["artifact_listed", "sbom_listed", "chain_intact", "stages_passed", "smoke_passed"]
)
def test_a_metric_of_the_system_is_refused_at_every_stage(store: Store, name: str) -> None:
    made = sku(store)
    with refused(store, "invalid_field") as caught:
        record(store, made.id, FIRST, PASSING[FIRST] | {name: True})
    assert caught.value.details == {"fields": [f"metrics.{name}"]}


GOOD = {"name": "a", "sha256": HASH, "size": 1}


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"stage": "nowhere"}, "invalid_stage", "stage"),
        ({"status": "maybe"}, "invalid_status", "status"),
        ({"metrics": []}, "invalid_field", "metrics"),
        ({"metrics": {"line_coverage": float("nan")}}, "invalid_field", "metrics"),
        ({"evidence": "text"}, "invalid_field", "evidence"),
        ({"evidence": {"a": object()}}, "invalid_field", "evidence"),
        ({"metrics": {"a": "x" * 262_144}}, "too_large", "metrics"),
        ({"evidence": {"a": "x" * 262_144}}, "too_large", "evidence"),
        ({"duration_ms": -1}, "invalid_field", "duration_ms"),
        ({"duration_ms": 1.0}, "invalid_field", "duration_ms"),
        ({"duration_ms": True}, "invalid_field", "duration_ms"),
        ({"duration_ms": "7"}, "invalid_field", "duration_ms"),
        ({"timestamp": "2026-01-20T10:00:00"}, "invalid_timestamp", "timestamp"),
        ({"artifacts": {}}, "invalid_field", "artifacts"),
        ({"artifacts": [5]}, "invalid_field", "artifacts"),
        ({"artifacts": [{"name": "a", "size": 1}]}, "invalid_field", "artifacts"),
        ({"artifacts": [GOOD | {"hue": 1}]}, "invalid_field", "artifacts.hue"),
        ({"artifacts": [GOOD | {"size": -1}]}, "invalid_field", "artifacts.size"),
        ({"artifacts": [GOOD | {"size": True}]}, "invalid_field", "artifacts.size"),
        ({"artifacts": [GOOD | {"sha256": HASH.upper()}]}, "invalid_field", "artifacts.sha256"),
        ({"artifacts": [GOOD | {"sha256": HASH[1:]}]}, "invalid_field", "artifacts.sha256"),
        ({"artifacts": [GOOD | {"name": " "}]}, "missing_required_field", "artifacts.name"),
        ({"artifacts": [GOOD | {"uri": "x" * 2049}]}, "too_large", "artifacts.uri"),
        ({"artifacts": [GOOD] * 1001}, "too_large", "artifacts"),
    ],
)
def test_a_run_with_a_wrong_field_is_refused_naming_it(fields: Any, code: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        pipeline.read_run(**{"sku_id": "a", "stage": "compile", **fields})
    assert (caught.value.code, caught.value.details["fields"]) == (code, [named])


def test_a_run_at_its_limits_is_taken(store: Store) -> None:
    made = sku(store)
    text = "x" * (262_144 - len('{"a":""}'))
    done = record(store, made.id, FIRST, {"a": text}, evidence={"a": text}, artifacts=[GOOD] * 1000)
    assert len(store.get_receipt(done.receipt.id).artifacts) == 1000


def test_a_failure_with_the_longest_values_is_still_a_receipt(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.DETERMINISTIC_BUILD)
    long = "x" * 130_000
    done = record(store, made.id, Stage.DETERMINISTIC_BUILD, {"build_hash_1": long, "build_hash_2": long})
    assert done.receipt.status == "fail"


@given(st.sampled_from(STAGES), st.integers(0, 2**53 - 1))
def test_a_run_is_read_with_its_stage_and_duration(stage: Stage, duration_ms: int) -> None:
    read = read_run("a", stage, duration_ms=duration_ms)
    assert (read.stage, read.duration_ms, read.status) == (stage, duration_ms, "pass")


# what reports say

COUNTS: Any = {"tests_total": 20, "tests_passed": 20, "tests_failed": 0, "tests_skipped": 1}


def read_beside(store: Store, read: Any, **given: Any) -> Recorded:
    """A run of the tests whose reports say what is read, beside what is given."""
    made = bring(store, sku(store).id, Stage.TEST_EXECUTION)
    return act(store, pipeline.record, replace(read_run(made.id, Stage.TEST_EXECUTION, **given), read=read))


def test_what_is_read_becomes_metrics_and_the_receipt_says_which(store: Store) -> None:
    done = read_beside(store, COUNTS, metrics={"line_coverage": 0.9, "note": 1}).receipt
    assert done.metrics == COUNTS | {"line_coverage": 0.9, "note": 1}
    assert done.evidence["reports"] == {"metrics": sorted(COUNTS), "given": {}}
    assert done.status == "pass"


def test_what_is_given_beside_what_is_read_is_kept_and_judged_again_later(store: Store) -> None:
    done = read_beside(store, COUNTS, metrics={"line_coverage": 0.9, "tests_total": 21})
    assert done.receipt.status == "fail"
    assert done.receipt.metrics["tests_total"] == 20
    assert done.receipt.evidence["reports"]["given"] == {"tests_total": 21}
    with store.view() as view:
        again = pipeline.judge_stored(view, done.sku, done.receipt)
    assert again == done.results
    found = [(rule.metric, rule.expected, rule.actual, rule.reason) for rule in again if not rule.passed]
    assert found == [("tests_total", 20, 21, "inconsistent")]
    assert done.andon is not None
    assert done.andon.details["violations"][0]["actual"] == 21


def test_what_a_command_says_holds_where_nothing_else_does(store: Store) -> None:
    made = bring(store, sku(store).id, Stage.SMOKE_TEST)
    assumed = {"smoke_total": 1, "smoke_failed": 1}
    smoke = read_run(made.id, Stage.SMOKE_TEST, {})
    done = act(store, pipeline.record, replace(smoke, assumed=assumed, read={"smoke_failed": 0})).receipt
    assert done.metrics == {"smoke_total": 1, "smoke_failed": 0}
    assert done.evidence["reports"]["given"] == {}


@pytest.mark.parametrize("evidence", [{"reports": {}}, {"reports": None}, {"gate": {}}])
def test_evidence_of_the_system_cannot_be_given(store: Store, evidence: Any) -> None:
    made = sku(store)
    with refused(store, "invalid_field"):
        record(store, made.id, FIRST, evidence=evidence)
