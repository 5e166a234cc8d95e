"""The queue: before the first of strictly lower priority, first in, first out on ties (domain 5, queue)."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.model import Bucket, WorkOrderStatus
from tcps.rules import dependencies, kanban, signals, work_orders
from tcps.store import Store
from tests.rules.line import act, fresh_store, order, queue, refused, unchanged

FEATURES = Bucket.FEATURES
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["create", "create", "create", "start", "cancel", "block", "free", "raise", "shuffle"]
        ),
        st.integers(1, 10),
        st.randoms(use_true_random=False),
    ),
    max_size=40,
)


class Model:
    """The queue as a plain list of ids, and the priorities of all orders."""

    def __init__(self) -> None:
        self.queue: list[str] = []
        self.priority: dict[str, int] = {}

    def enter(self, order_id: str, priority: int) -> None:
        self.priority[order_id] = priority
        below = (n for n, other in enumerate(self.queue) if self.priority[other] < priority)
        self.queue.insert(next(below, len(self.queue)), order_id)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_the_queue_is_that_of_a_plain_list(steps: list[tuple[str, int, Random]]) -> None:
    with fresh_store() as store:
        model, blocked = Model(), []
        with store.transaction("steps") as draft:
            blocker = work_orders.create(draft, signals.read_demand({"title": "b", "bucket": "cost"})).order
            kanban.set_limit(draft, FEATURES, "unlimited")
            for step, priority, random in steps:
                if step == "create":
                    demand = signals.read_demand({"title": "t", "bucket": "features", "priority": priority})
                    model.enter(work_orders.create(draft, demand).order.id, priority)
                elif step == "free" and blocked:
                    order_id = blocked.pop(random.randrange(len(blocked)))
                    freed = dependencies.remove(draft, order_id, blocker.id)
                    assert freed.status is WorkOrderStatus.QUEUED
                    model.enter(order_id, model.priority[order_id])
                elif step == "shuffle":
                    random.shuffle(model.queue)
                    kanban.reorder(draft, FEATURES, tuple(model.queue))
                elif model.queue and step != "free":
                    order_id = random.choice(model.queue)
                    if step == "raise" and model.priority[order_id] == priority:
                        continue
                    model.queue.remove(order_id)
                    if step == "start":
                        work_orders.start(draft, order_id)
                    elif step == "cancel":
                        work_orders.cancel(draft, order_id, "no use")
                    elif step == "block":
                        dependencies.add(draft, order_id, blocker.id)
                        blocked.append(order_id)
                    else:
                        work_orders.update(draft, order_id, {"priority": priority})
                        model.enter(order_id, priority)
                assert draft.queue(FEATURES) == tuple(model.queue)
        assert queue(store, FEATURES) == tuple(model.queue)


def test_the_most_urgent_is_first_and_ties_are_first_in_first_out(store: Store) -> None:
    for priority in (5, 7, 5, 10, 7):
        order(store, priority=priority)
    assert queue(store, FEATURES) == ("WO-4", "WO-2", "WO-5", "WO-1", "WO-3")


def test_orders_made_in_one_transaction_keep_their_order(store: Store) -> None:
    with store.transaction("many") as draft:
        for _ in range(12):
            work_orders.create(draft, signals.read_demand({"title": "t"}))
    assert queue(store, FEATURES) == tuple(f"WO-{n}" for n in range(1, 13))


def test_a_new_order_enters_before_the_first_lower_one_of_a_reordered_queue(store: Store) -> None:
    for priority in (3, 9, 5):
        order(store, priority=priority)
    act(store, kanban.reorder, FEATURES, ("WO-3", "WO-1", "WO-2"))
    order(store, priority=4)
    order(store, priority=9)
    assert queue(store, FEATURES) == ("WO-5", "WO-3", "WO-4", "WO-1", "WO-2")


def test_an_unblocked_order_enters_anew_behind_those_of_its_priority(store: Store) -> None:
    first = order(store)
    blocker = order(store, bucket="cost")
    act(store, dependencies.add, first.id, blocker.id)
    second = order(store)
    act(store, dependencies.remove, first.id, blocker.id)
    assert queue(store, FEATURES) == (second.id, first.id)


def test_a_change_of_bucket_moves_the_order_to_the_other_queue(store: Store) -> None:
    made, other = order(store), order(store, bucket="cost")
    act(store, work_orders.update, made.id, {"bucket": "cost"})
    assert (queue(store, FEATURES), queue(store, Bucket.COST)) == ((), (other.id, made.id))


def test_a_change_of_anything_else_keeps_the_place(store: Store) -> None:
    first, second = order(store), order(store)
    act(store, work_orders.update, first.id, {"title": "other"})
    assert queue(store, FEATURES) == (first.id, second.id)


@pytest.mark.parametrize("ids", list(itertools.permutations(["WO-1", "WO-2", "WO-3"])))
def test_reorder_gives_the_queue_any_order(store: Store, ids: tuple[str, ...]) -> None:
    for _ in range(3):
        order(store)
    assert [one.id for one in act(store, kanban.reorder, FEATURES, ids)] == list(ids)
    assert queue(store, FEATURES) == ids


def test_reorder_to_the_order_that_is_there_changes_nothing(store: Store) -> None:
    order(store)
    with unchanged(store):
        act(store, kanban.reorder, FEATURES, ("WO-1",))
        act(store, kanban.reorder, Bucket.COST, ())


@pytest.mark.parametrize(
    "ids",
    [(), ("WO-1",), ("WO-1", "WO-1"), ("WO-1", "WO-2", "WO-2"), ("WO-1", "WO-3"), ("WO-1", "WO-2", "WO-3")],
)
def test_reorder_is_refused_unless_the_ids_are_a_permutation(store: Store, ids: tuple[str, ...]) -> None:
    order(store)
    order(store)
    order(store, bucket="cost")
    with refused(store, "invalid_queue_order") as caught:
        act(store, kanban.reorder, FEATURES, ids)
    assert caught.value.details == {"bucket": "features", "queue": ["WO-1", "WO-2"]}
