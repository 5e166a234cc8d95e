"""Edges between work orders: blocking, cycles, release (domain 5, add_dependency, remove_dependency)."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import Refused
from tcps.model import Bucket, WorkOrder
from tcps.rules import dependencies, pipeline, pulling, signals, work_orders
from tcps.store import Store
from tcps.store.draft import Draft
from tests.rules.line import act, fresh_store, order, published, queue, refused, sku, started, unchanged, wip

EDGES = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=25)


def depend(store: Store, first: str, on: str) -> WorkOrder:
    return act(store, dependencies.add, first, on)


def added(draft: Draft, first: str, on: str) -> str | None:
    """Add an edge; gives the code of the refusal, or None."""
    try:
        dependencies.add(draft, first, on)
    except Refused as refusal:
        return refusal.code
    return None


def status(store: Store, order_id: str) -> str:
    return store.get_work_order(order_id).status


def test_a_queued_order_is_blocked_by_an_open_one_and_leaves_its_queue(store: Store) -> None:
    made, other = order(store), order(store, bucket="cost")
    blocked = depend(store, made.id, other.id)
    assert (blocked.status, blocked.depends_on, blocked.queue_key) == ("blocked", (other.id,), None)
    assert queue(store, Bucket.FEATURES) == ()


def test_an_order_in_progress_is_blocked_and_leaves_the_wip(store: Store) -> None:
    made, other = started(store), order(store, bucket="cost")
    assert depend(store, made.id, other.id).status == "blocked"
    assert wip(store, Bucket.FEATURES) == 0


def test_a_blocked_orders_sku_keeps_its_stage_and_rests_until_the_order_is_started_again(
    store: Store,
) -> None:
    made = sku(store)
    other = order(store, bucket="cost")
    depend(store, made.work_order_id, other.id)
    with refused(store, "work_order_not_in_progress"):
        act(store, pipeline.advance, made.id)
    act(store, work_orders.cancel, other.id, "no use")
    assert status(store, made.work_order_id) == "queued"
    act(store, work_orders.start, made.work_order_id)
    with refused(store, "receipt_missing"):
        act(store, pipeline.advance, made.id)


def test_an_edge_that_is_there_already_changes_nothing(store: Store) -> None:
    made, other = order(store), order(store)
    blocked = depend(store, made.id, other.id)
    with unchanged(store):
        assert depend(store, made.id, other.id) == blocked


def test_a_completed_dependency_is_recorded_as_satisfied(store: Store) -> None:
    done, made = started(store, bucket="cost"), started(store)
    published(store, done.id)
    linked = depend(store, made.id, done.id)
    assert (linked.status, linked.depends_on) == ("in_progress", (done.id,))


def test_each_completion_of_a_chain_releases_only_the_next(store: Store) -> None:
    """domain 6.3, dependencies"""
    ids = [order(store).id for _ in range(4)]
    for before, after in itertools.pairwise(ids):
        depend(store, after, before)
    for n, order_id in enumerate(ids):
        waiting = ids[n + 1 :]
        assert [status(store, other) for other in waiting] == ["blocked"] * len(waiting)
        act(store, work_orders.start, order_id)
        published(store, order_id)
    assert {status(store, order_id) for order_id in ids} == {"completed"}


def test_an_order_waits_for_all_that_it_depends_on(store: Store) -> None:
    first, second = order(store), order(store)
    made = order(store, depends_on=[first.id, second.id])
    act(store, work_orders.cancel, first.id, "no use")
    assert status(store, made.id) == "blocked"
    act(store, dependencies.remove, made.id, second.id)
    assert status(store, made.id) == "queued"


def test_a_blocked_order_does_not_hold_up_the_others_of_its_bucket(store: Store) -> None:
    first = order(store, priority=9)
    depend(store, first.id, order(store, bucket="cost").id)
    second = order(store)
    assert act(store, pulling.pull, Bucket.FEATURES).id == second.id


def test_removing_one_of_two_open_edges_leaves_the_order_blocked(store: Store) -> None:
    first, second = order(store), order(store)
    made = order(store, depends_on=[first.id, second.id])
    kept = act(store, dependencies.remove, made.id, first.id)
    assert (kept.status, kept.depends_on) == ("blocked", (second.id,))


def test_an_edge_to_itself_or_back_closes_a_cycle(store: Store) -> None:
    """domain 6.3, dependencies"""
    ids = [order(store).id for _ in range(3)]
    with refused(store, "circular_dependency"):
        depend(store, ids[0], ids[0])
    depend(store, ids[0], ids[1])
    depend(store, ids[1], ids[2])
    for back in ids[:2]:
        with refused(store, "circular_dependency") as caught:
            depend(store, ids[2], back)
    assert caught.value.details == {"id": ids[2], "on": ids[1]}


@settings(deadline=None, max_examples=50)
@given(EDGES)
def test_exactly_the_edges_that_close_a_cycle_are_refused(edges: list[tuple[int, int]]) -> None:
    reach: set[tuple[int, int]] = {(n, n) for n in range(1, 7)}
    with fresh_store() as store:
        with store.transaction("edges") as draft:
            for _ in range(6):
                work_orders.create(draft, signals.read_demand({"title": "t"}))
            for first, on in edges:
                closes = (on, first) in reach
                assert added(draft, f"WO-{first}", f"WO-{on}") == ("circular_dependency" if closes else None)
                if not closes:
                    reach |= {(a, d) for a, b in reach for c, d in reach if (b, c) == (first, on)}
        for n in range(1, 7):
            waits = any(a == n and b != n for a, b in reach)
            assert status(store, f"WO-{n}") == ("blocked" if waits else "queued")


def test_refusals_of_an_edge_come_in_their_order(store: Store) -> None:
    gone, done, made = order(store), started(store, bucket="cost"), order(store)
    published(store, done.id)
    act(store, work_orders.cancel, gone.id, "no use")
    cases = [
        ("WO-99", made.id, "not_found"),
        (made.id, "WO-99", "not_found"),
        (gone.id, gone.id, "circular_dependency"),
        (gone.id, made.id, "invalid_transition"),
        (done.id, gone.id, "invalid_transition"),
        (made.id, gone.id, "dependency_cancelled"),
    ]
    for first, on, code in cases:
        with refused(store, code):
            depend(store, first, on)


def test_an_order_has_at_most_one_thousand_dependencies(store: Store) -> None:
    with store.transaction("many") as draft:
        for _ in range(1002):
            work_orders.create(draft, signals.read_demand({"title": "t"}))
        wanted = [f"WO-{n}" for n in range(1, 1001)]
        made = work_orders.create(draft, signals.read_demand({"title": "t", "depends_on": wanted})).order
    with refused(store, "too_large"):
        depend(store, made.id, "WO-1001")
    with unchanged(store):
        depend(store, made.id, "WO-1000")


def test_removing_an_edge_that_is_not_there_is_not_found_also_of_an_ended_order(store: Store) -> None:
    made, other = order(store), order(store)
    with refused(store, "not_found"):
        act(store, dependencies.remove, made.id, other.id)
    depend(store, made.id, other.id)
    act(store, work_orders.cancel, made.id, "no use")
    with refused(store, "not_found"):
        act(store, dependencies.remove, made.id, "WO-99")
    with refused(store, "invalid_transition") as caught:
        act(store, dependencies.remove, made.id, other.id)
    assert caught.value.details["operation"] == "remove_dependency"


def lose(store: Store, order_id: str, first: str, on: str) -> None:
    """A part of a transaction that changes something and is refused then."""
    with store.transaction("inner") as draft:
        work_orders.update(draft, order_id, {"title": "lost"})
        dependencies.add(draft, first, on)


@pytest.mark.parametrize("code", ["circular_dependency", "invalid_transition", "dependency_cancelled"])
def test_a_refusal_within_a_transaction_leaves_the_rest_of_it_alone(store: Store, code: str) -> None:
    gone, made = order(store), order(store)
    act(store, work_orders.cancel, gone.id, "no use")
    first, on = {
        "circular_dependency": (made.id, made.id),
        "invalid_transition": (gone.id, made.id),
        "dependency_cancelled": (made.id, gone.id),
    }[code]
    with store.transaction("outer") as draft:
        work_orders.update(draft, made.id, {"title": "kept"})
        with refused(store, code):
            lose(store, made.id, first, on)
    assert store.get_work_order(made.id).title == "kept"
