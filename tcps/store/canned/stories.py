"""What the index and a few records can answer; records are read from the ledger, as the graph is."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tcps.model import (
    AndonEvent,
    AndonStatus,
    Bucket,
    Receipt,
    Record,
    Sku,
    Stage,
    Timestamp,
    WorkOrder,
    to_ms,
)
from tcps.store.filters import OPEN_ORDERS, Filter
from tcps.store.view import View

R = TypeVar("R", bound=Record)
Rows = Iterable[tuple[Any, ...]]
_SPACE = re.compile(r"\s+")
_ORDERS, _ANDONS = 10_000, 1000
"""For more records of the kind the graph is sooner."""


def audit_trail(view: View, sku: str) -> Rows:
    """What happened to a SKU, by time."""
    return sorted(_events(view.as_ledger(), sku), key=lambda one: (one[0], one[2], one[1], one[3] or ""))


def gate_history(view: View, sku: str, stage: Stage | None = None) -> Rows:
    """How each run of a SKU was judged, with what its gate did not meet."""
    for receipt in view.as_ledger().chain(sku):
        if stage in (None, receipt.stage):
            head = (receipt.sequence, receipt.stage, receipt.id, receipt.status)
            for violation in sorted(_violations(receipt), key=lambda one: str(one[0] or "")):
                yield (*head, *violation)


def pending_work_orders(view: View, bucket: Bucket | None = None) -> Rows | None:
    """Queued and blocked orders, bucket by bucket in the order of its queue."""
    where = Filter().one_of("status", ("queued", "blocked")).one_of("bucket", [bucket] if bucket else ())
    orders = _some(view, WorkOrder, where, _ORDERS, "bucket, queue_key IS NULL, queue_key, id")
    if orders is None:
        return None
    return ((o.bucket, o.id, o.priority, o.status, o.title, o.created_at) for o in orders)


def repeat_root_causes(view: View) -> Rows | None:
    """Root causes that stopped the line more than once, but for case and white space."""
    andons = _some(view, AndonEvent, Filter().add("status = ?", AndonStatus.RESOLVED), _ANDONS)
    if andons is None:
        return None
    causes = (andon.resolution.root_cause for andon in andons if andon.resolution)
    found = Counter(_SPACE.sub(" ", cause).lower() for cause in causes if cause)
    return sorted(((c, n) for c, n in found.items() if n > 1), key=lambda row: (-row[1], row[0]))


def sla_breaches(view: View, now: Timestamp) -> Rows | None:
    """Open orders whose deadline is over, the longest first."""
    where = Filter().one_of("status", OPEN_ORDERS).add("deadline <= ?", to_ms(now))
    orders = _some(view, WorkOrder, where, _ORDERS, "deadline, id")
    if orders is None:
        return None
    return ((o.id, o.bucket, o.status, o.sla_deadline, o.title) for o in orders)


def _some(view: View, kind: type[R], where: Filter, most: int, sort: str = "n") -> Iterable[R] | None:
    """The records that meet the filter, if there are no more than `most`."""
    ids = view.ids(kind.kind, where, sort)
    return None if len(ids) > most else view.as_ledger().records(kind, ids)


def _events(view: View, sku_id: str) -> Iterator[tuple[Any, ...]]:
    sku = view.get(Sku, sku_id)
    if sku is not None:
        yield sku.created_at, "created", sku_id, sku.created_by, None
        if sku.published_at is not None:
            yield sku.published_at, "published", sku_id, None, None
    for receipt in view.chain(sku_id):
        yield receipt.timestamp, f"receipt: {receipt.status}", receipt.id, receipt.actor, receipt.stage
    for andon in view.andons_of(sku_id):
        for one in andon.occurrence_log:
            yield one.timestamp, "Andon", andon.id, one.actor, andon.stage
        if (how := andon.resolution) is not None:
            yield how.resolved_at, "Andon resolved", andon.id, how.resolver, andon.stage


def _violations(receipt: Receipt) -> list[tuple[Any, Any, Any]]:
    """Metric, expected and actual of each violation; nothing of each where there is none."""
    gate = receipt.evidence.get("gate")
    given = gate.get("violations") if isinstance(gate, dict) else None
    every = ((_said(one, "metric"), _said(one, "expected"), _said(one, "actual")) for one in given or ())
    found = [one for one in every if one[0] is not None]
    return found or [(None, None, None)]


def _said(violation: dict[str, Any], name: str) -> Any:
    """What the graph says of a field: nothing where it is empty."""
    value = violation.get(name)
    return value if value or value is False or value == 0 else None
