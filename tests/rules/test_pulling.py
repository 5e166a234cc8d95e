"""Pull, and what the most recent starts were (domain 5 pull, 6.1, 6.2, 6.3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tcps.errors import Refused
from tcps.model import Bucket, WorkOrder
from tcps.rules import dependencies, heijunka, kanban, policy, pulling, signals, work_orders
from tcps.rules.heijunka import Recent
from tcps.store import Store
from tcps.store.draft import Draft
from tcps.store.filters import Filter
from tests.rules.line import act, order, refused, setting, sku, started, wip

FEATURES, SECURITY, COST, RELIABILITY = (
    Bucket.FEATURES,
    Bucket.SECURITY,
    Bucket.COST,
    Bucket.RELIABILITY,
)
FOUR = (Bucket.RELIABILITY, Bucket.SECURITY, Bucket.COST, Bucket.COMPLIANCE)


def recent(store: Store) -> Recent:
    with store.view() as view:
        return view.recent()


def schedule(store: Store) -> list[str]:
    with store.view() as view:
        most = policy.whole(view.policy(), "max_consecutive")
        slots = heijunka.schedule(view.queues(), view.recent(), most)
    return [slot.work_order_id for slot in slots]


def orders(store: Store, many: int, *buckets: Bucket, priority: int = 5) -> None:
    """So many orders in each of the buckets."""
    with store.transaction("orders") as draft:
        for bucket in buckets:
            for _ in range(many):
                demand = signals.read_demand({"title": "t", "bucket": bucket, "priority": priority})
                work_orders.create(draft, demand)


def pulled(store: Store, bucket: Bucket | None = None) -> WorkOrder:
    made: WorkOrder = act(store, pulling.pull, bucket)
    return made


# pull


def test_pull_of_a_bucket_starts_the_head_of_its_queue(store: Store) -> None:
    order(store, priority=3)
    urgent = order(store, priority=9)
    order(store, priority=10, bucket="cost")
    assert pulled(store, FEATURES).id == urgent.id
    assert store.get_work_order(urgent.id).status == "in_progress"


@pytest.mark.parametrize("bucket", [FEATURES, None])
def test_pull_is_refused_when_nothing_is_queued_before_it_is_for_want_of_room(
    store: Store, bucket: Bucket | None
) -> None:
    setting(store, "wip_limits.features", 1)
    for _ in range(2):
        with refused(store, "queue_empty") as caught:
            pulled(store, bucket)
        assert caught.value.details == ({} if bucket is None else {"bucket": bucket})
        if not wip(store, FEATURES):
            started(store)
    order(store)
    with refused(store, "wip_limit") as caught:
        pulled(store, bucket)
    assert caught.value.details == {"bucket": "features", "current": 1, "limit": 1}


def test_pull_without_a_bucket_is_the_first_of_the_schedule_that_has_room(store: Store) -> None:
    setting(store, "wip_limits.security", 1)
    orders(store, 2, SECURITY, priority=9)
    orders(store, 1, RELIABILITY)
    assert [pulled(store).bucket, pulled(store).bucket] == [SECURITY, RELIABILITY]
    with refused(store, "wip_limit") as caught:
        pulled(store)
    assert caught.value.details["bucket"] == "security"


def test_what_is_next_is_said_whether_there_is_room_or_not(store: Store) -> None:
    setting(store, "wip_limits.security", 1)
    started(store, bucket="security")
    full, other = order(store, bucket="security", priority=10), order(store, bucket="cost")
    with store.view() as view:
        assert pulling.upcoming(view) == full.id
        assert pulling.upcoming(view, COST) == other.id
    with refused(store, "queue_empty"), store.view() as view:
        pulling.upcoming(view, FEATURES)


def test_pulling_again_and_again_gives_the_whole_schedule(store: Store) -> None:
    random = Random(20260120)
    for bucket in Bucket:
        setting(store, f"wip_limits.{bucket}", "unlimited")
    for n in range(40):
        order(store, bucket=random.choice(FOUR), priority=random.randint(1, 10))
        if n % 3 == 0:
            pulled(store)
    planned = schedule(store)
    assert [pulled(store).id for _ in planned] == planned
    assert schedule(store) == []


# The most recent starts, of which the schedule depends (domain 6.2)


def test_a_new_store_has_no_recent_start(store: Store) -> None:
    order(store)
    assert recent(store) == Recent(None, 0)


def test_every_way_to_start_an_order_counts(store: Store) -> None:
    act(store, work_orders.start, order(store).id)
    assert recent(store) == Recent(FEATURES, 1)
    started(store)
    sku(store)
    assert recent(store) == Recent(FEATURES, 3)
    order(store, bucket="cost")
    pulled(store, COST)
    assert recent(store) == Recent(COST, 1)


def test_a_second_sku_of_an_order_is_no_start(store: Store) -> None:
    first = sku(store)
    started(store, bucket="cost")
    sku(store, None, first.work_order_id)
    assert recent(store) == Recent(COST, 1)


def test_an_order_that_is_started_again_after_it_was_blocked_counts_again(store: Store) -> None:
    first, other = started(store), order(store, bucket="cost")
    act(store, dependencies.add, first.id, other.id)
    assert recent(store) == Recent(FEATURES, 1)
    act(store, dependencies.remove, first.id, other.id)
    act(store, work_orders.start, first.id)
    assert recent(store) == Recent(FEATURES, 2)


def test_a_start_counts_for_the_bucket_that_the_order_had_then(store: Store) -> None:
    first, other = started(store), order(store, bucket="cost")
    act(store, dependencies.add, first.id, other.id)
    act(store, work_orders.update, first.id, {"bucket": "security"})
    assert recent(store) == Recent(FEATURES, 1)


def test_a_start_counts_whatever_becomes_of_the_order(store: Store) -> None:
    started(store, bucket="cost")
    first = started(store)
    act(store, work_orders.cancel, first.id, "no use")
    act(store, work_orders.delete, first.id)
    assert recent(store) == Recent(FEATURES, 1)


def test_a_transaction_sees_its_own_starts_and_one_that_fails_leaves_none(store: Store) -> None:
    orders(store, 3, FEATURES, COST)
    with store.transaction("pulls") as draft:
        first = [pulling.pull(draft).bucket for _ in range(2)]
        with pytest.raises(Refused):
            fail_after_a_pull(store)
        assert draft.recent() == Recent(FEATURES, 1)
        last = [pulling.pull(draft).bucket for _ in range(2)]
    assert [*first, *last] == [COST, FEATURES, COST, FEATURES]
    assert recent(store) == Recent(FEATURES, 1)


def fail_after_a_pull(store: Store) -> None:
    """A part of a transaction that is undone."""
    with store.transaction("part") as draft:
        pulling.pull(draft, FEATURES)
        assert draft.recent() == Recent(FEATURES, 2)
        raise Refused("not today")


def test_a_batch_sees_the_starts_of_its_transactions(store: Store) -> None:
    orders(store, 3, FEATURES, COST)
    with store.batch():
        assert [pulled(store).bucket for _ in range(4)] == [COST, FEATURES] * 2
        assert recent(store) == Recent(FEATURES, 1)
    assert recent(store) == Recent(FEATURES, 1)


def test_an_index_made_anew_knows_the_same_starts(store: Store, opened: Callable[[], Store]) -> None:
    """Starts, starts again, moves to another bucket and deletions, one or several to a transaction."""
    random = Random(20260120)
    for bucket in Bucket:
        setting(store, f"wip_limits.{bucket}", "unlimited")
    blocker = order(store, bucket="technical_debt").id
    ids = [order(store, bucket=random.choice(FOUR)).id for _ in range(12)]
    for _ in range(60):
        with store.transaction("several") as draft:
            for order_id in random.sample(ids, random.choice((1, 1, 2, 4))):
                churn(draft, order_id, blocker, random)
            seen = draft.recent()
        assert recent(store) == seen
        if random.random() < 0.2:
            store.engine.fold.discard()
            assert recent(store) == seen
    with opened() as other:
        assert recent(other) == recent(store)
        assert rows(other) == rows(store)
    assert seen.run > 0


def churn(draft: Draft, order_id: str, blocker: str, random: Random) -> None:
    """Do something that the order's status allows."""
    order = draft.get(WorkOrder, order_id)
    if order is None:
        return
    if order.status == "blocked":
        work_orders.update(draft, order_id, {"bucket": random.choice(FOUR)})
        dependencies.remove(draft, order_id, blocker)
        if random.random() < 0.5:
            work_orders.start(draft, order_id)
    elif order.status == "in_progress":
        dependencies.add(draft, order_id, blocker)
    elif order.status == "cancelled":
        work_orders.delete(draft, order_id)
    elif random.random() < 0.1:
        work_orders.cancel(draft, order_id, "no use")
    else:
        work_orders.start(draft, order_id)


def rows(store: Store) -> list[tuple[object, ...]]:
    with store.view() as view:
        return view.loader.index.db.execute("SELECT * FROM start ORDER BY seq, place").fetchall()


# The acceptance cases of domain 6.3 that a store decides


def test_wip(store: Store) -> None:
    """limit 5, 10 starts; limits 10, 5, 3, 8 with 15 starts each"""
    setting(store, "wip_limits.features", 5)
    orders(store, 10, FEATURES)
    assert starts(store, FEATURES, 10) == (5, 5)
    assert wip(store, FEATURES) == 5
    for bucket, limit in zip(FOUR, (10, 5, 3, 8), strict=True):
        setting(store, f"wip_limits.{bucket}", limit)
        orders(store, 15, bucket)
        assert starts(store, bucket, 15) == (limit, 15 - limit)


def starts(store: Store, bucket: Bucket, tries: int) -> tuple[int, int]:
    """How many of the tries start an order, and how many are refused for want of room."""
    codes = [attempt(store, bucket) for _ in range(tries)]
    return codes.count(None), codes.count("wip_limit")


def attempt(store: Store, bucket: Bucket | None) -> str | None:
    """Pull; gives the code of the refusal, or None."""
    try:
        pulled(store, bucket)
    except Refused as refusal:
        return refusal.code
    return None


def test_capacity(store: Store) -> None:
    """four buckets of 20; limits 10, 8, 5, 7"""
    for bucket in Bucket:
        setting(store, f"wip_limits.{bucket}", "unlimited")
    for bucket, limit in zip(FOUR, (10, 8, 5, 7), strict=True):
        setting(store, f"wip_limits.{bucket}", limit)
    orders(store, 20, *FOUR)
    assert len(schedule(store)) == 80
    for _ in range(30):
        pulled(store)
    with refused(store, "wip_limit"):
        pulled(store)
    with store.view() as view:
        shown = kanban.view(view.policy(), view.wip_by_bucket())
    assert [wip(store, bucket) for bucket in FOUR] == [10, 8, 5, 7]
    assert shown["capacity_utilization"] == 1.0


def test_release(store: Store) -> None:
    """limit 2, 3 orders: third `wip_limit`, starts after one completion"""
    setting(store, "wip_limits.features", 2)
    setting(store, "completion_requires_sku", False)
    orders(store, 3, FEATURES)
    first = pulled(store)
    pulled(store)
    with refused(store, "wip_limit"):
        pulled(store)
    act(store, work_orders.complete, first.id)
    assert pulled(store).id == "WO-3"


# Many at once (domain 16)


def test_of_a_hundred_starts_at_once_as_many_succeed_as_there_is_room(
    store: Store, opened: Callable[[], Store]
) -> None:
    """WIP, limit 10 in four buckets, 100 starts over them; one more after a completion"""
    setting(store, "completion_requires_sku", False)
    for bucket in FOUR:
        setting(store, f"wip_limits.{bucket}", 10)
    orders(store, 25, *FOUR)

    def many(_: int) -> list[str | None]:
        with opened() as other:
            return [attempt(other, bucket) for bucket in FOUR for _ in range(5)]

    with ThreadPoolExecutor(5) as pool:
        codes = [code for some in pool.map(many, range(5)) for code in some]
    assert (codes.count(None), codes.count("wip_limit")) == (40, 60)
    assert [wip(store, bucket) for bucket in FOUR] == [10] * 4
    with store.view() as view:
        running = view.work_orders(Filter().one_of("status", ["in_progress"]), 1, "n")
        one = next(iter(running)).id
    act(store, work_orders.complete, one)
    assert (attempt(store, None), attempt(store, None)) == (None, "wip_limit")


def test_those_who_pull_at_once_start_the_orders_of_the_schedule_each_once(
    store: Store, opened: Callable[[], Store]
) -> None:
    orders(store, 4, *FOUR)
    planned = schedule(store)

    def some(_: int) -> list[str]:
        with opened() as other:
            return [pulled(other).id for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        started = [order_id for ids in pool.map(some, range(4)) for order_id in ids]
    assert sorted(started) == sorted(planned)
    entries = [store.change_history("work_order", order_id)[-1] for order_id in planned]
    assert sorted(entries, key=lambda entry: entry.seq) == entries
