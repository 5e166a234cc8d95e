"""The check of deadlines: one `sla_breach` Andon for an order, ever (domain 5, sla_check)."""

from typing import Any

import pytest

from tcps.model import HOUR_MS, WorkOrder
from tcps.rules import dependencies, pipeline, sla_check, work_orders
from tcps.service import due, orders
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import act, bring, order, published, resolve, sku, started, trigger, unchanged

LATE = [("security", 24, 0), ("reliability", 168, 24 * HOUR_MS + 1), ("cost", 720, 48 * HOUR_MS + 1)]
"""Bucket, its SLA hours, how late an order of it must be in milliseconds."""


def raised(store: Store) -> list[str]:
    """The SKU ids of the Andons that a check raises."""
    return [event["sku_id"] for event in due.check_slas(store)["andons"]]


def late_by(store: Store, clock: FixedClock, **fields: Any) -> WorkOrder:
    """An order of security, and the moment of its deadline."""
    made = order(store, bucket="security", **fields)
    clock.forward(hours=24)
    return made


@pytest.mark.parametrize(("bucket", "hours", "late"), LATE)
def test_the_andon_is_due_when_the_order_is_as_late_as_its_bucket_allows(
    store: Store, clock: FixedClock, bucket: str, hours: int, late: int
) -> None:
    made = order(store, bucket=bucket)
    clock.forward(hours=hours, ms=late - 1)
    assert raised(store) == []
    clock.forward(ms=1)
    (event,) = due.check_slas(store)["andons"]
    assert (event["sku_id"], event["work_order_id"]) == (made.id, made.id)
    assert (event["failure_type"], event["severity"], event["stage"]) == ("sla_breach", "high", "publication")
    assert event["details"] == {
        "bucket": bucket,
        "sla_deadline": made.sla_deadline,
        "overdue_ms": late,
    }
    assert store.get_work_order(made.id).sla_andon_id == event["andon_id"]


@pytest.mark.parametrize("bucket", ["compliance", "features", "technical_debt"])
def test_every_other_bucket_waits_for_more_than_two_days(
    store: Store, clock: FixedClock, bucket: str
) -> None:
    order(store, bucket=bucket, due_on="2026-01-20T11:00:00Z")
    clock.forward(hours=1 + 48)
    assert raised(store) == []
    clock.forward(ms=1)
    assert raised(store) == ["WO-1"]


def test_an_order_raises_one_andon_ever(store: Store, clock: FixedClock) -> None:
    made = late_by(store, clock)
    assert raised(store) == [made.id]
    with unchanged(store):
        assert raised(store) == []
    resolve(store, "ANDON-1")
    act(store, work_orders.update, made.id, {"bucket": "cost", "due_on": "2026-01-20T11:00:00Z"})
    clock.forward(hours=1000)
    with unchanged(store):
        assert raised(store) == []
        assert act(store, sla_check.sla_check, made.id) is None


def test_the_andon_stops_the_newest_sku_that_is_on_the_line(store: Store, clock: FixedClock) -> None:
    made = started(store, bucket="security")
    for name in ("first", "second", "third"):
        sku(store, name, made.id)
        clock.forward(ms=1)
    act(store, pipeline.abort, "third", "no use")
    bring(store, "second")
    clock.forward(hours=24)
    assert raised(store) == ["second"]
    assert store.get_andon_event("ANDON-1").work_order_id == made.id


def test_an_order_without_a_sku_on_the_line_is_named_itself(store: Store, clock: FixedClock) -> None:
    made = started(store, bucket="security")
    act(store, pipeline.abort, sku(store, "only", made.id).id, "no use")
    clock.forward(hours=24)
    assert raised(store) == [made.id]


def test_an_open_andon_of_the_same_kind_takes_one_more_occurrence(store: Store, clock: FixedClock) -> None:
    made = late_by(store, clock)
    by_hand = trigger(store, made.id, "sla_breach")
    (event,) = due.check_slas(store)["andons"]
    assert (event["andon_id"], event["occurrences"]) == (by_hand.id, 2)
    assert store.get_work_order(made.id).sla_andon_id == by_hand.id


def test_queued_blocked_and_started_orders_are_checked_and_ended_ones_are_not(
    store: Store, clock: FixedClock
) -> None:
    names = [order(store, bucket="security").id for _ in range(5)]
    act(store, work_orders.start, names[1])
    act(store, dependencies.add, names[2], names[0])
    act(store, work_orders.cancel, names[3], "no use")
    act(store, work_orders.start, names[4])
    published(store, names[4])
    clock.forward(hours=25)
    report = due.check_slas(store)
    assert [event["sku_id"] for event in report["andons"]] == names[:3]
    assert [breach["work_order_id"] for breach in report["breached"]] == names[:3]


def test_an_order_without_a_deadline_is_never_late(store: Store, clock: FixedClock) -> None:
    order(store, bucket="technical_debt")
    clock.forward(hours=100_000)
    assert due.check_slas(store) == {"breached": [], "andons": []}


def test_breaches_are_named_before_their_andon_is_due(store: Store, clock: FixedClock) -> None:
    made = order(store, bucket="reliability")
    clock.forward(hours=168, ms=5)
    assert due.check_slas(store) == {
        "breached": [
            {
                "work_order_id": made.id,
                "bucket": "reliability",
                "sla_deadline": made.sla_deadline,
                "overdue_ms": 5,
                "sla_andon_id": None,
            }
        ],
        "andons": [],
    }


def test_reading_an_order_raises_nothing(store: Store, clock: FixedClock) -> None:
    made = late_by(store, clock)
    with unchanged(store):
        shown = orders.show(store, made.id)
        assert [o["work_order_id"] for o in orders.lists(store, sla="breached")] == [made.id]
    assert (shown["sla_status"], shown["sla_remaining_ms"], shown["sla_andon_id"]) == ("breached", 0, None)


def test_a_trial_of_the_check_changes_nothing(store: Store, clock: FixedClock) -> None:
    late_by(store, clock)
    with unchanged(store):
        assert due.check_slas(store, dry_run=True)["andons"][0]["andon_id"] == "ANDON-1"
    assert raised(store) == ["WO-1"]


def test_the_order_and_its_andon_are_one_entry(store: Store, clock: FixedClock) -> None:
    made = late_by(store, clock)
    due.check_slas(store)
    entry = store.change_history("work_order", made.id)[-1]
    assert entry.action == "work_order.sla_check"
    assert [change.id for change in entry.changes] == ["ANDON-1", made.id]


# Lists by SLA status (domain 5, SLA; interface 3)


def listed(store: Store, **options: Any) -> list[str]:
    return [shown["work_order_id"] for shown in orders.lists(store, **options)]


def test_lists_choose_by_sla_status_as_each_order_shows_it(store: Store, clock: FixedClock) -> None:
    for bucket in ("security", "reliability", "technical_debt"):
        order(store, bucket=bucket)
    for hours, expected in (
        (0, ["on_time", "on_time", "on_time"]),
        (18.5, ["warning", "on_time", "on_time"]),
        (24, ["breached", "on_time", "on_time"]),
        (127, ["breached", "warning", "on_time"]),
        (168, ["breached", "breached", "on_time"]),
    ):
        clock.now = store.get_work_order("WO-1").created_at
        clock.forward(hours=hours)
        assert [shown["sla_status"] for shown in orders.lists(store)] == expected
        for status in ("on_time", "warning", "breached"):
            chosen = [f"WO-{n}" for n, one in enumerate(expected, 1) if one == status]
            assert listed(store, sla=status) == chosen


def test_warnings_are_those_with_no_more_time_left_than_asked(store: Store, clock: FixedClock) -> None:
    """domain 5, Warnings(H)"""
    order(store, bucket="security")
    clock.forward(hours=1)
    order(store, bucket="security")
    order(store, bucket="technical_debt")
    clock.forward(hours=20)
    assert listed(store, sla="warning") == ["WO-1", "WO-2"]
    assert listed(store, sla="warning", within=3) == ["WO-1"]
    assert listed(store, sla="warning", within=4) == ["WO-1", "WO-2"]
    assert listed(store, within=2.99) == []
    clock.forward(hours=3)
    assert (listed(store, sla="warning", within=1), listed(store, within=0)) == (["WO-2"], ["WO-1"])
