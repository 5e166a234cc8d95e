"""Work orders in words: what a person reads of them."""

from collections.abc import Iterable, Iterator
from typing import Any

from tcps.model import Json
from tcps.render import aligned, cell, described, duration


def said(out: Any, order: Json) -> None:
    """One line: what the order is now."""
    blocked = f", waits for {', '.join(order['blocked_by'])}" if order["blocked_by"] else ""
    out.record(order, [f"{order['work_order_id']} is {order['status']}{blocked}: {order['title']}"])


def upcoming(order: Json) -> list[str]:
    """What is to be pulled next, and whether it can be."""
    due = _due(order)
    where = f"{order['bucket']}, priority {order['priority']}" + (f", due: {due}" if due else "")
    lines = [f"{order['work_order_id']} is next: {order['title']} ({where})"]
    if not order["has_room"]:
        lines.append(f"  {order['bucket']} is full: no order of it can be started now")
    return lines


def rows(orders: Iterable[Json]) -> Iterator[Json]:
    """Orders with what a table says of their deadline."""
    return (order | {"due": _due(order)} for order in orders)


def _due(order: Json) -> str:
    """How much time is left, or how late it is."""
    remaining = order["sla_remaining_ms"]
    if remaining is None:
        return ""
    if remaining <= 0:
        return f"{duration(-remaining)} late"
    return duration(remaining) + (" (warning)" if order["sla_status"] == "warning" else "")


def shown(order: Json) -> list[str]:
    """An order in full, with its SKUs and their receipts."""
    hidden = ("skus", "receipts", "queue_key")
    lines = described({name: value for name, value in order.items() if name not in hidden})
    for sku in order["skus"]:
        lines.append(f"  {sku['sku_id']}  {sku['status']} at {sku['current_stage']}")
        own = [receipt for receipt in order["receipts"] if receipt["sku_id"] == sku["sku_id"]]
        lines += receipts(own, "    ")
    return lines


def receipts(rows: list[Json], indent: str) -> list[str]:
    """Receipts in columns, one a line."""
    names = ("sequence", "stage", "status", "receipt_id", "timestamp")
    shown_rows = [[cell(row[name]) for name in names] for row in rows]
    return [f"{indent}{line}" for line in aligned(shown_rows).splitlines()] if rows else []
