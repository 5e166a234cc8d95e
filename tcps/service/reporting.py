"""Use cases of reports over a period: work orders (domain 5) and Andons (domain 10.2), rounded for output."""

from typing import Any

from tcps.model import Json, from_ms
from tcps.rules.andon_metrics import andon_metrics
from tcps.rules.order_report import OrderFacts, order_report
from tcps.service.metrics import chosen, span
from tcps.store import Store


def work_orders(store: Store, start: str | None = None, end: str | None = None) -> Json:
    """The report on the work orders that were created in the period, as they are now."""
    with store.view() as view:
        period = chosen(start, end, view.now)
        report = order_report(view.order_facts(period), period)
    top = [_shown(order) for order in report.top_priorities]
    return span(period) | _rounded(report._asdict()) | {"top_priorities": top}


def andons(store: Store, start: str | None = None, end: str | None = None) -> Json:
    """The metrics of the Andons that were created in the period."""
    with store.view() as view:
        period = chosen(start, end, view.now)
        return span(period) | _rounded(andon_metrics(view.andons_created(period), view.now)._asdict())


def _shown(order: OrderFacts) -> Json:
    return {
        "work_order_id": order.work_order_id,
        "bucket": order.bucket,
        "priority": order.priority,
        "status": order.status,
        "created_at": from_ms(order.created),
    }


def _rounded(values: dict[Any, Any]) -> Json:
    """Values with two decimals, and names in place of members of enums."""
    return {str(name): _shortened(value) for name, value in values.items()}


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return _rounded(value)
    return round(value, 2) if isinstance(value, float) else value
