"""The life of a work order: every transition and every refusal (domain 5)."""

from typing import Any

import pytest

from tcps.model import Bucket, WorkOrder
from tcps.rules import dependencies, pipeline, signals, work_orders
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import (
    act,
    bring,
    order,
    published,
    queue,
    refused,
    run,
    setting,
    sku,
    started,
    stored_sku,
    trigger,
    unchanged,
    wip,
)

UPDATES: list[tuple[str, Any]] = [
    ("title", "other"),
    ("description", "more"),
    ("labels", ["a", "b"]),
    ("metadata", {"a": 1}),
    ("priority", 9),
    ("due_on", "2026-01-21T10:00:00Z"),
    ("bucket", "cost"),
    ("sku_id", "wanted"),
]


def of_status(store: Store, status: str) -> WorkOrder:
    """A work order of the status."""
    made = order(store)
    if status == "blocked":
        return act(store, dependencies.add, made.id, order(store).id)
    if status == "cancelled":
        return act(store, work_orders.cancel, made.id, "why")
    if status in ("in_progress", "completed"):
        made = act(store, work_orders.start, made.id)
    if status == "completed":
        published(store, made.id)
    return store.get_work_order(made.id)


# create


def test_create_queues_an_order_with_its_fields_and_its_deadline(store: Store, clock: FixedClock) -> None:
    made = order(store, " t ", bucket="security", description="d", labels=["a"], sku_id="wanted")
    assert made == store.get_work_order("WO-1")
    assert (made.title, made.status, made.bucket, made.priority) == ("t", "queued", "security", 8)
    assert (made.created_at, made.created_by, made.updated_at) == (clock.now, "alice", clock.now)
    assert made.sla_deadline == "2026-01-21T10:00:00.000Z"
    assert (made.revision, made.sku_id, made.started_at) == (1, "wanted", None)
    assert queue(store, Bucket.SECURITY) == ("WO-1",)


def test_create_blocks_an_order_with_an_open_dependency(store: Store) -> None:
    first = order(store)
    made = order(store, depends_on=[first.id, first.id])
    assert (made.status, made.depends_on, made.queue_key) == ("blocked", (first.id,), None)
    assert queue(store, Bucket.FEATURES) == (first.id,)


def test_create_queues_an_order_whose_dependencies_are_completed(store: Store) -> None:
    done = of_status(store, "completed")
    assert order(store, depends_on=[done.id]).status == "queued"


def test_create_refuses_an_unknown_dependency_and_uses_no_number(store: Store) -> None:
    with refused(store, "not_found"):
        order(store, depends_on=["WO-1"])
    assert order(store).id == "WO-1"


def test_create_refuses_a_cancelled_dependency(store: Store) -> None:
    gone = of_status(store, "cancelled")
    with refused(store, "dependency_cancelled"):
        order(store, depends_on=[gone.id])


def create_started(store: Store, **fields: Any) -> WorkOrder:
    demand = signals.read_demand({"title": "t", **fields})
    intake: work_orders.Intake = act(store, work_orders.create, demand, start_now=True)
    return intake.order


def test_create_with_start_starts_the_order(store: Store) -> None:
    assert create_started(store).status == "in_progress"
    assert queue(store, Bucket.FEATURES) == ()


def test_create_with_start_creates_nothing_when_the_start_is_refused(store: Store) -> None:
    setting(store, "wip_limits.features", 1)
    first = create_started(store)
    with refused(store, "wip_limit"):
        create_started(store)
    with refused(store, "blocked_by_dependencies"):
        create_started(store, bucket="cost", depends_on=[first.id])
    assert order(store).id == "WO-2"


def test_create_with_start_does_not_start_an_order_that_was_there(store: Store) -> None:
    first = order(store, source="x")
    with unchanged(store):
        assert create_started(store, source="x") == first


# start


def test_start_takes_the_order_out_of_its_queue_into_progress(store: Store, clock: FixedClock) -> None:
    made = order(store)
    clock.forward(hours=1)
    begun = act(store, work_orders.start, made.id)
    assert (begun.status, begun.started_at, begun.queue_key) == ("in_progress", clock.now, None)
    assert (queue(store, Bucket.FEATURES), wip(store, Bucket.FEATURES)) == ((), 1)


def test_start_keeps_the_time_of_the_first_start(store: Store, clock: FixedClock) -> None:
    first, other = started(store), order(store)
    act(store, dependencies.add, first.id, other.id)
    act(store, dependencies.remove, first.id, other.id)
    clock.forward(hours=1)
    assert act(store, work_orders.start, first.id).started_at == first.started_at


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("in_progress", "already_started"),
        ("completed", "invalid_transition"),
        ("cancelled", "invalid_transition"),
        ("blocked", "blocked_by_dependencies"),
    ],
)
def test_start_is_refused_in_every_status_but_queued(store: Store, status: str, code: str) -> None:
    made = of_status(store, status)
    setting(store, "wip_limits.features", 1)
    with refused(store, code) as caught:
        act(store, work_orders.start, made.id)
    if code == "invalid_transition":
        assert caught.value.details == {"id": made.id, "status": status, "operation": "start"}
    if code == "blocked_by_dependencies":
        assert caught.value.details == {"blocked_by": ["WO-2"]}


def test_start_is_refused_when_the_bucket_is_full(store: Store) -> None:
    setting(store, "wip_limits.features", 2)
    started(store)
    started(store)
    third = order(store)
    with refused(store, "wip_limit") as caught:
        act(store, work_orders.start, third.id)
    assert caught.value.details == {"bucket": "features", "current": 2, "limit": 2}
    started(store, bucket="cost")
    act(store, work_orders.cancel, "WO-1", "why")
    assert act(store, work_orders.start, third.id).status == "in_progress"


# complete


def test_the_last_publication_completes_the_order_by_itself(store: Store, clock: FixedClock) -> None:
    made = started(store)
    first, second = sku(store, "a", made.id), sku(store, "b", made.id)
    for one in (first, second):
        bring(store, one.id)
    act(store, pipeline.publish, first.id)
    assert store.get_work_order(made.id).status == "in_progress"
    clock.forward(hours=1)
    act(store, pipeline.publish, second.id)
    done = store.get_work_order(made.id)
    assert (done.status, done.completed_at) == ("completed", clock.now)
    assert wip(store, Bucket.FEATURES) == 0


def test_an_abort_completes_the_order_when_another_sku_is_published(store: Store) -> None:
    made = started(store)
    sku(store, "a", made.id)
    published(store, made.id)
    act(store, pipeline.abort, "a", "no use")
    assert store.get_work_order(made.id).status == "completed"


def test_an_abort_alone_does_not_complete_the_order(store: Store) -> None:
    made = sku(store)
    act(store, pipeline.abort, made.id, "no use")
    assert store.get_work_order(made.work_order_id).status == "in_progress"


def test_complete_without_any_sku_is_refused_unless_the_policy_lets_it(
    store: Store, clock: FixedClock
) -> None:
    made = started(store)
    with refused(store, "sku_not_published"):
        act(store, work_orders.complete, made.id)
    setting(store, "completion_requires_sku", False)
    with refused(store, "sku_not_published"):
        act(store, work_orders.complete, made.id, "a")
    done = act(store, work_orders.complete, made.id)
    assert (done.status, done.completed_at) == ("completed", clock.now)


def test_complete_is_refused_without_a_published_sku_whatever_the_policy(store: Store) -> None:
    setting(store, "completion_requires_sku", False)
    made = sku(store)
    act(store, pipeline.abort, made.id, "no use")
    with refused(store, "sku_not_published"):
        act(store, work_orders.complete, made.work_order_id)


def test_complete_is_refused_while_a_sku_is_unfinished(store: Store) -> None:
    made = sku(store)
    with refused(store, "sku_in_production") as caught:
        act(store, work_orders.complete, made.work_order_id, "unknown")
    assert caught.value.details == {"skus": [made.id]}
    bring(store, made.id)
    with refused(store, "sku_in_production"):
        act(store, work_orders.complete, made.work_order_id)


def interrupted(store: Store) -> WorkOrder:
    """An order in progress whose only SKU is published, though it did not complete by itself."""
    made = started(store)
    first = sku(store, "first", made.id)
    bring(store, first.id)
    sku(store, "second", made.id)
    act(store, pipeline.publish, "first")
    waits_for = order(store)
    act(store, dependencies.add, made.id, waits_for.id)
    act(store, pipeline.abort, "second", "no use")
    act(store, dependencies.remove, made.id, waits_for.id)
    return act(store, work_orders.start, made.id)


def test_complete_takes_the_published_sku_by_name_or_without(store: Store) -> None:
    made = interrupted(store)
    for name in ("second", "unknown", "WO-1"):
        with refused(store, "sku_not_published"):
            act(store, work_orders.complete, made.id, name)
    assert act(store, work_orders.complete, made.id, "first").status == "completed"


def test_complete_without_a_name_needs_only_some_published_sku(store: Store) -> None:
    assert act(store, work_orders.complete, interrupted(store).id).status == "completed"


@pytest.mark.parametrize("status", ["queued", "blocked", "completed", "cancelled"])
def test_complete_is_refused_in_every_status_but_in_progress(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, work_orders.complete, made.id)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "complete"}


# cancel


@pytest.mark.parametrize("status", ["queued", "blocked", "in_progress"])
def test_cancel_ends_an_order_that_is_not_ended(store: Store, clock: FixedClock, status: str) -> None:
    made = of_status(store, status)
    gone = act(store, work_orders.cancel, made.id, " no use ")
    assert (gone.status, gone.cancelled_at, gone.cancellation_reason) == ("cancelled", clock.now, "no use")
    assert made.id not in queue(store, Bucket.FEATURES)
    assert wip(store, Bucket.FEATURES) == 0


def test_cancel_aborts_the_orders_unfinished_skus_with_the_reason(store: Store) -> None:
    made = started(store)
    for name in ("fresh", "stopped", "built"):
        sku(store, name, made.id)
    run(store, "stopped", stored_sku(store, "stopped").current_stage, {"shacl_conforms": False})
    bring(store, "built")
    act(store, work_orders.cancel, made.id, "no use")
    ended = [stored_sku(store, name) for name in ("fresh", "stopped", "built")]
    assert [one.status for one in ended] == ["aborted", "failed", "aborted"]
    assert {one.end_reason for one in ended} == {"no use"}


def test_cancel_frees_its_dependents_oldest_first_and_takes_their_edge(store: Store) -> None:
    first = order(store)
    waiting = [order(store, depends_on=[first.id]).id for _ in range(11)]
    act(store, work_orders.cancel, first.id, "no use")
    assert queue(store, Bucket.FEATURES) == tuple(waiting)
    assert store.get_work_order(waiting[0]).depends_on == ()


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_cancel_is_refused_for_an_ended_order_before_its_reason_is_read(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, work_orders.cancel, made.id, "")
    assert caught.value.details["operation"] == "cancel"


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_cancel_is_refused_without_a_reason_before_its_skus_are_looked_at(
    store: Store, reason: object
) -> None:
    made = interrupted(store)
    with refused(store, "missing_required_field") as caught:
        act(store, work_orders.cancel, made.id, reason)
    assert caught.value.details == {"fields": ["reason"]}


def test_cancel_is_refused_when_a_sku_is_published(store: Store) -> None:
    made = interrupted(store)
    with refused(store, "sku_published") as caught:
        act(store, work_orders.cancel, made.id, "no use")
    assert caught.value.details == {"skus": ["first"]}


# update


@pytest.mark.parametrize(
    ("status", "field", "value"),
    [
        (status, field, value)
        for status in ("queued", "blocked", "in_progress")
        for field, value in UPDATES
        if (status, field) != ("in_progress", "bucket")
    ],
)
def test_update_changes_a_field_and_not_the_status(
    store: Store, clock: FixedClock, status: str, field: str, value: Any
) -> None:
    made = of_status(store, status)
    clock.forward(hours=1)
    changed = act(store, work_orders.update, made.id, {field: value}, made.revision)
    shown = getattr(changed, field)
    wanted = {"labels": ("a", "b"), "due_on": "2026-01-21T10:00:00.000Z"}.get(field, value)
    assert (shown, changed.status, changed.updated_at) == (wanted, status, clock.now)
    assert changed.revision == made.revision + 1


def test_update_to_the_values_that_are_there_changes_nothing(store: Store) -> None:
    made = order(store, labels=["a"], metadata={"flag": 1})
    with unchanged(store):
        fields = {"title": " work ", "labels": ["a"], "bucket": "feature", "priority": "4"}
        assert act(store, work_orders.update, made.id, fields) == made
    assert act(store, work_orders.update, made.id, {"metadata": {"flag": True}}).metadata == {"flag": True}


def test_update_of_bucket_or_due_on_counts_the_deadline_from_creation(
    store: Store, clock: FixedClock
) -> None:
    made = order(store)
    clock.forward(hours=5)
    moved = act(store, work_orders.update, made.id, {"bucket": "security"})
    assert moved.sla_deadline == "2026-01-21T10:00:00.000Z"
    earlier = act(store, work_orders.update, made.id, {"due_on": "2026-01-20T12:00:00Z"})
    assert earlier.sla_deadline == "2026-01-20T12:00:00.000Z"
    freed = act(store, work_orders.update, made.id, {"due_on": None})
    assert freed.sla_deadline == "2026-01-21T10:00:00.000Z"


def test_update_of_other_fields_keeps_the_deadline_when_the_policy_has_changed(store: Store) -> None:
    made = order(store)
    setting(store, "sla_hours.features", 1)
    changed = act(store, work_orders.update, made.id, {"title": "other", "priority": 9})
    assert changed.sla_deadline == made.sla_deadline


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_update_is_refused_for_an_ended_order_after_the_revision_was_compared(
    store: Store, status: str
) -> None:
    made = of_status(store, status)
    with refused(store, "stale_revision") as caught:
        act(store, work_orders.update, made.id, {"title": "x"}, made.revision + 1)
    assert caught.value.details == {"id": made.id, "revision": made.revision, "given": made.revision + 1}
    with refused(store, "invalid_transition") as caught:
        act(store, work_orders.update, made.id, {"priority": 99}, made.revision)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "update"}


def test_update_of_the_bucket_of_an_order_in_progress_is_refused(store: Store) -> None:
    made = started(store)
    with refused(store, "invalid_transition"):
        act(store, work_orders.update, made.id, {"bucket": "cost"})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": " "}, "missing_required_field"),
        ({"title": "x" * 257}, "too_large"),
        ({"description": 5}, "invalid_field"),
        ({"labels": "bug"}, "invalid_field"),
        ({"metadata": None}, "invalid_field"),
        ({"priority": 0}, "invalid_priority"),
        ({"due_on": "soon"}, "invalid_timestamp"),
        ({"bucket": "none"}, "invalid_bucket"),
        ({"sku_id": "SKU-1"}, "reserved_id"),
        ({"status": "completed"}, "invalid_field"),
        ({"created_at": "2026-01-20T10:00:00Z"}, "invalid_field"),
        ({"metadata": {"a": "x" * 1_048_576}}, "too_large"),
    ],
)
def test_update_with_a_wrong_value_is_refused(store: Store, fields: dict[str, Any], code: str) -> None:
    made = order(store)
    with refused(store, code):
        act(store, work_orders.update, made.id, fields)


# delete


@pytest.mark.parametrize("status", ["queued", "cancelled"])
def test_delete_removes_the_order_and_keeps_its_history(store: Store, status: str) -> None:
    made = of_status(store, status)
    assert act(store, work_orders.delete, made.id).id == made.id
    with refused(store, "not_found"):
        store.get_work_order(made.id)
    assert queue(store, Bucket.FEATURES) == ()
    changes = [entry.changes[0].record for entry in store.change_history("work_order", made.id)]
    assert changes[0] is not None
    assert changes[-1] is None
    assert order(store).id == "WO-2"


def test_delete_frees_the_orders_dependents(store: Store) -> None:
    first = order(store)
    waiting = order(store, depends_on=[first.id])
    act(store, work_orders.delete, first.id)
    freed = store.get_work_order(waiting.id)
    assert (freed.status, freed.depends_on) == ("queued", ())


@pytest.mark.parametrize("status", ["blocked", "in_progress", "completed"])
def test_delete_is_refused_in_any_other_status(store: Store, status: str) -> None:
    made = of_status(store, status)
    with refused(store, "invalid_transition") as caught:
        act(store, work_orders.delete, made.id)
    assert caught.value.details == {"id": made.id, "status": status, "operation": "delete"}


def test_delete_is_refused_when_the_order_has_a_sku(store: Store) -> None:
    made = sku(store)
    act(store, work_orders.cancel, made.work_order_id, "no use")
    with refused(store, "work_order_has_skus") as caught:
        act(store, work_orders.delete, made.work_order_id)
    assert caught.value.details == {"skus": [made.id]}


# any


@pytest.mark.parametrize(
    "operation",
    [
        work_orders.start,
        work_orders.complete,
        lambda draft, n: work_orders.cancel(draft, n, ""),
        lambda draft, n: work_orders.update(draft, n, {"nothing": 1}, 7),
        work_orders.delete,
        lambda draft, n: dependencies.add(draft, n, n),
        lambda draft, n: dependencies.remove(draft, n, n),
        lambda draft, n: pipeline.create(draft, n, "SKU-1"),
    ],
)
@pytest.mark.parametrize(("work_order_id", "code"), [("WO-1", "not_found"), ("a/b", "invalid_id")])
def test_every_operation_on_an_unknown_order_is_refused_first_of_all(
    store: Store, operation: Any, work_order_id: str, code: str
) -> None:
    with refused(store, code):
        act(store, operation, work_order_id)


def test_ids_run_on_without_gap_over_refusals_and_deletions(store: Store) -> None:
    order(store)
    with refused(store, "invalid_priority"):
        order(store, priority=11)
    act(store, work_orders.delete, "WO-1")
    trigger(store, "a")
    assert [order(store).id, order(store).id, trigger(store, "b").id] == ["WO-2", "WO-3", "ANDON-2"]
