"""Use cases of work orders."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcps.errors import invalid_field, missing
from tcps.ledger import Entry
from tcps.model import (
    HOUR_MS,
    Bucket,
    Json,
    SlaStatus,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
)
from tcps.model.text import LABEL, checked_id, clean
from tcps.rules import dependencies, kanban, work_orders
from tcps.rules.state import found
from tcps.service import views
from tcps.service.trial import transaction
from tcps.store import Store, filters

if TYPE_CHECKING:
    from tcps.service.story import Teller


def lists(
    store: Store,
    *,
    status: Sequence[str] = (),
    bucket: Sequence[str] = (),
    label: Sequence[str] = (),
    sku: str | None = None,
    sla: str | None = None,
    within: float | None = None,
    sort: str = "id",
    limit: int | None = None,
    everything: bool = False,
) -> Iterator[Json]:
    """The work orders that meet every filter; without a status, those that are not ended.

    `within` is in hours: those that have no more time left to their deadline.
    """
    if within is not None and not 0 <= within <= 1e6:
        raise invalid_field("within", f"is a number of hours, 0 or more, not {within}")
    if sort not in filters.SORTS:
        raise invalid_field("sort", f"is one of {', '.join(filters.SORTS)}, not {sort!r}")
    chosen = [parse_enum(WorkOrderStatus, value) for value in status]
    with store.view() as view:
        where = filters.work_orders(
            statuses=chosen or ([] if everything else filters.OPEN_ORDERS),
            buckets=[parse_enum(Bucket, value) for value in bucket],
            labels=[clean("label", name, LABEL) for name in label],
            sku_id=None if sku is None else checked_id("sku_id", sku),
            sla=None if sla is None else parse_enum(SlaStatus, sla),
            within_ms=None if within is None else round(within * HOUR_MS),
            now=view.now,
        )
        found_orders = view.work_orders(where, limit, filters.SORTS[sort])
        yield from (views.work_order(view, order) for order in found_orders)


def show(store: Store, work_order_id: str) -> Json:
    """A work order with its SLA, dependencies, SKUs and their receipts."""
    with store.view() as view:
        order = found(view, WorkOrder, work_order_id)
        skus = view.skus_of(order.id)
        receipts = [views.receipt(receipt) for sku in skus for receipt in view.chain(sku.id)]
        shown = [views.sku(view, sku) for sku in skus]
        return views.work_order(view, order) | {"skus": shown, "receipts": receipts}


def history(store: Store, work_order_id: str) -> list[Json]:
    """Every change of a work order, oldest first, one that was deleted too; `told` says it in plain words."""
    from tcps.service.story import Teller

    entries = store.change_history("work_order", checked_id("work_order_id", work_order_id))
    with store.view() as view:
        teller = Teller(view)
        return [_step(teller, entry, work_order_id) for entry in entries]


def start(store: Store, work_order_id: str) -> Json:
    """Start a queued order."""
    with store.transaction("work_order.start") as draft:
        return views.work_order(draft, work_orders.start(draft, work_order_id))


def complete(store: Store, work_order_id: str, sku_id: str | None = None, dry_run: bool = False) -> Json:
    """Complete an order whose SKU is published."""
    with transaction(store, "work_order.complete", dry_run=dry_run) as draft:
        return views.work_order(draft, work_orders.complete(draft, work_order_id, sku_id))


def cancel(store: Store, work_order_id: str, reason: str, dry_run: bool = False) -> Json:
    """Cancel an order and abort what it has on the line."""
    with transaction(store, "work_order.cancel", dry_run=dry_run) as draft:
        return views.work_order(draft, work_orders.cancel(draft, work_order_id, reason))


def update(store: Store, work_order_id: str, fields: Mapping[str, Any], if_revision: int | None) -> Json:
    """Change an order's fields."""
    if not fields:
        raise missing(["a field to change"], "an update")
    with store.transaction("work_order.update") as draft:
        order = work_orders.update(draft, work_order_id, fields, if_revision)
        return views.work_order(draft, order)


def delete(store: Store, work_order_id: str, dry_run: bool = False) -> Json:
    """Delete an order; gives it as it was."""
    with transaction(store, "work_order.delete", dry_run=dry_run) as draft:
        gone = views.work_order(draft, found(draft, WorkOrder, work_order_id))
        work_orders.delete(draft, work_order_id)
    return gone


def depend(store: Store, work_order_id: str, on_id: str) -> Json:
    """Let an order wait for another."""
    with store.transaction("work_order.depend") as draft:
        return views.work_order(draft, dependencies.add(draft, work_order_id, on_id))


def undepend(store: Store, work_order_id: str, on_id: str) -> Json:
    """Let an order wait for another no more."""
    with store.transaction("work_order.undepend") as draft:
        return views.work_order(draft, dependencies.remove(draft, work_order_id, on_id))


def reorder(store: Store, bucket: str, ids: Sequence[str], dry_run: bool = False) -> list[Json]:
    """Give a bucket's queue a new order."""
    with transaction(store, "work_order.reorder", dry_run=dry_run) as draft:
        orders = kanban.reorder(draft, parse_enum(Bucket, bucket), tuple(ids))
        return [views.work_order(draft, order) for order in orders]


def _step(teller: "Teller", entry: Entry, record_id: str) -> Json:
    """One change of one record: who, when, what, and the record after it."""
    change = next(c for c in entry.changes if (c.kind, c.id) == (WorkOrder.kind, record_id))
    return {
        "seq": entry.seq,
        "time": entry.time,
        "actor": entry.actor,
        "action": entry.action,
        "revision": change.revision,
        "told": [told.text for told in teller.change(entry.seq, change)],
        "record": change.record,
    }
