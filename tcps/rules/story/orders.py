"""The story of a work order, and of the policy."""

from tcps.model import Policy, Record, SignalType, WorkOrder, WorkOrderStatus
from tcps.rules.policy import defaults
from tcps.rules.story.words import Told, changed, one_line, shown

_SAID = ("title", "bucket", "priority", "labels", "due_on", "sku_id")
"""The fields whose old and new value a story tells."""
_LONG = ("description", "metadata")
"""Those of which it only tells that they changed."""


def told(before: Record | None, after: Record | None) -> list[Told]:
    """What happened to a work order."""
    if not isinstance(after, WorkOrder):
        return [Told("work_order_deleted", "deleted")]
    if not isinstance(before, WorkOrder):
        return _created(after)
    events = [*_status(before, after), *_late(before, after)]
    texts = [*changed(before, after, _SAID), *_long(before, after), *_edges(before, after)]
    if texts:
        events.append(Told("work_order_updated", "; ".join(texts)))
    if not events and before.queue_key != after.queue_key:
        events.append(Told("work_order_updated", "moved in the queue"))
    return events


def policy(before: Record | None, after: Policy) -> list[Told]:
    """Which settings changed, from what to what."""
    old = defaults() | (before.settings if isinstance(before, Policy) else {})
    texts = [
        f"{key}: {shown(old.get(key))} → {shown(value)}"
        for key, value in after.settings.items()
        if old.get(key) != value
    ]
    return [Told("policy_changed", "; ".join(texts))] if texts else []


def _created(order: WorkOrder) -> list[Told]:
    signal = order.pull_signal
    outside = signal.type is not SignalType.INTERNAL_REQUEST
    source = f", from {signal.type.replace('_', ' ')} {signal.source}" if outside and signal.source else ""
    waits = f", waits for {shown(order.depends_on)}" if order.status is WorkOrderStatus.BLOCKED else ""
    what = f"{one_line(order.title)} ({order.bucket}, priority {order.priority})"
    made = Told("work_order_created", f"created: {what}{source}{waits}")
    started = order.status is WorkOrderStatus.IN_PROGRESS
    return [made, Told("work_order_started", "started")] if started else [made]


def _status(before: WorkOrder, after: WorkOrder) -> list[Told]:
    if before.status is after.status:
        return []
    match after.status:
        case WorkOrderStatus.IN_PROGRESS:
            again = " again" if before.started_at is not None else ""
            return [Told("work_order_started", f"started{again}")]
        case WorkOrderStatus.COMPLETED:
            return [Told("work_order_completed", "completed")]
        case WorkOrderStatus.CANCELLED:
            reason = one_line(after.cancellation_reason or "")
            return [Told("work_order_cancelled", f"cancelled: {reason}")]
        case WorkOrderStatus.BLOCKED:
            return [Told("work_order_updated", "blocked")]
        case WorkOrderStatus.QUEUED:
            return [Told("work_order_updated", "free again, back in the queue")]


def _late(before: WorkOrder, after: WorkOrder) -> list[Told]:
    if after.sla_andon_id == before.sla_andon_id:
        return []
    return [Told("work_order_updated", f"too late: {after.sla_andon_id} was raised")]


def _long(before: WorkOrder, after: WorkOrder) -> list[str]:
    return [f"another {name}" for name in _LONG if getattr(before, name) != getattr(after, name)]


def _edges(before: WorkOrder, after: WorkOrder) -> list[str]:
    gained = [on for on in after.depends_on if on not in before.depends_on]
    lost = [on for on in before.depends_on if on not in after.depends_on]
    return [f"depends on {on}" for on in gained] + [f"no longer depends on {on}" for on in lost]
