"""Canned queries answered from the index, where it knows what they ask: the answer of the graph, sooner.

Each has the rows, the order and the terms that its `.rq` file gives on the graph; a test compares them on
random stores. `None` is for too many records to read, where the graph is sooner.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from tcps.ontology import terms
from tcps.ontology.answers import Answer
from tcps.ontology.limits import Limits, in_bounds
from tcps.store.canned import facts, stories
from tcps.store.canned.columns import WRITERS
from tcps.store.view import View

Rows = Iterable[tuple[Any, ...]]
_ANSWERS: Mapping[str, tuple[Callable[..., Rows | None], str]] = {
    "active-andons": (
        facts.active_andons,
        "andon_id sku_id stage:stage failure_type:FailureType severity:Severity status:AndonStatus"
        " created_at:ms",
    ),
    "audit-trail": (stories.audit_trail, "time:moment what id actor stage:Stage"),
    "blocked-skus": (facts.blocked_skus, "sku_id current_stage:stage andons:integer"),
    "chain": (
        facts.chain,
        "sequence:integer receipt_id stage:stage status:ReceiptStatus digest previous",
    ),
    "failures-by-type": (
        facts.failures_by_type,
        "failure_type:FailureType andons:integer occurrences:integer",
    ),
    "gate-history": (
        stories.gate_history,
        "sequence:integer stage:Stage receipt_id status:ReceiptStatus metric expected:scalar actual:scalar",
    ),
    "lead-times": (
        facts.lead_times,
        "sku_id work_order_id bucket:Bucket created_at:ms published_at:ms",
    ),
    "levelled-schedule": (
        facts.levelled_schedule,
        "slot:integer work_order_id bucket:Bucket priority:integer",
    ),
    "pending-work-orders": (
        stories.pending_work_orders,
        "bucket:Bucket work_order_id priority:integer status:WorkOrderStatus title created_at:moment",
    ),
    "quality-metrics": (
        facts.quality_metrics,
        "stage:stage runs:integer passes:integer fails:integer work_ms:integer",
    ),
    "receipts-by-stage": (
        facts.receipts_by_stage,
        "receipt_id sku_id status:ReceiptStatus timestamp:ms duration_ms:integer",
    ),
    "repeat-root-causes": (stories.repeat_root_causes, "cause andons:integer"),
    "sku-readiness": (
        facts.sku_readiness,
        "sku_id status:SkuStatus current_stage:stage passed:integer open_andons:integer",
    ),
    "sla-breaches": (
        stories.sla_breaches,
        "work_order_id bucket:Bucket status:WorkOrderStatus sla_deadline:moment title",
    ),
    "wip": (facts.wip, "bucket:Bucket current:integer limit:scalar"),
}


def answer(view: View, name: str, values: Mapping[str, Any], limits: Limits) -> Answer | None:
    """The answer to a canned query with these values of its parameters, or None where the graph is to say.

    Raises TcpsError (`query_limit`) when it takes more time or has more rows than it may.
    """
    ask, shape = _ANSWERS[name]
    columns = [column.partition(":") for column in shape.split()]
    names, writers = [c[0] for c in columns], [WRITERS[c[2]] for c in columns]
    with facts.in_time(view, limits):
        found = ask(view, **values)
        if found is None:
            return None
        rows = tuple(
            {
                column: write(value)
                for column, write, value in zip(names, writers, row, strict=True)
                if value is not None
            }
            for row in islice(found, limits.rows + 1)
        )
    return in_bounds(Answer(tuple(names), rows), limits)


def slots(view: View) -> str:
    """The levelled schedule as rows of VALUES: levelling is a calculation, which SPARQL cannot do."""
    return " ".join(
        f"({terms.integer(slot)} <{terms.record_iri(view.store_id, 'work_order', order_id)}>)"
        for slot, order_id, _, _ in facts.levelled_schedule(view)
    )
