"""Pull (domain 5, 6.2): which queued order is next by the levelled schedule, and starting it."""

from tcps.errors import Refused
from tcps.model import Bucket, WorkOrder
from tcps.rules import heijunka, kanban, work_orders
from tcps.rules.heijunka import Lane
from tcps.rules.policy import whole
from tcps.rules.state import Production, State


def pull(state: State, bucket: Bucket | None = None) -> WorkOrder:
    """Start the head of the bucket's queue, or the first of the schedule that has room.

    Refused: `queue_empty`; `wip_limit`, of the bucket that would be next if none has room.
    """
    lanes = _lanes(state, bucket)
    with_room = {name: lane for name, lane in lanes.items() if kanban.has_room(state, name)}
    return work_orders.start(state, _first(state, with_room or lanes))


def upcoming(state: Production, bucket: Bucket | None = None) -> str:
    """The id of the order that is next, whether there is room for it or not. Refused: `queue_empty`."""
    return _first(state, _lanes(state, bucket))


def _lanes(state: Production, bucket: Bucket | None) -> dict[Bucket, Lane]:
    lanes = {name: lane for name, lane in state.lanes().items() if bucket in (None, name)}
    if lanes:
        return lanes
    where = "" if bucket is None else f" in bucket {bucket}"
    details = {} if bucket is None else {"bucket": bucket}
    raise Refused(f"nothing is queued{where}", code="queue_empty", details=details)


def _first(state: Production, lanes: dict[Bucket, Lane]) -> str:
    chosen = heijunka.pick(lanes, state.recent(), whole(state.policy(), "max_consecutive"))
    return lanes[chosen].head.work_order_id
