"""Changing what a person may change of a work order (domain 5, update)."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tcps.canonical import record_bytes
from tcps.errors import Conflict, InvalidInput
from tcps.model import (
    Bucket,
    Timestamp,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
    parse_priority,
    parse_timestamp,
)
from tcps.model.text import TITLE, checked_labels, checked_new_sku_id, checked_object, clean, required
from tcps.rules import kanban, sla
from tcps.rules.state import State, found, wrong_status


def _due_on(value: object) -> Timestamp | None:
    return None if value is None else parse_timestamp(value, "due_on")


_READ: dict[str, Callable[[Any], Any]] = {
    "title": lambda value: required("title", value, "a work order", TITLE),
    "description": lambda value: clean("description", value),
    "labels": checked_labels,
    "metadata": lambda value: checked_object("metadata", value),
    "priority": parse_priority,
    "due_on": _due_on,
    "bucket": lambda value: parse_enum(Bucket, value),
    "sku_id": lambda value: None if value is None else checked_new_sku_id(value),
}
UPDATABLE = tuple(_READ)


def update(
    state: State, work_order_id: str, fields: Mapping[str, Any], if_revision: int | None = None
) -> WorkOrder:
    """Change what a person may change; a new priority or bucket re-enters the queue.

    Values that are there already change nothing.
    """
    order = found(state, WorkOrder, work_order_id)
    _require_revision(order, if_revision)
    if order.status.terminal:
        raise wrong_status(order, "update")
    changed = replace(order, **_read(fields))
    if record_bytes(changed) == record_bytes(order):
        return order
    moved = changed.bucket is not order.bucket
    if moved and order.status is WorkOrderStatus.IN_PROGRESS:
        raise wrong_status(order, "update", "change the bucket of")
    changed = replace(changed, updated_at=state.now)
    if moved or changed.due_on != order.due_on:
        deadline = sla.deadline(state.policy(), changed.bucket, order.created_at, changed.due_on)
        changed = replace(changed, sla_deadline=deadline)
    if order.status is WorkOrderStatus.QUEUED and (moved or changed.priority != order.priority):
        changed = _requeued(state, changed)
    return state.put(changed)


def _require_revision(order: WorkOrder, given: int | None) -> None:
    if given is not None and given != order.revision:
        raise Conflict(
            f"{order.id} has revision {order.revision} now, not {given}: somebody changed it",
            hint=f"read it again: tcps work-order show {order.id}",
            details={"id": order.id, "revision": order.revision, "given": given},
        )


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    foreign = sorted(set(fields) - set(UPDATABLE))
    if foreign:
        raise InvalidInput(
            f"{', '.join(foreign)} cannot be updated; these can: {', '.join(UPDATABLE)}",
            details={"fields": foreign},
        )
    return {name: _READ[name](value) for name, value in fields.items()}


def _requeued(state: State, order: WorkOrder) -> WorkOrder:
    """Out of the queue, as if it were blocked, and in again, so that it does not meet itself there."""
    outside = replace(kanban.leave_queue(order), status=WorkOrderStatus.BLOCKED)
    return kanban.enter_queue(state, replace(state.put(outside), status=order.status))
