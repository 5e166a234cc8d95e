"""What lists may ask of the index: conditions on its columns, and orders of sorting."""

from collections.abc import Iterable
from typing import Any

from tcps.model import Bucket, SlaStatus, Stage, Timestamp, WorkOrderStatus, to_ms

SORTS = {
    "id": "n",
    "created": "created, n",
    "priority": "priority DESC, n",
    "deadline": "deadline IS NULL, deadline, n",
}
"""How work orders may be sorted, by name."""


class Filter:
    """Conditions on the index's columns, all of which must hold."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def one_of(self, column: str, values: Iterable[object]) -> "Filter":
        """The column has one of these values; no values is no condition."""
        wanted = list(values)
        if wanted:
            marks = ",".join("?" * len(wanted))
            self.add(f"{column} IN ({marks})", *wanted)
        return self

    def add(self, condition: str, *values: object) -> "Filter":
        """A condition in SQL with its values."""
        self.conditions.append(condition)
        self.values.extend(values)
        return self

    def sql(self) -> str:
        """The WHERE clause."""
        return f"WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def work_orders(
    *,
    statuses: Iterable[WorkOrderStatus] = (),
    buckets: Iterable[Bucket] = (),
    labels: Iterable[str] = (),
    sku_id: str | None = None,
    sla: SlaStatus | None = None,
    now: Timestamp,
) -> Filter:
    """The work orders that have one of the statuses and buckets, every label, the SKU, the SLA status."""
    where = Filter().one_of("status", statuses).one_of("bucket", buckets)
    for label in labels:
        where.add("id IN (SELECT id FROM label WHERE label=?)", label)
    if sku_id is not None:
        where.add("id IN (SELECT work_order_id FROM sku WHERE id=?)", sku_id)
    if sla is not None:
        _with_sla(where, sla, to_ms(now))
    return where


def records(
    *,
    statuses: Iterable[str] = (),
    stages: Iterable[Stage] = (),
    severities: Iterable[str] = (),
    sku_id: str | None = None,
    work_order_id: str | None = None,
    andon_id: str | None = None,
) -> Filter:
    """The SKUs, receipts, Andons or analyses that meet what is given."""
    where = Filter().one_of("status", statuses).one_of("stage", [stage.number for stage in stages])
    where.one_of("severity", severities)
    if sku_id is not None:
        where.add("sku_id=?", sku_id)
    if work_order_id is not None:
        where.add("work_order_id=?", work_order_id)
    if andon_id is not None:
        where.add("andon_id=?", andon_id)
    return where


def _with_sla(where: Filter, status: SlaStatus, now: int) -> None:
    """The conditions of domain 5 (SLA) on the index's columns."""
    live = "status IN ('queued', 'in_progress', 'blocked') AND deadline IS NOT NULL"
    late = f"(({live} AND deadline <= ?) OR (status = 'completed' AND completed >= deadline))"
    soon = f"({live} AND deadline > ? AND deadline - ? < 0.25 * (deadline - created))"
    if status is SlaStatus.BREACHED:
        where.add(late, now)
    elif status is SlaStatus.WARNING:
        where.add(soon, now, now)
    else:
        where.add(f"NOT coalesce({late}, 0) AND NOT coalesce({soon}, 0)", now, now, now)
