"""Use cases of work orders."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tcps.canonical import parse_input
from tcps.errors import InvalidInput, TcpsError, invalid_field, missing
from tcps.model import (
    HOUR_MS,
    Bucket,
    Json,
    SlaStatus,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
)
from tcps.model.text import LABEL, checked_id, clean, required
from tcps.rules import dependencies, kanban, signals, work_orders
from tcps.rules.signals import Demand
from tcps.rules.state import found
from tcps.service import views
from tcps.service.trial import transaction
from tcps.store import Store, View, filters


def create(
    store: Store, fields: Mapping[str, Any], key: str | None = None, dry_run: bool = False
) -> tuple[Json, str]:
    """Create a work order; gives it and `created`, `duplicate`, or `repeated` for a known key."""
    (result,) = create_all(store, [signals.read_demand(fields)], key, dry_run)
    return result


def create_from(
    store: Store,
    text: str,
    overrides: Mapping[str, Any],
    key: str | None = None,
    dry_run: bool = False,
) -> tuple[list[tuple[Json, str]], bool]:
    """Create the work orders of pull signals in JSON (one, an array, or a line each), all or none.

    Gives the results, and whether the text held several signals or might have.
    """
    demands, several = read_signals(text, overrides)
    return create_all(store, demands, key, dry_run), several


def create_all(
    store: Store, demands: Sequence[Demand], key: str | None, dry_run: bool = False
) -> list[tuple[Json, str]]:
    """Take the demands in one transaction; a key that was used gives what it made then."""
    checked = None if key is None else required("idempotency_key", key, "a work order", LABEL)
    with transaction(store, "work_order.create", checked, dry_run=dry_run) as draft:
        before = None if checked is None else made_with(draft, checked)
        if before is not None:
            return [(views.work_order(draft, order), "repeated") for order in before]
        taken = [work_orders.create(draft, demand) for demand in demands]
        return [(views.work_order(draft, intake.order), intake.outcome) for intake in taken]


def made_with(view: View, key: str) -> list[WorkOrder] | None:
    """The orders that the transaction with this idempotency key made, one that was deleted as it was then.

    None when there is no such transaction.
    """
    entry = view.entry_of_key(key)
    if entry is None:
        return None
    made = [change for change in entry.changes if change.kind == "work_order" and change.revision == 1]
    return [view.get(WorkOrder, c.id) or msgspec.convert(c.record, WorkOrder) for c in made]


def read_signals(text: str, overrides: Mapping[str, Any]) -> tuple[list[Demand], bool]:
    """Demands from JSON text, and whether it is an array or JSON lines.

    An error names the signal (`signal 3`) or the line that is wrong.
    """
    values, several = _values(text)
    if not values:
        raise missing(["a pull signal"], "--from")
    demands = []
    for place, value in values:
        try:
            demands.append(signals.read_signal(_overridden(value, overrides)))
        except InvalidInput as error:
            if several:
                error.message = f"{place}: {error.message}"
                error.details["place"] = place
            raise
    return demands, several


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
) -> list[Json]:
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
        return [views.work_order(view, order) for order in found_orders]


def show(store: Store, work_order_id: str) -> Json:
    """A work order with its SLA, dependencies, SKUs and their receipts."""
    with store.view() as view:
        order = found(view, WorkOrder, work_order_id)
        skus = view.skus_of(order.id)
        receipts = [views.receipt(receipt) for sku in skus for receipt in view.chain(sku.id)]
        shown = [views.sku(view, sku) for sku in skus]
        return views.work_order(view, order) | {"skus": shown, "receipts": receipts}


def history(store: Store, work_order_id: str) -> list[Json]:
    """Every change of a work order, oldest first, one that was deleted too."""
    entries = store.change_history("work_order", checked_id("work_order_id", work_order_id))
    return [_step(entry, work_order_id) for entry in map(views.entry, entries)]


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


def _overridden(value: Any, overrides: Mapping[str, Any]) -> Any:
    """A signal with the fields that the command line gave in place of its own."""
    if not overrides or not isinstance(value, Mapping):
        return value
    inner = value.get("pull_signal", value)
    return {**inner, **overrides} if isinstance(inner, Mapping) else value


def _values(text: str) -> tuple[list[tuple[str, Any]], bool]:
    """The JSON values of a text with their places: one document, the items of an array, or a line each."""
    try:
        value = parse_input(text, "the pull signal")
    except TcpsError:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):
            raise
        return [(f"line {number}", parse_input(line, f"line {number}")) for number, line in lines], True
    if isinstance(value, list):
        return [(f"signal {number}", item) for number, item in enumerate(value, 1)], True
    return [("the pull signal", value)], False


def _is_json(line: str) -> bool:
    """Whether a text's first line is a JSON document by itself, so that the text is JSON lines."""
    try:
        parse_input(line, "line 1")
    except TcpsError:
        return False
    return True


def _step(entry: Json, record_id: str) -> Json:
    """One change of one record: who, when, what, and the record after it."""
    change = next(change for change in entry["changes"] if change["id"] == record_id)
    return {
        "seq": entry["seq"],
        "time": entry["time"],
        "actor": entry["actor"],
        "action": entry["action"],
        "revision": change["revision"],
        "record": change["record"],
    }
