"""What holds of every work order whatever was done and refused before (domain 5, invariants; 6.1)."""

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import NotFound, Refused
from tcps.model import Bucket, WorkOrder
from tcps.rules import dependencies, kanban, pipeline, pulling, signals, work_orders
from tcps.store import Store
from tcps.store.draft import Draft
from tcps.store.filters import Filter
from tests.rules.line import bring, fresh_store, setting

FEATURES = Bucket.FEATURES
ORDERS = st.integers(1, 6).map(lambda n: f"WO-{n}")


def create(draft: Draft, order_id: str, other: str) -> None:
    wanted = [other] if draft.get(WorkOrder, other) else []
    demand = signals.read_demand({"title": order_id, "bucket": "features", "depends_on": wanted})
    work_orders.create(draft, demand)


def build(draft: Draft, order_id: str, other: str) -> None:
    pipeline.create(draft, order_id)


def publish(draft: Draft, order_id: str, other: str) -> None:
    for sku in draft.skus_of(order_id):
        if sku.status == "completed":
            pipeline.publish(draft, sku.id)


def abort(draft: Draft, order_id: str, other: str) -> None:
    for sku in draft.skus_of(order_id):
        pipeline.abort(draft, sku.id, "no use")


OPERATIONS: list[Callable[[Draft, str, str], Any]] = [
    create,
    create,
    create,
    build,
    publish,
    abort,
    dependencies.add,
    dependencies.add,
    dependencies.remove,
    lambda draft, order_id, other: work_orders.start(draft, order_id),
    lambda draft, order_id, other: work_orders.start(draft, order_id),
    lambda draft, order_id, other: work_orders.cancel(draft, order_id, "no use"),
    lambda draft, order_id, other: work_orders.delete(draft, order_id),
    lambda draft, order_id, other: pulling.pull(draft, FEATURES),
    lambda draft, order_id, other: work_orders.complete(draft, order_id),
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(OPERATIONS), ORDERS, ORDERS), max_size=30), st.booleans())
def test_every_order_keeps_the_invariants(steps: list[tuple[Any, str, str]], built: bool) -> None:
    with fresh_store() as store:
        setting(store, "wip_limits.features", 3)
        setting(store, "completion_requires_sku", False)
        with store.transaction("steps"):
            for operation, order_id, other in steps:
                attempt(store, operation, order_id, other)
                if built and operation is build:
                    finish(store, order_id)
                check(store)
        check(store)


def attempt(store: Store, operation: Callable[[Draft, str, str], Any], order_id: str, other: str) -> None:
    """A part of the transaction, which may be refused."""
    with contextlib.suppress(Refused, NotFound), store.transaction("step") as draft:
        operation(draft, order_id, other)


def finish(store: Store, order_id: str) -> None:
    """Bring what is at the first stage of an order in progress through all of them."""
    with store.view() as view:
        order = view.get(WorkOrder, order_id)
        fresh = [sku.id for sku in view.skus_of(order_id) if sku.receipt_count == 0 and sku.status.active]
    if order is not None and order.status == "in_progress":
        for sku_id in fresh:
            bring(store, sku_id)


def check(store: Store) -> None:
    with store.view() as view:
        orders = list(view.work_orders(Filter(), None, "n"))
        queue, current = view.queue(FEATURES), view.wip(FEATURES)
        room = kanban.view(view.policy(), view.wip_by_bucket())["buckets"][4]
        waits = {order.id: work_orders.blocked_by(view, order) for order in orders}
        skus = {order.id: view.skus_of(order.id) for order in orders}
    assert sorted(queue) == sorted(order.id for order in orders if order.status == "queued")
    assert current == sum(order.status == "in_progress" for order in orders) == room["current"] <= 3
    for order in orders:
        assert (order.queue_key is not None) is (order.status == "queued")
        if not order.status.terminal:
            assert bool(waits[order.id]) is (order.status == "blocked")
        else:
            assert not any(sku.status.active for sku in skus[order.id])
        assert (order.completed_at is not None) is (order.status == "completed")
        assert (order.cancelled_at is not None) is (order.status == "cancelled")
