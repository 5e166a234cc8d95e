"""WIP limits and the buckets' queues (domain 5 queue, 6.1)."""

from msgspec.structs import replace

from tcps.errors import Refused
from tcps.model import Bucket, Json, Policy, WorkOrder
from tcps.rules.policy import change, wip_limit
from tcps.rules.state import Production, State, found

_LAST = "~"
"""Ends a queue key; sorts after every ticket."""


def enter_queue(state: State, order: WorkOrder) -> WorkOrder:
    """The order with the key that puts it before the first one of strictly lower priority.

    A key is tickets and an end mark. The key of an order that goes before another is the other's
    tickets and one more, so it sorts after all that went there earlier; as each step goes to a
    strictly higher priority, a key has at most ten tickets (format 7).
    """
    before = state.first_below(order.bucket, order.priority)
    prefix = "" if before is None else before.removesuffix(_LAST)
    return replace(order, queue_key=f"{prefix}{state.next_ticket()}{_LAST}")


def leave_queue(order: WorkOrder) -> WorkOrder:
    """The order without a place in a queue."""
    return replace(order, queue_key=None)


def reorder(state: State, bucket: Bucket, ids: tuple[str, ...]) -> tuple[WorkOrder, ...]:
    """Give the bucket's queue this order. Refused: `invalid_queue_order` unless a permutation of it."""
    queue = state.queue(bucket)
    if sorted(ids) != sorted(queue):
        raise Refused(
            f"the ids are not exactly those of the {bucket} queue: {', '.join(queue) or 'it is empty'}",
            code="invalid_queue_order",
            details={"bucket": bucket, "queue": list(queue)},
        )
    orders = [found(state, WorkOrder, order_id) for order_id in ids]
    if ids == queue:
        return tuple(orders)
    return tuple(state.put(_at_the_end(state, order)) for order in orders)


def has_room(state: Production, bucket: Bucket) -> bool:
    """Whether one more order of the bucket may be in progress."""
    limit = wip_limit(state.policy(), bucket)
    return limit is None or state.wip(bucket) < limit


def require_room(state: Production, bucket: Bucket) -> None:
    """Refuse (`wip_limit`) when the bucket has as many orders in progress as it may."""
    if not has_room(state, bucket):
        limit, current = wip_limit(state.policy(), bucket), state.wip(bucket)
        raise Refused(
            f"bucket {bucket} is full: {current} of {limit} work orders are in progress",
            code="wip_limit",
            hint=f"complete one first, or raise the limit: tcps kanban set-limit {bucket} {current + 1}",
            details={"bucket": bucket, "current": current, "limit": limit},
        )


def set_limit(state: State, bucket: Bucket, limit: object) -> Policy:
    """Set the bucket's WIP limit; one below the current WIP only stops new starts."""
    return change(state, f"wip_limits.{bucket}", limit)


def view(policy: Policy, current: dict[Bucket, int]) -> Json:
    """Current, limit, available and utilization of every bucket, and the capacity utilization."""
    rows = [_row(bucket, current.get(bucket, 0), wip_limit(policy, bucket)) for bucket in Bucket]
    limited = [row for row in rows if row["limit"] is not None]
    total = sum(row["limit"] for row in limited)
    used = sum(row["current"] for row in limited)
    return {"buckets": rows, "capacity_utilization": round(used / total, 3) if total else 0.0}


def _at_the_end(state: State, order: WorkOrder) -> WorkOrder:
    return replace(order, queue_key=f"{state.next_ticket()}{_LAST}", updated_at=state.now)


def _row(bucket: Bucket, current: int, limit: int | None) -> Json:
    return {
        "bucket": bucket,
        "current": current,
        "limit": limit,
        "available": None if limit is None else max(0, limit - current),
        "utilization": 0.0 if limit is None else round(current / limit, 3),
    }
