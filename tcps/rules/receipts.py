"""Recording a run (domain 7, 8.1): its gate is judged, its receipt chained, a failure stops the line."""

from typing import NamedTuple

from msgspec.structs import replace

from tcps.canonical import digest, plain, record_bytes
from tcps.errors import Refused, invalid_field
from tcps.model import (
    SKEW_MS,
    STAGES,
    AndonEvent,
    Json,
    Receipt,
    ReceiptStatus,
    Sku,
    SkuStatus,
    Stage,
    Timestamp,
    WorkOrder,
    WorkOrderStatus,
    to_ms,
)
from tcps.rules import andon, gates
from tcps.rules.runs import REPORTS, Run, completed, given_beside
from tcps.rules.state import Production, State, found, wrong_status

_LOOK_BACK = (Stage.RELEASE_VERIFICATION, Stage.SMOKE_TEST, Stage.PUBLICATION)
"""The stages whose gates compare with receipts of earlier stages."""


class Recorded(NamedTuple):
    """What became of a run: its receipt, the gate's rules, the Andon of a failure, the SKU after it.

    `held` are the ids of the Andons that kept a SKU with a passing receipt where it is.
    """

    receipt: Receipt
    results: list[gates.RuleResult]
    andon: AndonEvent | None
    sku: Sku
    advanced: bool = False
    held: tuple[str, ...] = ()


def record(state: State, run: Run) -> Recorded:
    """Judge the stage's gate and append the receipt; a fail also raises the Andon (jidoka)."""
    return stopped(state, judged(state, run))


def judged(state: State, run: Run) -> Recorded:
    """Judge the stage's gate and append the receipt; the SKU after it is still to be put."""
    sku = require_at(state, run.sku_id, run.stage)
    gates.refuse_system_metrics(run.metrics)
    refuse_system_evidence(run.evidence)
    run = completed(run)
    moment = _moment(state, sku, run.timestamp)
    results = _judged(state, sku, run)
    violated = gates.violations(results)
    receipt = state.put(_receipt(state, sku, run, moment, violated))
    head = digest(record_bytes(receipt))
    sku = replace(sku, receipt_count=receipt.sequence, head=head, updated_at=state.now)
    return Recorded(receipt, results, None, sku)


def stopped(state: State, done: Recorded) -> Recorded:
    """Put the SKU where it is; a fail also raises the Andon (jidoka)."""
    done = done._replace(sku=state.put(done.sku))
    if done.receipt.status is not ReceiptStatus.FAIL:
        return done
    return done._replace(andon=_stop(state, done.receipt, gates.violations(done.results)))


def refuse_system_evidence(evidence: Json) -> None:
    """Refuse evidence that only the system writes (`invalid_field`)."""
    for key in ("gate", REPORTS):
        if key in evidence:
            raise invalid_field(f"evidence.{key}", "is written by the system and cannot be given")


def require_at(state: Production, sku_id: str, stage: Stage) -> Sku:
    """The SKU, which is in production at the stage; else the refusal that `record` gives."""
    sku = found(state, Sku, sku_id)
    require_in_production(state, sku, "record", "record a receipt of")
    if stage is not sku.current_stage:
        raise Refused(
            f"{sku.id} is at {sku.current_stage}, not at {stage}",
            code="stage_out_of_order",
            details={"expected": sku.current_stage, "got": stage},
        )
    return sku


def judge_stored(state: Production, sku: Sku, receipt: Receipt) -> list[gates.RuleResult]:
    """The gate of a receipt that is there, judged again by the policy of now."""
    return _judged(state, sku, receipt)


def require_in_production(state: Production, sku: Sku, operation: str, phrase: str = "") -> None:
    """Refuse when the SKU is not in production, or its order not in progress."""
    if sku.status is not SkuStatus.IN_PRODUCTION:
        raise wrong_status(sku, operation, phrase)
    require_order_in_progress(state, sku)


def require_order_in_progress(state: Production, sku: Sku) -> None:
    """Refuse (`work_order_not_in_progress`) when the SKU's order is not in progress."""
    order = found(state, WorkOrder, sku.work_order_id)
    if order.status is not WorkOrderStatus.IN_PROGRESS:
        raise Refused(
            f"{order.id}, the work order of {sku.id}, is {order.status.replace('_', ' ')}",
            code="work_order_not_in_progress",
            details={"work_order_id": order.id, "status": order.status},
        )


def _judged(state: Production, sku: Sku, run: Run | Receipt) -> list[gates.RuleResult]:
    evidence = gates.Evidence(
        metrics=run.metrics,
        artifacts=run.artifacts,
        newest=_newest_before(state, sku, run.stage),
        chain_intact=_chain_intact(state, sku, run.stage),
        given=given_beside(run.evidence),
    )
    return gates.evaluate(run.stage, evidence, state.policy())


def _newest_before(state: Production, sku: Sku, stage: Stage) -> dict[Stage, Receipt]:
    """The newest receipts of the earlier stages; only the gates that look back pay for them."""
    if stage not in _LOOK_BACK:
        return {}
    receipts = ((s, state.newest_receipt(sku.id, s)) for s in STAGES[: stage.number - 1])
    return {s: receipt for s, receipt in receipts if receipt is not None}


def _chain_intact(state: Production, sku: Sku, stage: Stage) -> bool:
    return stage is not Stage.RELEASE_VERIFICATION or state.verdict(sku.id).intact


def _moment(state: Production, sku: Sku, given: Timestamp | None) -> Timestamp:
    """The receipt's time: now, or the given one if it fits between its neighbours.

    When the clock has gone back, it is the time of the receipt before.
    """
    earliest = _earliest(state, sku)
    if given is None:
        return max(state.now, earliest)
    if given < earliest or to_ms(given) > to_ms(state.now) + SKEW_MS:
        raise invalid_field(
            "timestamp",
            f"{given} is not between {earliest}, the time of the SKU or its newest receipt, and now",
            "invalid_timestamp",
        )
    return given


def _earliest(state: Production, sku: Sku) -> Timestamp:
    """The time of the SKU's newest receipt, which is of its stage or of the one before; else of the SKU."""
    stages = STAGES[max(0, sku.current_stage.number - 2) : sku.current_stage.number]
    receipts = (state.newest_receipt(sku.id, stage) for stage in stages)
    return max([sku.created_at, *(receipt.timestamp for receipt in receipts if receipt)])


def _receipt(
    state: State, sku: Sku, run: Run, moment: Timestamp, violated: list[gates.RuleResult]
) -> Receipt:
    return Receipt(
        receipt_id=state.next_id("receipt"),
        sku_id=sku.id,
        work_order_id=sku.work_order_id,
        sequence=sku.receipt_count + 1,
        stage=run.stage,
        status=ReceiptStatus.FAIL if violated else run.status,
        timestamp=moment,
        actor=state.actor,
        evidence={**run.evidence, "gate": _gate_evidence(violated)},
        metrics=run.metrics,
        artifacts=run.artifacts,
        duration_ms=run.duration_ms,
        previous=sku.head,
    )


def _gate_evidence(violated: list[gates.RuleResult]) -> Json:
    return {"result": "fail" if violated else "pass", "violations": [plain(rule) for rule in violated]}


def _stop(state: State, receipt: Receipt, violated: list[gates.RuleResult]) -> AndonEvent:
    """Jidoka: the failed gate stops the line at its stage (domain 9)."""
    failure = gates.failure_type(receipt.stage, violated)
    return andon.trigger(
        state,
        sku_id=receipt.sku_id,
        failure_type=failure,
        stage=receipt.stage,
        severity=gates.failure_severity(failure, receipt.metrics),
        details={
            "gate": receipt.stage,
            "receipt_id": receipt.id,
            "violations": [plain(rule) for rule in violated],
        },
    )
