"""SKUs on the line: create, record, advance, run, publish, abort (domain 7, 2 ids)."""

from typing import Any

import pytest

from tcps.model import STAGES, ReceiptStatus, Sku, Stage
from tcps.rules import dependencies, pipeline, work_orders
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import (
    FAILING,
    PASSING,
    act,
    bring,
    order,
    published,
    read_run,
    record,
    refused,
    resolve,
    run,
    setting,
    sku,
    started,
    stored_sku,
    trigger,
    unchanged,
)

FIRST, SECOND = STAGES[:2]
TERMINAL = ["published", "failed", "aborted"]


def of_status(store: Store, status: str) -> Sku:
    """A SKU of the status."""
    if status == "published":
        return published(store)
    made = sku(store)
    if status == "completed":
        return bring(store, made.id)
    if status == "failed":
        record(store, made.id, FIRST, {})
    if status in ("failed", "aborted"):
        return act(store, pipeline.abort, made.id, "no use")
    return made


def rest(store: Store, made: Sku) -> None:
    """Block the SKU's order, so that it is not in progress."""
    act(store, dependencies.add, made.work_order_id, order(store, bucket="cost").id)


# create


def test_create_puts_the_sku_at_the_first_stage(store: Store, clock: FixedClock) -> None:
    made = act(store, pipeline.create, started(store).id, "app-1.0", {"a": 1})
    assert made == stored_sku(store, "app-1.0")
    assert (made.status, made.current_stage, made.work_order_id) == ("in_production", FIRST, "WO-1")
    assert (made.created_at, made.created_by, made.metadata) == (clock.now, "alice", {"a": 1})
    assert [(visit.stage, visit.entered_at, visit.left_at) for visit in made.history] == [
        (FIRST, clock.now, None)
    ]
    assert (made.receipt_count, made.revision) == (0, 1)


def test_create_starts_a_queued_order_in_the_same_transaction(store: Store) -> None:
    made = order(store)
    with store.transaction("sku.create") as draft:
        pipeline.create(draft, made.id)
    (last,) = store.change_history("sku", "SKU-1")
    assert {change.id for change in last.changes} == {"SKU-1", made.id}
    assert store.get_work_order(made.id).status == "in_progress"


def test_create_takes_the_orders_wanted_id_once_and_the_stores_next_then(store: Store) -> None:
    made = started(store, sku_id="wanted")
    assert [sku(store, None, made.id).id for _ in range(3)] == ["wanted", "SKU-1", "SKU-2"]


def test_create_takes_the_stores_next_id_when_the_wanted_one_is_in_use(store: Store) -> None:
    sku(store, "WANTED")
    assert sku(store, None, started(store, sku_id="wanted").id).id == "SKU-1"


def test_create_skips_a_given_id_that_differs_only_in_case_from_a_chosen_one(store: Store) -> None:
    sku(store, "sku-1")
    assert sku(store).id == "SKU-2"


@pytest.mark.parametrize(
    ("sku_id", "code"),
    [
        ("a b", "invalid_id"),
        ("SKU-5", "reserved_id"),
        ("WO-5", "reserved_id"),
        ("taken", "duplicate_id"),
        ("Taken", "duplicate_id"),
    ],
)
def test_create_refuses_an_id_before_it_starts_the_order(store: Store, sku_id: str, code: str) -> None:
    sku(store, "taken")
    setting(store, "wip_limits.features", 1)
    made = order(store)
    with refused(store, code):
        act(store, pipeline.create, made.id, sku_id)
    with refused(store, "wip_limit"):
        act(store, pipeline.create, made.id, "free")


@pytest.mark.parametrize("status", TERMINAL)
def test_an_id_stays_in_use_when_its_sku_has_ended(store: Store, status: str) -> None:
    ended = of_status(store, status)
    made = started(store)
    with refused(store, "duplicate_id" if ended.id != "SKU-1" else "reserved_id"):
        act(store, pipeline.create, made.id, ended.id)
    assert sku(store, None, made.id).id == "SKU-2"


def test_create_is_refused_for_an_ended_and_for_a_blocked_order_before_its_id_is_read(store: Store) -> None:
    gone = order(store)
    act(store, work_orders.cancel, gone.id, "no use")
    with refused(store, "invalid_transition") as caught:
        act(store, pipeline.create, gone.id, "a b")
    assert caught.value.details == {"id": gone.id, "status": "cancelled", "operation": "create"}
    first = order(store)
    blocked = order(store, depends_on=[first.id])
    with refused(store, "blocked_by_dependencies") as caught:
        act(store, pipeline.create, blocked.id, "a b")
    assert caught.value.details == {"blocked_by": [first.id]}


def test_create_refuses_metadata_that_is_no_object_and_leaves_the_order_queued(store: Store) -> None:
    made = order(store)
    with refused(store, "invalid_field"):
        act(store, pipeline.create, made.id, "a", [])


# record


@pytest.mark.parametrize("status", ["completed", *TERMINAL])
def test_record_is_refused_when_the_sku_is_not_in_production(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        record(store, made.id, FIRST)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "record"}


@pytest.mark.parametrize("operation", [record, run])
def test_record_and_run_are_refused_at_any_stage_but_the_current_one(store: Store, operation: Any) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    for stage in STAGES:
        if stage is not Stage.TEST_EXECUTION:
            with refused(store, "stage_out_of_order") as caught:
                operation(store, made.id, stage)
            assert caught.value.details == {"expected": "test_execution", "got": stage}


def test_refusals_of_record_come_in_their_order(store: Store) -> None:
    made = sku(store)
    wrong = {"chain_intact": True}
    with refused(store, "not_found"):
        record(store, "nothing", SECOND, wrong)
    with refused(store, "stage_out_of_order"):
        record(store, made.id, SECOND, wrong)
    with refused(store, "invalid_field"):
        record(store, made.id, FIRST, wrong, timestamp="2020-01-01T00:00:00Z")
    with refused(store, "invalid_timestamp"):
        record(store, made.id, FIRST, timestamp="2020-01-01T00:00:00Z")
    rest(store, made)
    with refused(store, "work_order_not_in_progress") as caught:
        record(store, made.id, SECOND, wrong)
    assert caught.value.details == {"work_order_id": made.work_order_id, "status": "blocked"}


def test_a_failed_gate_leaves_the_sku_where_it_is_and_stops_the_line(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, SECOND)
    done = run(store, made.id, SECOND, FAILING)
    assert (done.receipt.status, done.advanced) == ("fail", False)
    assert (done.sku.status, done.sku.current_stage) == ("in_production", SECOND)
    assert done.andon is not None
    assert (done.andon.sku_id, done.andon.work_order_id) == (made.id, made.work_order_id)
    assert (done.andon.stage, done.andon.failure_type) == (SECOND, "compilation_failure")
    assert done.andon.details["receipt_id"] == done.receipt.id
    assert [rule["metric"] for rule in done.andon.details["violations"]] == ["compile_errors"]


def test_receipt_sku_and_andon_of_a_failure_are_one_transaction(store: Store) -> None:
    done = record(store, sku(store).id, FIRST, {})
    (entry,) = store.change_history("receipt", done.receipt.id)
    assert [change.kind for change in entry.changes] == ["receipt", "sku", "andon_event"]


def test_record_is_allowed_while_an_andon_is_open_and_run_does_not_advance_then(store: Store) -> None:
    made = sku(store)
    stopped = record(store, made.id, FIRST, {}).andon
    assert stopped is not None
    fixed = run(store, made.id, FIRST)
    assert (fixed.receipt.status, fixed.andon, fixed.advanced) == ("pass", None, False)
    resolve(store, stopped.id)
    assert act(store, pipeline.advance, made.id).current_stage is SECOND


# advance


def test_advance_leaves_the_stage_with_its_receipt(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    passing = record(store, made.id, FIRST).receipt
    clock.forward(hours=1)
    moved = act(store, pipeline.advance, made.id)
    assert (moved.current_stage, moved.updated_at) == (SECOND, clock.now)
    first, second = moved.history
    assert (first.left_at, first.receipt_id) == (clock.now, passing.id)
    assert (second.stage, second.entered_at, second.left_at) == (SECOND, clock.now, None)


def test_a_sku_goes_through_all_ten_stages_in_their_order(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    for stage in STAGES:
        assert stored_sku(store, made.id).current_stage is stage
        assert run(store, made.id, stage).advanced
    done = stored_sku(store, made.id)
    assert (done.status, done.current_stage, done.completed_at) == ("completed", STAGES[-1], clock.now)
    assert [visit.stage for visit in done.history] == list(STAGES)
    assert all(visit.left_at for visit in done.history)
    assert done.receipt_count == 10


@pytest.mark.parametrize("status", ["completed", *TERMINAL])
def test_advance_is_refused_when_the_sku_is_not_in_production(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "advance"}


def test_refusals_of_advance_come_in_their_order(store: Store) -> None:
    made = sku(store)
    trigger(store, made.id, "shacl_violation")
    with refused(store, "not_found"):
        act(store, pipeline.advance, "nothing")
    with refused(store, "receipt_missing") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details == {"stage": FIRST}
    failed = record(store, made.id, FIRST, {"shacl_conforms": False, "shacl_violations": 0}).receipt
    with refused(store, "gate_failed") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details["receipt_id"] == failed.id
    assert [rule["metric"] for rule in caught.value.details["violations"]] == ["shacl_conforms"]
    record(store, made.id, FIRST)
    with refused(store, "blocked_by_andons") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details == {"andons": ["ANDON-1"]}
    rest(store, made)
    with refused(store, "work_order_not_in_progress"):
        act(store, pipeline.advance, made.id)


def test_advance_asks_for_a_receipt_of_each_stage_anew(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    with refused(store, "receipt_missing"):
        act(store, pipeline.advance, made.id)


@pytest.mark.parametrize("status", [ReceiptStatus.WARNING, ReceiptStatus.FAIL])
def test_advance_is_refused_when_the_newest_receipt_is_not_pass(store: Store, status: ReceiptStatus) -> None:
    made = sku(store)
    record(store, made.id, FIRST)
    newest = record(store, made.id, FIRST, status=status).receipt
    with refused(store, "gate_failed") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details == {"receipt_id": newest.id, "violations": []}


def test_advance_is_refused_when_the_receipt_does_not_satisfy_a_stricter_policy(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    record(store, made.id, Stage.TEST_EXECUTION)
    setting(store, "gates.test_execution.line_coverage", 0.95)
    with refused(store, "gate_failed") as caught:
        act(store, pipeline.advance, made.id)
    assert [rule["metric"] for rule in caught.value.details["violations"]] == ["line_coverage"]


@pytest.mark.parametrize(
    ("andon_stage", "held"),
    [("shacl_validation", True), ("compilation", True), ("test_execution", True), ("security_scan", False)],
)
def test_an_andon_holds_the_way_out_of_its_stage_of_later_ones_and_into_it(
    store: Store, andon_stage: str, held: bool
) -> None:
    made = sku(store)
    bring(store, made.id, SECOND)
    trigger(store, made.id, "test_failure", stage=andon_stage)
    assert run(store, made.id, SECOND).advanced is not held


def test_an_andon_of_another_sku_holds_nothing(store: Store) -> None:
    made = sku(store)
    trigger(store, "other", "shacl_violation")
    assert run(store, made.id, FIRST).advanced


def test_an_andon_at_publication_holds_the_sku_from_completion(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.PUBLICATION)
    trigger(store, made.id, "sla_breach")
    done = run(store, made.id, Stage.PUBLICATION)
    assert (done.sku.status, done.advanced) == ("in_production", False)


# publish


def test_publish_takes_the_url_of_the_newest_publication_receipt(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    bring(store, made.id, Stage.PUBLICATION)
    record(store, made.id, Stage.PUBLICATION)
    url = "https://example.org/newest"
    run(store, made.id, Stage.PUBLICATION, PASSING[Stage.PUBLICATION] | {"marketplace_url": url})
    clock.forward(hours=1)
    done = act(store, pipeline.publish, made.id)
    assert (done.status, done.marketplace_url) == ("published", url)
    assert (done.published_at, done.ended_at, done.end_reason) == (clock.now, clock.now, None)


@pytest.mark.parametrize("status", ["in_production", *TERMINAL])
def test_publish_is_refused_unless_the_sku_is_completed(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, pipeline.publish, made.id)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "publish"}


def damage(store: Store, made: Sku) -> None:
    """Change one receipt file of the SKU."""
    path = min((store.folder / "records" / "skus").glob(f"*/{made.id}/receipts/*.json"))
    path.write_bytes(path.read_bytes().replace(b"alice", b"mallory"))


def test_refusals_of_publish_come_in_their_order(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    bring(store, made.id, SECOND)
    clock.forward(hours=25)
    bring_on(store, made.id)
    late = trigger(store, made.id)
    damage(store, made)
    rest(store, made)
    with refused(store, "not_found"):
        act(store, pipeline.publish, "nothing")
    with refused(store, "work_order_not_in_progress"):
        act(store, pipeline.publish, made.id)
    act(store, work_orders.cancel, "WO-2", "no use")
    act(store, work_orders.start, made.work_order_id)
    with refused(store, "blocked_by_andons") as caught:
        act(store, pipeline.publish, made.id)
    assert caught.value.details == {"andons": [late.id]}
    resolve(store, late.id)
    with refused(store, "chain_broken") as caught:
        act(store, pipeline.publish, made.id)
    assert [finding["class"] for finding in caught.value.details["findings"]] == ["EDITED"]


def bring_on(store: Store, sku_id: str) -> None:
    """Run the SKU through the stages that are left."""
    while stored_sku(store, sku_id).status == "in_production":
        assert run(store, sku_id, stored_sku(store, sku_id).current_stage).advanced


def test_publish_is_refused_while_the_chain_is_incomplete(store: Store, clock: FixedClock) -> None:
    made = sku(store)
    bring(store, made.id, SECOND)
    clock.forward(hours=25)
    bring_on(store, made.id)
    with refused(store, "chain_incomplete") as caught:
        act(store, pipeline.publish, made.id)
    assert [finding["class"] for finding in caught.value.details["findings"]] == ["gap_too_large"]


def test_auto_publish_publishes_a_sku_that_is_completed(store: Store) -> None:
    setting(store, "auto_publish", True)
    made = sku(store)
    done = bring(store, made.id)
    assert done.status == "published"
    assert store.get_work_order(made.work_order_id).status == "completed"


def test_auto_publish_leaves_a_sku_completed_that_publish_would_refuse(
    store: Store, clock: FixedClock
) -> None:
    setting(store, "auto_publish", True)
    made = sku(store)
    bring(store, made.id, SECOND)
    clock.forward(hours=25)
    bring_on(store, made.id)
    assert stored_sku(store, made.id).status == "completed"


def test_advance_publishes_too_when_the_policy_says_so(store: Store) -> None:
    setting(store, "auto_publish", True)
    made = sku(store)
    bring(store, made.id, Stage.PUBLICATION)
    record(store, made.id, Stage.PUBLICATION)
    assert act(store, pipeline.advance, made.id).status == "published"


# abort


@pytest.mark.parametrize(
    ("newest", "expected"),
    [(None, "aborted"), ("pass", "aborted"), ("warning", "aborted"), ("fail", "failed")],
)
def test_abort_ends_a_sku_as_failed_when_its_stages_newest_receipt_is_fail(
    store: Store, clock: FixedClock, newest: str | None, expected: str
) -> None:
    made = sku(store)
    if newest is not None:
        record(store, made.id, FIRST, status=newest)
    ended = act(store, pipeline.abort, made.id, " no use ")
    assert (ended.status, ended.ended_at, ended.end_reason) == (expected, clock.now, "no use")
    assert ended.current_stage is FIRST


def test_abort_looks_at_the_current_stage_alone(store: Store) -> None:
    made = sku(store)
    stopped = record(store, made.id, FIRST, {}).andon
    assert stopped is not None
    resolve(store, stopped.id)
    run(store, made.id, FIRST)
    assert act(store, pipeline.abort, made.id, "no use").status == "aborted"


def test_abort_leaves_the_skus_andons_open(store: Store) -> None:
    made = sku(store)
    stopped = record(store, made.id, FIRST, {}).andon
    assert stopped is not None
    act(store, pipeline.abort, made.id, "no use")
    assert store.get_andon_event(stopped.id).status == "open"


@pytest.mark.parametrize("status", ["in_production", "completed"])
def test_abort_needs_a_reason(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "missing_required_field") as caught:
        act(store, pipeline.abort, made.id, " ")
    assert caught.value.details == {"fields": ["reason"]}


@pytest.mark.parametrize("status", TERMINAL)
def test_abort_of_an_ended_sku_is_refused_before_its_reason_is_read(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, pipeline.abort, made.id, "")
    assert caught.value.details == {"id": made.id, "status": status, "operation": "abort"}


def test_a_sku_of_a_blocked_order_may_be_aborted(store: Store) -> None:
    made = sku(store)
    rest(store, made)
    assert act(store, pipeline.abort, made.id, "no use").status == "aborted"


# several at once


def test_of_two_advances_from_one_stage_exactly_one_succeeds(store: Store, opened: Any) -> None:
    made = sku(store)
    record(store, made.id, FIRST)
    with opened() as other:
        act(store, pipeline.advance, made.id)
        with refused(other, "receipt_missing"):
            act(other, pipeline.advance, made.id)


def test_require_at_gives_the_sku_or_the_refusal_of_record(store: Store) -> None:
    made = sku(store)
    with unchanged(store), store.view() as view:
        assert pipeline.require_at(view, made.id, FIRST) == made
    with refused(store, "stage_out_of_order"), store.view() as view:
        pipeline.require_at(view, made.id, SECOND)


def test_the_boundary_cases_of_coverage_run_as_the_domain_says(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    tests = PASSING[Stage.TEST_EXECUTION]
    done = [
        act(store, pipeline.run, read_run(made.id, Stage.TEST_EXECUTION, tests | {"line_coverage": coverage}))
        for coverage in (0.70, 0.75, 0.82)
    ]
    assert [one.receipt.status for one in done] == ["fail", "fail", "pass"]
    first, second = done[0].andon, done[1].andon
    assert (first.id, first.failure_type, first.severity) == (second.id, "low_coverage", "medium")
    assert (second.occurrences, done[2].andon) == (2, None)
