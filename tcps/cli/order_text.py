"""Work orders in words: what a person reads of them."""

from collections.abc import Iterable
from typing import Any

from tcps.model import Json
from tcps.render import described, duration


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


def rows(orders: Iterable[Json]) -> list[Json]:
    """Orders with what a table says of their deadline."""
    return [order | {"due": _due(order)} for order in orders]


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
    own = {name: value for name, value in order.items() if name not in ("skus", "receipts", "queue_key")}
    lines = described(own)
    for sku in order["skus"]:
        lines.append(f"  {sku['sku_id']}  {sku['status']} at {sku['current_stage']}")
        lines += [
            f"    {receipt['sequence']:>3}  {receipt['stage']}  {receipt['status']}  {receipt['receipt_id']}"
            for receipt in order["receipts"]
            if receipt["sku_id"] == sku["sku_id"]
        ]
    return lines
