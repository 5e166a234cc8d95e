"""Edges between work orders (domain 5, add_dependency, remove_dependency)."""

from msgspec.structs import replace

from tcps.errors import NotFound, Refused, invalid_field
from tcps.model import WorkOrder, WorkOrderStatus
from tcps.model.text import DEPENDENCIES
from tcps.rules import kanban
from tcps.rules.blocking import dependency_cancelled, unblock
from tcps.rules.state import Production, State, found, wrong_status


def add(state: State, work_order_id: str, on_id: str) -> WorkOrder:
    """`work_order_id` waits for `on_id`; an edge that is there already changes nothing."""
    order, target = found(state, WorkOrder, work_order_id), found(state, WorkOrder, on_id)
    if order.id == target.id or _reaches(state, target, order.id):
        raise Refused(
            f"{order.id} cannot depend on {target.id}: that would close a cycle",
            code="circular_dependency",
            details={"id": order.id, "on": target.id},
        )
    if order.status.terminal:
        raise wrong_status(order, "add_dependency", "add a dependency to")
    if target.status is WorkOrderStatus.CANCELLED:
        raise dependency_cancelled(target.id)
    if target.id in order.depends_on:
        return order
    if len(order.depends_on) >= DEPENDENCIES:
        raise invalid_field("depends_on", f"has {DEPENDENCIES} entries already, the limit", "too_large")
    changed = replace(order, depends_on=(*order.depends_on, target.id), updated_at=state.now)
    if not target.status.terminal:
        changed = replace(kanban.leave_queue(changed), status=WorkOrderStatus.BLOCKED)
    return state.put(changed)


def remove(state: State, work_order_id: str, on_id: str) -> WorkOrder:
    """`work_order_id` waits for `on_id` no more."""
    order = found(state, WorkOrder, work_order_id)
    if on_id not in order.depends_on:
        raise NotFound(f"{order.id} does not depend on {on_id}", details={"id": order.id, "on": on_id})
    if order.status.terminal:
        raise wrong_status(order, "remove_dependency", "remove a dependency of")
    kept = tuple(on for on in order.depends_on if on != on_id)
    return unblock(state, state.put(replace(order, depends_on=kept, updated_at=state.now)))


def _reaches(state: Production, start: WorkOrder, goal: str) -> bool:
    """Whether `start` depends on `goal`, over any number of edges."""
    seen, ahead = {start.id}, list(start.depends_on)
    while ahead:
        order_id = ahead.pop()
        if order_id == goal:
            return True
        order = None if order_id in seen else state.get(WorkOrder, order_id)
        seen.add(order_id)
        if order is not None:
            ahead.extend(order.depends_on)
    return False
