"""The index's rows of records: one function a table, the columns in the order of schema.sql."""

from typing import Any

from tcps.model import (
    Analysis,
    AndonEvent,
    Improvement,
    Receipt,
    Sku,
    Timestamp,
    TpmRun,
    WorkOrder,
    number_of,
    to_ms,
)

Row = tuple[Any, ...]


def work_order(order: WorkOrder) -> Row:
    """A row of `work_order`."""
    return (
        order.id,
        number_of(order.id, order.kind),
        order.bucket,
        order.status,
        order.priority,
        order.queue_key,
        to_ms(order.created_at),
        _ms(order.sla_deadline),
        _ms(order.completed_at),
        order.sla_andon_id,
    )


def sku(sku: Sku) -> Row:
    """A row of `sku`."""
    return (
        sku.id,
        sku.id.lower(),
        to_ms(sku.created_at),
        sku.work_order_id,
        sku.status,
        sku.current_stage.number,
        _ms(sku.ended_at),
    )


def receipt(receipt: Receipt) -> Row:
    """A row of `receipt`; `tested` and `by_hand` say that its evidence has something of the kind."""
    return (
        receipt.id,
        number_of(receipt.id, receipt.kind),
        receipt.sku_id,
        receipt.work_order_id,
        receipt.sequence,
        receipt.stage.number,
        receipt.status,
        to_ms(receipt.timestamp),
        receipt.duration_ms,
        bool(receipt.evidence.get("tests")),
        receipt.evidence.get("manual_intervention") is True,
    )


def andon(andon: AndonEvent) -> Row:
    """A row of `andon_event`."""
    return (
        andon.id,
        number_of(andon.id, andon.kind),
        andon.sku_id,
        andon.work_order_id,
        andon.stage.number,
        andon.failure_type,
        andon.severity,
        andon.status,
        to_ms(andon.created_at),
        andon.escalation_level,
        None if andon.resolution is None else to_ms(andon.resolution.resolved_at),
        andon.occurrences,
    )


def analysis(analysis: Analysis) -> Row:
    """A row of `analysis`."""
    return (analysis.id, number_of(analysis.id, analysis.kind), analysis.andon_id, analysis.status)


def improvement(improvement: Improvement) -> Row:
    """A row of `improvement`."""
    return (
        improvement.id,
        number_of(improvement.id, improvement.kind),
        improvement.status,
        improvement.waste_type,
    )


def tpm_run(run: TpmRun) -> Row:
    """A row of `tpm_run`; `reach` is the number of its frequency, from 1 for daily."""
    return (run.id, number_of(run.id, run.kind), len(run.frequency.covered), run.status)


def _ms(timestamp: Timestamp | None) -> int | None:
    return None if timestamp is None else to_ms(timestamp)
