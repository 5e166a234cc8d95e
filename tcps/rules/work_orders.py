"""Work orders (domain 5): create, start, complete, cancel, delete, and what follows from each."""

from typing import NamedTuple

from msgspec.structs import replace

from tcps.errors import Refused, invalid_field
from tcps.model import (
    AndonEvent,
    PullSignal,
    ReceiptStatus,
    Sku,
    SkuStatus,
    WorkOrder,
    WorkOrderStatus,
)
from tcps.model.text import DEPENDENCIES, required
from tcps.rules import blocking, kanban, sla
from tcps.rules.advisories import alarm
from tcps.rules.blocking import blocked, blocked_by, dependency_cancelled, unblock
from tcps.rules.order_updates import UPDATABLE, update
from tcps.rules.policy import flag
from tcps.rules.signals import Demand
from tcps.rules.state import State, found, wrong_status

__all__ = [
    "UPDATABLE",
    "Intake",
    "blocked",
    "blocked_by",
    "cancel",
    "complete",
    "complete_if_done",
    "create",
    "delete",
    "dependency_cancelled",
    "end_sku",
    "start",
    "unblock",
    "update",
]


class Intake(NamedTuple):
    """What became of a demand: a `created` order, or the one that is there already (`duplicate`)."""

    order: WorkOrder
    outcome: str
    andon: AndonEvent | None = None


def create(state: State, demand: Demand, *, start_now: bool = False) -> Intake:
    """Take a demand: one order per source, queued, or blocked while a dependency is open.

    With `start_now` a new order is started too; what refuses the start refuses the order.
    """
    for key in demand.source_keys:
        known = state.order_of_source(key)
        if known is not None:
            return Intake(found(state, WorkOrder, known), "duplicate")
    if len(demand.depends_on) > DEPENDENCIES:
        raise invalid_field("depends_on", f"has more than {DEPENDENCIES} entries", "too_large")
    waits = [on for on in demand.depends_on if blocking.is_open_dependency(state, on)]
    order = _new(state, demand, WorkOrderStatus.BLOCKED if waits else WorkOrderStatus.QUEUED)
    order = state.put(order if waits else kanban.enter_queue(state, order))
    event = alarm(state, order)
    return Intake(start(state, order.id) if start_now else order, "created", event)


def start(state: State, work_order_id: str) -> WorkOrder:
    """queued → in progress, if its bucket has room."""
    order = found(state, WorkOrder, work_order_id)
    if order.status is WorkOrderStatus.IN_PROGRESS:
        raise Refused(f"{order.id} is in progress already", code="already_started", details={"id": order.id})
    if order.status.terminal:
        raise wrong_status(order, "start")
    if order.status is WorkOrderStatus.BLOCKED:
        raise blocked(state, order)
    kanban.require_room(state, order.bucket)
    started = replace(
        kanban.leave_queue(order),
        status=WorkOrderStatus.IN_PROGRESS,
        started_at=order.started_at or state.now,
        updated_at=state.now,
    )
    return state.put(started)


def complete(state: State, work_order_id: str, sku_id: str | None = None) -> WorkOrder:
    """in progress → completed, once a SKU of it is published and none is unfinished."""
    order = found(state, WorkOrder, work_order_id)
    if order.status is not WorkOrderStatus.IN_PROGRESS:
        raise wrong_status(order, "complete")
    skus = state.skus_of(order.id)
    unfinished = [sku.id for sku in skus if sku.status.active]
    if unfinished:
        raise Refused(
            f"{order.id} has unfinished SKUs: {', '.join(unfinished)}",
            code="sku_in_production",
            hint="publish or abort them first",
            details={"skus": unfinished},
        )
    published = _published(skus)
    if sku_id is not None and sku_id not in published:
        raise _not_published(f"{sku_id} is not a published SKU of {order.id}", published)
    if not published and (skus or flag(state.policy(), "completion_requires_sku")):
        raise _not_published(f"{order.id} has no published SKU", published)
    return _completed(state, order)


def complete_if_done(state: State, work_order_id: str) -> None:
    """The automatic completion after a publication or an abort."""
    order = state.get(WorkOrder, work_order_id)
    if order is None or order.status is not WorkOrderStatus.IN_PROGRESS:
        return
    skus = state.skus_of(order.id)
    if _published(skus) and not any(sku.status.active for sku in skus):
        _completed(state, order)


def cancel(state: State, work_order_id: str, reason: object) -> WorkOrder:
    """Any status that is not terminal → cancelled; its unfinished SKUs are aborted with the reason."""
    order = found(state, WorkOrder, work_order_id)
    if order.status.terminal:
        raise wrong_status(order, "cancel")
    text = required("reason", reason, "a cancellation")
    skus = state.skus_of(order.id)
    published = _published(skus)
    if published:
        raise Refused(
            f"{order.id} has a published SKU: {', '.join(published)}",
            code="sku_published",
            details={"skus": published},
        )
    for sku in skus:
        if sku.status.active:
            end_sku(state, sku, text)
    cancelled = replace(
        kanban.leave_queue(order),
        status=WorkOrderStatus.CANCELLED,
        cancelled_at=state.now,
        cancellation_reason=text,
        updated_at=state.now,
    )
    order = state.put(cancelled)
    blocking.drop_edges(state, order.id)
    return order


def delete(state: State, work_order_id: str) -> WorkOrder:
    """Remove a queued or cancelled order that never had a SKU; its source may be used again."""
    order = found(state, WorkOrder, work_order_id)
    if order.status not in (WorkOrderStatus.QUEUED, WorkOrderStatus.CANCELLED):
        raise wrong_status(order, "delete")
    skus = [sku.id for sku in state.skus_of(order.id)]
    if skus:
        raise Refused(
            f"{order.id} has SKUs: {', '.join(skus)}",
            code="work_order_has_skus",
            details={"skus": skus},
        )
    blocking.drop_edges(state, order.id)
    state.remove(order)
    return order


def end_sku(state: State, sku: Sku, reason: str) -> Sku:
    """Take a SKU off the line: failed if its stage's newest receipt is fail, else aborted (domain 7)."""
    receipt = state.newest_receipt(sku.id, sku.current_stage)
    failed = receipt is not None and receipt.status is ReceiptStatus.FAIL
    ended = replace(
        sku,
        status=SkuStatus.FAILED if failed else SkuStatus.ABORTED,
        ended_at=state.now,
        end_reason=reason,
        updated_at=state.now,
    )
    return state.put(ended)


def _new(state: State, demand: Demand, status: WorkOrderStatus) -> WorkOrder:
    signal = PullSignal(
        type=demand.type, source=demand.source, source_keys=demand.source_keys, received_at=state.now
    )
    return WorkOrder(
        work_order_id=state.next_id("work_order"),
        title=demand.title,
        description=demand.description,
        bucket=demand.bucket,
        priority=demand.priority,
        status=status,
        pull_signal=signal,
        labels=demand.labels,
        metadata=demand.metadata,
        due_on=demand.due_on,
        sla_deadline=sla.deadline(state.policy(), demand.bucket, state.now, demand.due_on),
        created_at=state.now,
        created_by=state.actor,
        updated_at=state.now,
        depends_on=demand.depends_on,
        sku_id=demand.sku_id,
    )


def _completed(state: State, order: WorkOrder) -> WorkOrder:
    done = replace(order, status=WorkOrderStatus.COMPLETED, completed_at=state.now, updated_at=state.now)
    order = state.put(done)
    blocking.release(state, order.id)
    return order


def _published(skus: tuple[Sku, ...]) -> list[str]:
    return [sku.id for sku in skus if sku.status is SkuStatus.PUBLISHED]


def _not_published(message: str, published: list[str]) -> Refused:
    return Refused(message, code="sku_not_published", details={"published": published})
