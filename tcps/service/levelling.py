"""Use cases of levelling: the schedule over all queues, and the order that it says is next."""

from tcps.errors import invalid_field
from tcps.model import Bucket, Json, WorkOrder, parse_enum
from tcps.rules import heijunka, kanban, pulling
from tcps.rules.levelling_score import score
from tcps.rules.policy import whole
from tcps.rules.state import found
from tcps.service import views
from tcps.service.trial import transaction
from tcps.store import Store

_NAMES = {bucket: bucket.value for bucket in Bucket}
"""Plain texts, so that the garbage collector need not look at each of 100,000 slots again and again."""


def schedule(store: Store, capacity: int | None = None) -> Json:
    """The levelled schedule, at most `capacity` slots of it, its score, and the shares of a capacity.

    No record is read for it: the index holds what it depends on.
    """
    if capacity is not None and capacity < 0:
        raise invalid_field("capacity", f"is a number of orders, 0 or more, not {capacity}")
    with store.view() as view:
        queues, most = view.queues(), whole(view.policy(), "max_consecutive")
        slots = heijunka.schedule(queues, view.recent(), most, capacity)
    queued = {bucket: len(queue) for bucket, queue in queues.items()}
    total = sum(queued.values())
    shares = heijunka.allocation(queued, total if capacity is None else capacity)
    parts = score(slots)
    return {
        "slots": [
            {"slot": number, "work_order_id": order_id, "bucket": _NAMES[bucket], "priority": priority}
            for number, order_id, bucket, priority in slots
        ],
        "score": {
            "batching": round(parts.batching, 3),
            "uniformity": round(parts.uniformity, 3),
            "priority": round(parts.priority, 3),
            "overall": round(parts.overall, 3),
        },
        "queued": total,
        "allocation": {bucket.value: share for bucket, share in shares.items()},
    }


def upcoming(store: Store, bucket: str | None = None) -> Json:
    """The order that is to be pulled next, and with `has_room` whether its bucket has room for it."""
    wanted = None if bucket is None else parse_enum(Bucket, bucket)
    with store.view() as view:
        order = found(view, WorkOrder, pulling.upcoming(view, wanted))
        return views.work_order(view, order) | {"has_room": kanban.has_room(view, order.bucket)}


def pull(store: Store, bucket: str | None = None, dry_run: bool = False) -> Json:
    """Start the order that is to be pulled next, of the buckets that have room."""
    wanted = None if bucket is None else parse_enum(Bucket, bucket)
    with transaction(store, "work_order.pull", dry_run=dry_run) as draft:
        return views.work_order(draft, pulling.pull(draft, wanted))
