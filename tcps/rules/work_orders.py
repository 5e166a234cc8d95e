"""Work orders (domain 5): create, start, complete, cancel, update, delete, and what follows from each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from tcps.errors import Conflict, Refused, invalid_field, wrong_status
from tcps.model import (
    AndonEvent,
    Bucket,
    FailureType,
    PullSignal,
    ReceiptStatus,
    Sku,
    SkuStatus,
    Stage,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
    parse_priority,
    parse_timestamp,
)
from tcps.model.enums import Severity, SignalType
from tcps.model.text import (
    DEPENDENCIES,
    TITLE,
    checked_labels,
    checked_new_sku_id,
    checked_object,
    clean,
    required,
)
from tcps.rules import andon, kanban, sla
from tcps.rules.policy import flag
from tcps.rules.signals import Demand, advisory_severity
from tcps.rules.state import Production, State, found

UPDATABLE = ("title", "description", "labels", "metadata", "priority", "due_on", "bucket", "sku_id")


class Intake(NamedTuple):
    """What became of a demand: a `created` order, or the one that is there already (`duplicate`)."""

    order: WorkOrder
    outcome: str
    andon: AndonEvent | None = None


def create(state: State, demand: Demand) -> Intake:
    """Take a demand: one order per source, queued, or blocked while a dependency is open."""
    for key in demand.source_keys:
        known = state.order_of_source(key)
        if known is not None:
            return Intake(found(state, WorkOrder, known), "duplicate")
    if len(demand.depends_on) > DEPENDENCIES:
        raise invalid_field("depends_on", f"has more than {DEPENDENCIES} entries", "too_large")
    waits = [on for on in demand.depends_on if _open_dependency(state, on)]
    signal = PullSignal(
        type=demand.type, source=demand.source, source_keys=demand.source_keys, received_at=state.now
    )
    order = WorkOrder(
        work_order_id=state.next_id("work_order"),
        title=demand.title,
        description=demand.description,
        bucket=demand.bucket,
        priority=demand.priority,
        status=WorkOrderStatus.BLOCKED if waits else WorkOrderStatus.QUEUED,
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
    order = state.put(order if waits else kanban.enter_queue(state, order))
    return Intake(order, "created", _alarm(state, order))


def start(state: State, work_order_id: str) -> WorkOrder:
    """queued → in progress, if its bucket has room."""
    order = found(state, WorkOrder, work_order_id)
    if order.status is WorkOrderStatus.IN_PROGRESS:
        raise Refused(f"{order.id} is in progress already", code="already_started", details={"id": order.id})
    if order.status.terminal:
        raise wrong_status("work_order", order.id, order.status, "start")
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
        raise wrong_status("work_order", order.id, order.status, "complete")
    skus = state.skus_of(order.id)
    unfinished = [sku.id for sku in skus if sku.status.active]
    if unfinished:
        raise Refused(
            f"{order.id} has unfinished SKUs: {', '.join(unfinished)}",
            code="sku_in_production",
            hint="publish or abort them first",
            details={"skus": unfinished},
        )
    published = [sku.id for sku in skus if sku.status is SkuStatus.PUBLISHED]
    if sku_id is not None and sku_id not in published:
        raise _not_published(f"{sku_id} is not a published SKU of {order.id}", published)
    if not published and (skus or flag(state.policy(), "completion_requires_sku")):
        raise _not_published(f"{order.id} has no published SKU", published)
    return _completed(state, order)


def complete_if_done(state: State, work_order_id: str) -> None:
    """The automatic completion after a publication or an abort (domain 5)."""
    order = state.get(WorkOrder, work_order_id)
    if order is None or order.status is not WorkOrderStatus.IN_PROGRESS:
        return
    statuses = [sku.status for sku in state.skus_of(order.id)]
    if SkuStatus.PUBLISHED in statuses and not any(status.active for status in statuses):
        _completed(state, order)


def cancel(state: State, work_order_id: str, reason: object) -> WorkOrder:
    """Any status that is not terminal → cancelled; its unfinished SKUs are aborted with the reason."""
    order = found(state, WorkOrder, work_order_id)
    if order.status.terminal:
        raise wrong_status("work_order", order.id, order.status, "be cancelled")
    text = required("reason", reason, "a cancellation")
    skus = state.skus_of(order.id)
    published = [sku.id for sku in skus if sku.status is SkuStatus.PUBLISHED]
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
    _drop_edges(state, order.id)
    return order


def update(
    state: State, work_order_id: str, fields: Mapping[str, Any], if_revision: int | None = None
) -> WorkOrder:
    """Change what a person may change; a new priority or bucket re-enters the queue."""
    order = found(state, WorkOrder, work_order_id)
    if if_revision is not None and if_revision != order.revision:
        raise Conflict(
            f"{order.id} has revision {order.revision} now, not {if_revision}: somebody changed it",
            hint=f"read it again: tcps work-order show {order.id}",
            details={"id": order.id, "revision": order.revision, "given": if_revision},
        )
    changes = {name: _checked(name, value) for name, value in fields.items()}
    moved = changes.get("bucket", order.bucket) is not order.bucket
    if order.status.terminal or (moved and order.status is WorkOrderStatus.IN_PROGRESS):
        raise wrong_status("work_order", order.id, order.status, "be changed so")
    changed = replace(order, **changes, updated_at=state.now)
    if moved or changed.due_on != order.due_on:
        deadline = sla.deadline(state.policy(), changed.bucket, order.created_at, changed.due_on)
        changed = replace(changed, sla_deadline=deadline)
    if order.status is WorkOrderStatus.QUEUED and (moved or changed.priority != order.priority):
        changed = _requeued(state, changed)
    return state.put(changed)


def delete(state: State, work_order_id: str) -> WorkOrder:
    """Remove a queued or cancelled order that never had a SKU; its source may be used again."""
    order = found(state, WorkOrder, work_order_id)
    if order.status not in (WorkOrderStatus.QUEUED, WorkOrderStatus.CANCELLED):
        raise wrong_status("work_order", order.id, order.status, "be deleted")
    skus = [sku.id for sku in state.skus_of(order.id)]
    if skus:
        raise Refused(
            f"{order.id} has SKUs: {', '.join(skus)}",
            code="work_order_has_skus",
            details={"skus": skus},
        )
    _drop_edges(state, order.id)
    state.remove(order)
    return order


def unblock(state: State, order: WorkOrder) -> WorkOrder:
    """blocked → queued when nothing that it depends on is open any more."""
    if order.status is not WorkOrderStatus.BLOCKED or blocked_by(state, order):
        return order
    freed = replace(order, status=WorkOrderStatus.QUEUED, updated_at=state.now)
    return state.put(kanban.enter_queue(state, freed))


def blocked_by(state: Production, order: WorkOrder) -> list[str]:
    """The ids it depends on that are neither completed nor cancelled."""
    return [on for on in order.depends_on if _is_open(state.get(WorkOrder, on))]


def blocked(state: Production, order: WorkOrder) -> Refused:
    """The refusal of an order that waits for others."""
    waits = blocked_by(state, order)
    return Refused(
        f"{order.id} is blocked by {', '.join(waits)}",
        code="blocked_by_dependencies",
        details={"blocked_by": waits},
    )


def _completed(state: State, order: WorkOrder) -> WorkOrder:
    done = replace(order, status=WorkOrderStatus.COMPLETED, completed_at=state.now, updated_at=state.now)
    order = state.put(done)
    for waiting in state.blocked_on(order.id):
        unblock(state, found(state, WorkOrder, waiting))
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


def _drop_edges(state: State, work_order_id: str) -> None:
    """A cancelled or deleted order holds nobody up: the edges to it go (domain 5)."""
    for waiting in state.depending_on(work_order_id):
        order = found(state, WorkOrder, waiting)
        kept = tuple(on for on in order.depends_on if on != work_order_id)
        unblock(state, state.put(replace(order, depends_on=kept, updated_at=state.now)))


def _open_dependency(state: State, work_order_id: str) -> bool:
    """Whether the dependency is open; refused when it is unknown or cancelled."""
    order = found(state, WorkOrder, work_order_id)
    if order.status is WorkOrderStatus.CANCELLED:
        raise dependency_cancelled(work_order_id)
    return _is_open(order)


def _is_open(order: WorkOrder | None) -> bool:
    return order is not None and not order.status.terminal


def dependency_cancelled(work_order_id: str) -> Refused:
    """The refusal of an edge to a cancelled order."""
    return Refused(
        f"{work_order_id} is cancelled: nothing can depend on it",
        code="dependency_cancelled",
        details={"id": work_order_id},
    )


def _not_published(message: str, published: list[str]) -> Refused:
    return Refused(message, code="sku_not_published", details={"published": published})


def _requeued(state: State, order: WorkOrder) -> WorkOrder:
    """Out of the queue and in again, so that it does not meet itself there."""
    outside = state.put(kanban.leave_queue(order))
    return kanban.enter_queue(state, outside)


def _alarm(state: State, order: WorkOrder) -> AndonEvent | None:
    """A CVE of critical severity stops the line of its advisory at once (domain 4)."""
    signal = order.pull_signal
    if signal.type is not SignalType.CVE or signal.source is None:
        return None
    if advisory_severity(order.metadata) is not Severity.CRITICAL:
        return None
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in signal.source)
    return andon.trigger(
        state,
        sku_id=kept[:128],
        failure_type=FailureType.SECURITY_VULNERABILITY,
        stage=Stage.SECURITY_SCAN,
        severity=Severity.CRITICAL,
        work_order_id=order.id,
        details={"advisory": signal.source, "title": order.title},
    )


def _checked(name: str, value: Any) -> Any:
    if name not in UPDATABLE:
        raise invalid_field(name, f"cannot be updated; these can: {', '.join(UPDATABLE)}")
    if name == "title":
        return required("title", value, "a work order", TITLE)
    if name == "description":
        return clean("description", value)
    if name == "labels":
        return checked_labels(value)
    if name == "metadata":
        return checked_object("metadata", value)
    if name == "priority":
        return parse_priority(value)
    if name == "bucket":
        return parse_enum(Bucket, value)
    if value is None:
        return None
    return parse_timestamp(value, "due_on") if name == "due_on" else checked_new_sku_id(value)
