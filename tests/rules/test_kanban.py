"""WIP limits and the view of them (domain 6.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.model import Bucket, Json, Policy
from tcps.rules import kanban, pipeline, policy, work_orders
from tcps.store import Store
from tests.rules.line import act, order, refused, setting, sku, started, unchanged, wip


def row(store: Store, bucket: Bucket) -> Json:
    with store.view() as view:
        rows = kanban.view(view.policy(), view.wip_by_bucket())["buckets"]
    return next(row for row in rows if row["bucket"] is bucket)


@pytest.mark.parametrize(
    ("bucket", "limit"), [(bucket, 10 if bucket is Bucket.FEATURES else 5) for bucket in Bucket]
)
def test_a_bucket_has_its_default_limit(store: Store, bucket: Bucket, limit: int) -> None:
    for _ in range(limit):
        started(store, bucket=bucket)
    over = order(store, bucket=bucket)
    with refused(store, "wip_limit") as caught:
        act(store, work_orders.start, over.id)
    assert caught.value.details == {"bucket": bucket, "current": limit, "limit": limit}
    assert wip(store, bucket) == limit


def test_a_limited_bucket_shows_what_is_left(store: Store) -> None:
    """domain 6.3, views"""
    setting(store, "wip_limits.features", 3)
    started(store)
    started(store)
    assert row(store, Bucket.FEATURES) == {
        "bucket": "features",
        "current": 2,
        "limit": 3,
        "available": 1,
        "utilization": 0.667,
    }


def test_an_unlimited_bucket_takes_any_number(store: Store) -> None:
    """domain 6.3, views"""
    act(store, kanban.set_limit, Bucket.FEATURES, "Unlimited")
    with store.transaction("hundred"):
        for _ in range(100):
            started(store)
    assert row(store, Bucket.FEATURES) == {
        "bucket": "features",
        "current": 100,
        "limit": None,
        "available": None,
        "utilization": 0.0,
    }


def test_lowering_a_limit_below_the_wip_only_stops_new_starts(store: Store) -> None:
    for _ in range(3):
        started(store)
    act(store, kanban.set_limit, Bucket.FEATURES, 2)
    shown = row(store, Bucket.FEATURES)
    assert (shown["current"], shown["available"], shown["utilization"]) == (3, 0, 1.5)
    made = order(store)
    with refused(store, "wip_limit"):
        act(store, work_orders.start, made.id)
    act(store, work_orders.cancel, "WO-1", "no use")
    with refused(store, "wip_limit"):
        act(store, work_orders.start, made.id)
    act(store, work_orders.cancel, "WO-2", "no use")
    assert act(store, work_orders.start, made.id).status == "in_progress"


def test_a_sku_of_a_queued_order_needs_room_and_starts_the_order(store: Store) -> None:
    setting(store, "wip_limits.features", 1)
    first, second = order(store), order(store)
    assert sku(store, "a", first.id).work_order_id == first.id
    assert store.get_work_order(first.id).status == "in_progress"
    with refused(store, "wip_limit"):
        act(store, pipeline.create, second.id, "b")
    assert sku(store, "b", first.id).id == "b"


@pytest.mark.parametrize(
    "limit", [0, -1, 1.5, 2.0, "0", "-1", "1.5", "many", "", True, None, [1], float("nan")]
)
def test_a_limit_that_is_no_positive_integer_is_refused(store: Store, limit: object) -> None:
    with refused(store, "invalid_limit"):
        act(store, kanban.set_limit, Bucket.FEATURES, limit)


def test_a_limit_may_be_given_as_text_and_setting_it_again_changes_nothing(store: Store) -> None:
    act(store, kanban.set_limit, Bucket.FEATURES, " 7 ")
    assert row(store, Bucket.FEATURES)["limit"] == 7
    with unchanged(store):
        act(store, kanban.set_limit, Bucket.FEATURES, 7)


LIMITS = st.dictionaries(st.sampled_from(Bucket), st.none() | st.integers(1, 20))
CURRENT = st.dictionaries(st.sampled_from(Bucket), st.integers(0, 30))


@given(LIMITS, CURRENT)
def test_capacity_utilization_counts_the_limited_buckets_alone(
    limits: dict[Bucket, int | None], current: dict[Bucket, int]
) -> None:
    texts = {f"wip_limits.{bucket}": limit or policy.UNLIMITED for bucket, limit in limits.items()}
    view = kanban.view(Policy(settings=texts), current)
    limited = [row for row in view["buckets"] if row["limit"] is not None]
    total, used = sum(row["limit"] for row in limited), sum(row["current"] for row in limited)
    assert view["capacity_utilization"] == (round(used / total, 3) if total else 0.0)
    assert [row["bucket"] for row in view["buckets"]] == list(Bucket)
