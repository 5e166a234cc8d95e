"""Which orders wait for which (domain 5, invariants, unblock): a blocked order has an open dependency."""

from msgspec.structs import replace

from tcps.errors import Refused
from tcps.model import WorkOrder, WorkOrderStatus, number_of
from tcps.rules import kanban
from tcps.rules.state import Production, State, found


def blocked_by(state: Production, order: WorkOrder) -> list[str]:
    """The ids it depends on that are neither completed nor cancelled."""
    return [on for on in order.depends_on if is_open(state.get(WorkOrder, on))]


def blocked(state: Production, order: WorkOrder) -> Refused:
    """The refusal of an order that waits for others."""
    waits = blocked_by(state, order)
    return Refused(
        f"{order.id} is blocked by {', '.join(waits)}",
        code="blocked_by_dependencies",
        details={"blocked_by": waits},
    )


def unblock(state: State, order: WorkOrder) -> WorkOrder:
    """blocked → queued when nothing that it depends on is open any more."""
    if order.status is not WorkOrderStatus.BLOCKED or blocked_by(state, order):
        return order
    freed = replace(order, status=WorkOrderStatus.QUEUED, updated_at=state.now)
    return state.put(kanban.enter_queue(state, freed))


def release(state: State, completed_id: str) -> None:
    """Unblock the orders that waited for a completed one alone."""
    for waiting in state.blocked_on(completed_id):
        unblock(state, found(state, WorkOrder, waiting))


def drop_edges(state: State, gone_id: str) -> None:
    """A cancelled or deleted order holds nobody up: its dependents lose the edge, oldest first."""
    for waiting in sorted(state.depending_on(gone_id), key=lambda n: number_of(n, WorkOrder.kind)):
        order = found(state, WorkOrder, waiting)
        kept = tuple(on for on in order.depends_on if on != gone_id)
        unblock(state, state.put(replace(order, depends_on=kept, updated_at=state.now)))


def is_open(order: WorkOrder | None) -> bool:
    """Whether an order is there and neither completed nor cancelled."""
    return order is not None and not order.status.terminal


def is_open_dependency(state: Production, work_order_id: str) -> bool:
    """Whether the dependency is open. Refused: `not_found`, `dependency_cancelled`."""
    order = found(state, WorkOrder, work_order_id)
    if order.status is WorkOrderStatus.CANCELLED:
        raise dependency_cancelled(work_order_id)
    return is_open(order)


def dependency_cancelled(work_order_id: str) -> Refused:
    """The refusal of an edge to a cancelled order."""
    return Refused(
        f"{work_order_id} is cancelled: nothing can depend on it",
        code="dependency_cancelled",
        details={"id": work_order_id},
    )
