"""Deadlines and SLA status (domain 5, SLA)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.model import (
    HOUR_MS,
    Bucket,
    Policy,
    SlaStatus,
    Timestamp,
    WorkOrder,
    WorkOrderStatus,
    from_ms,
    to_ms,
)
from tcps.rules import sla, work_orders
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import act, order, published, setting, started

OPEN = (WorkOrderStatus.QUEUED, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.BLOCKED)


def later(ms: int) -> Timestamp:
    return from_ms(to_ms(START) + ms)


def an_order(status: WorkOrderStatus, length: int, completed: int | None = None) -> WorkOrder:
    """An order created at START whose deadline is `length` ms later."""
    return WorkOrder(
        title="t",
        status=status,
        created_at=START,
        sla_deadline=later(length),
        completed_at=None if completed is None else later(completed),
    )


@pytest.mark.parametrize(
    ("bucket", "hours"),
    [("reliability", 168), ("security", 24), ("cost", 720), ("compliance", 168), ("features", 720)],
)
def test_the_deadline_is_creation_and_the_buckets_hours(store: Store, bucket: str, hours: int) -> None:
    assert order(store, bucket=bucket).sla_deadline == later(hours * HOUR_MS)


def test_technical_debt_has_no_deadline_but_due_on(store: Store) -> None:
    assert order(store, bucket="debt").sla_deadline is None
    assert (
        order(store, bucket="debt", due_on="2030-01-01T00:00:00Z").sla_deadline == "2030-01-01T00:00:00.000Z"
    )


DAY = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("due", "deadline"),
    [(DAY - 1, DAY - 1), (1, 1), (DAY, DAY), (DAY + 1, DAY), (0, DAY), (-1, DAY)],
)
def test_due_on_is_the_deadline_if_earlier_and_later_than_creation(
    store: Store, due: int, deadline: int
) -> None:
    assert order(store, bucket="security", due_on=later(due)).sla_deadline == later(deadline)


def test_a_changed_sla_applies_to_orders_created_later(store: Store) -> None:
    first = order(store, bucket="security")
    setting(store, "sla_hours.security", 1.5)
    setting(store, "sla_hours.cost", "none")
    setting(store, "sla_hours.technical_debt", 10)
    assert store.get_work_order(first.id).sla_deadline == later(DAY)
    assert order(store, bucket="security").sla_deadline == later(HOUR_MS * 3 // 2)
    assert order(store, bucket="cost").sla_deadline is None
    assert order(store, bucket="debt").sla_deadline == later(10 * HOUR_MS)


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (0, "on_time"),
        (3 * HOUR_MS, "on_time"),
        (3 * HOUR_MS + 1, "warning"),
        (4 * HOUR_MS - 1, "warning"),
        (4 * HOUR_MS, "breached"),
        (5 * HOUR_MS, "breached"),
    ],
)
def test_an_open_order_warns_below_a_quarter_of_its_time_and_is_breached_at_its_deadline(
    status: WorkOrderStatus, passed: int, expected: str
) -> None:
    assert sla.status(an_order(status, 4 * HOUR_MS), later(passed)) == expected


@given(st.integers(1, 10**12), st.integers(-(10**6), 10**12))
def test_the_status_of_an_open_order_is_that_of_the_exact_fractions(length: int, passed: int) -> None:
    remaining = length - passed
    expected = (
        SlaStatus.BREACHED
        if remaining <= 0
        else SlaStatus.WARNING
        if 4 * remaining < length
        else SlaStatus.ON_TIME
    )
    assert sla.status(an_order(WorkOrderStatus.QUEUED, length), later(passed)) is expected


@pytest.mark.parametrize(("completed", "expected"), [(99, "on_time"), (100, "breached"), (101, "breached")])
def test_a_completed_order_keeps_the_status_that_it_was_completed_with(completed: int, expected: str) -> None:
    done = an_order(WorkOrderStatus.COMPLETED, 100, completed)
    assert [sla.status(done, later(passed)) for passed in (0, 10**9)] == [expected] * 2
    assert sla.remaining_ms(done, START) is None


def test_a_cancelled_order_and_one_without_a_deadline_are_on_time() -> None:
    assert sla.status(an_order(WorkOrderStatus.CANCELLED, 100), later(200)) == "on_time"
    free = WorkOrder(title="t", created_at=START)
    assert sla.status(free, later(10**12)) == "on_time"
    assert sla.remaining_ms(free, START) is None


def test_the_rest_is_positive_before_the_deadline_and_negative_after_it() -> None:
    one = an_order(WorkOrderStatus.BLOCKED, 100)
    assert [sla.remaining_ms(one, later(passed)) for passed in (40, 100, 130)] == [60, 0, -30]


def test_an_order_that_is_late_stays_breached_when_it_is_completed(store: Store, clock: FixedClock) -> None:
    made = started(store, bucket="security")
    clock.forward(hours=24)
    published(store, made.id)
    assert sla.status(store.get_work_order(made.id), START) == "breached"


def test_a_late_order_can_still_be_cancelled_and_is_on_time_then(store: Store, clock: FixedClock) -> None:
    made = order(store, bucket="security")
    clock.forward(hours=25)
    assert sla.status(act(store, work_orders.cancel, made.id, "no use"), clock.now) == "on_time"


def test_every_bucket_without_policy_has_the_deadline_of_its_hours() -> None:
    hours = {bucket: sla.deadline(Policy(), bucket, START, None) for bucket in Bucket}
    assert hours[Bucket.TECHNICAL_DEBT] is None
    assert hours[Bucket.SECURITY] == later(DAY)
