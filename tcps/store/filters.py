"""What lists may ask of the index: conditions on its columns, and orders of sorting."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from tcps.model import AndonStatus, Bucket, SlaStatus, Stage, Timestamp, WorkOrderStatus, to_ms
from tcps.rules.escalation import ESCALATED, PATIENCE, TIMED_OUT
from tcps.rules.sla_check import ALARM_MS

SORTS = {
    "id": "n",
    "created": "created, n",
    "priority": "priority DESC, n",
    "deadline": "deadline IS NULL, deadline, n",
}
"""How work orders may be sorted, by name."""


E = TypeVar("E", bound=StrEnum)
OPEN_ORDERS = tuple(status for status in WorkOrderStatus if not status.terminal)
UNRESOLVED = (AndonStatus.OPEN, AndonStatus.INVESTIGATING)


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
    within_ms: int | None = None,
    now: Timestamp,
) -> Filter:
    """The work orders that have one of the statuses and buckets, every label, the SKU, the SLA status.

    Of those that are not ended, with `within_ms`, the ones that have no more time left than that.
    """
    where = Filter().one_of("status", statuses).one_of("bucket", buckets)
    for label in labels:
        where.add("id IN (SELECT id FROM label WHERE label=?)", label)
    if sku_id is not None:
        where.add("id IN (SELECT work_order_id FROM sku WHERE id=?)", sku_id)
    if sla is not None:
        _with_sla(where, sla, to_ms(now))
    if within_ms is not None:
        where.one_of("status", OPEN_ORDERS).add("deadline - ? <= ?", to_ms(now), within_ms)
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


def alarming(now: Timestamp) -> Filter:
    """The orders whose `sla_breach` Andon is due and was not triggered yet (domain 5, sla_check)."""
    allowed, values = _by("bucket", ALARM_MS)
    where = Filter().one_of("status", OPEN_ORDERS)
    return where.add(f"sla_andon IS NULL AND deadline <= ? - {allowed}", to_ms(now), *values)


def neglected(now: Timestamp) -> Filter:
    """The Andons that are to be escalated or timed out (domain 10.2, sweep)."""
    escalation, before = _by("severity", {degree: p.escalation_ms for degree, p in PATIENCE.items()})
    timeout, after = _by("severity", {degree: p.timeout_ms for degree, p in PATIENCE.items()})
    where = Filter().one_of("status", UNRESOLVED)
    late = f"status='open' AND level < ? AND created <= ? - {escalation}"
    overdue = f"level < ? AND created <= ? - {timeout}"
    return where.add(f"({late} OR {overdue})", ESCALATED, to_ms(now), *before, TIMED_OUT, to_ms(now), *after)


def timed_out() -> Filter:
    """The Andons that were timed out and are not resolved."""
    return Filter().one_of("status", UNRESOLVED).add("level = ?", TIMED_OUT)


def _by(column: str, amounts: Mapping[E, int]) -> tuple[str, list[object]]:
    """The amount of each value of a column, in SQL, and its values."""
    cases = " ".join("WHEN ? THEN ?" for _ in amounts)
    return f"CASE {column} {cases} END", [part for pair in amounts.items() for part in pair]


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
