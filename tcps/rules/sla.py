"""Deadlines and SLA status of work orders (domain 5, SLA)."""

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
from tcps.rules.policy import sla_hours

WARNING_SHARE = 0.25
"""An order is in warning when less than this share of its time is left."""


def deadline(
    policy: Policy, bucket: Bucket, created_at: Timestamp, due_on: Timestamp | None
) -> Timestamp | None:
    """created_at + the bucket's SLA hours, or due_on if that is earlier and later than created_at."""
    hours = sla_hours(policy, bucket)
    if hours is None:
        return due_on
    by_sla = from_ms(to_ms(created_at) + round(hours * HOUR_MS))
    return due_on if due_on is not None and created_at < due_on < by_sla else by_sla


def status(order: WorkOrder, now: Timestamp) -> SlaStatus:
    """On time, warning or breached at `now`; a completed order keeps what it was when completed."""
    if order.status is WorkOrderStatus.CANCELLED or order.sla_deadline is None:
        return SlaStatus.ON_TIME
    if order.status is WorkOrderStatus.COMPLETED:
        late = order.completed_at is not None and order.completed_at >= order.sla_deadline
        return SlaStatus.BREACHED if late else SlaStatus.ON_TIME
    remaining = to_ms(order.sla_deadline) - to_ms(now)
    if remaining <= 0:
        return SlaStatus.BREACHED
    allowed = to_ms(order.sla_deadline) - to_ms(order.created_at)
    return SlaStatus.WARNING if remaining < WARNING_SHARE * allowed else SlaStatus.ON_TIME


def remaining_ms(order: WorkOrder, now: Timestamp) -> int | None:
    """Milliseconds to the deadline of an order that is not ended, negative when overdue; else None."""
    if order.sla_deadline is None or order.status.terminal:
        return None
    return to_ms(order.sla_deadline) - to_ms(now)
