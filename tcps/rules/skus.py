"""SKUs on the line (domain 7): create, run, advance, publish, abort."""

from msgspec.structs import replace

from tcps.canonical import genesis, plain
from tcps.errors import Conflict, Refused
from tcps.model import (
    STAGES,
    AndonEvent,
    Receipt,
    ReceiptStatus,
    Sku,
    SkuStatus,
    Stage,
    StageVisit,
    WorkOrder,
    WorkOrderStatus,
)
from tcps.model.text import checked_new_sku_id, checked_object, required
from tcps.rules import andon, gates, work_orders
from tcps.rules.chain import Verdict
from tcps.rules.policy import flag
from tcps.rules.receipts import (
    Recorded,
    judge_stored,
    judged,
    require_in_production,
    require_order_in_progress,
    stopped,
)
from tcps.rules.runs import Run
from tcps.rules.state import Production, State, found, wrong_status

SKU_FIELDS = ("work_order_id", "sku_id", "metadata")
"""What the one who makes a SKU may say of it."""


def create(state: State, work_order_id: str, sku_id: object = None, metadata: object = None) -> Sku:
    """Put a SKU of the order at the first stage; a queued order is started."""
    order = found(state, WorkOrder, work_order_id)
    if order.status.terminal:
        raise wrong_status(order, "create", "create a SKU of")
    if order.status is WorkOrderStatus.BLOCKED:
        raise work_orders.blocked(state, order)
    chosen = _free_id(state, sku_id) if sku_id else _given_id(state, order)
    if order.status is WorkOrderStatus.QUEUED:
        work_orders.start(state, order.id)
    sku = Sku(
        sku_id=chosen,
        work_order_id=order.id,
        created_at=state.now,
        created_by=state.actor,
        updated_at=state.now,
        history=(StageVisit(stage=STAGES[0], entered_at=state.now),),
        head=genesis(state.store_id, chosen),
        metadata=checked_object("metadata", {} if metadata is None else metadata),
    )
    return state.put(sku)


def run(state: State, stage_run: Run) -> Recorded:
    """As `record`, then `advance` if the receipt is pass and nothing blocks."""
    done = judged(state, stage_run)
    if done.receipt.status is not ReceiptStatus.PASS:
        return stopped(state, done)
    held = _hold(state, done.sku)
    if held:
        return stopped(state, done)._replace(held=tuple(event.id for event in held))
    return done._replace(sku=_advanced(state, done.sku, done.receipt), advanced=True)


def advance(state: State, sku_id: str) -> Sku:
    """Stage n → n+1, from the last one to completed; only with a passing receipt and no open Andon."""
    sku = found(state, Sku, sku_id)
    require_in_production(state, sku, "advance")
    receipt = state.newest_receipt(sku.id, sku.current_stage)
    if receipt is None:
        raise Refused(
            f"{sku.id} has no receipt of {sku.current_stage} yet",
            code="receipt_missing",
            hint=f"do the stage: tcps run --sku {sku.id} --stage {sku.current_stage} -- COMMAND",
            details={"stage": sku.current_stage},
        )
    _require_gate_passed(state, sku, receipt)
    held = _hold(state, sku)
    if held:
        raise andon.blocked_by_andons(sku.id, held)
    return _advanced(state, sku, receipt)


def publish(state: State, sku_id: str) -> Sku:
    """completed → published: no open Andon, the chain intact and complete. Completes the order if it can."""
    sku = found(state, Sku, sku_id)
    require_completed(state, sku)
    held = andon.blocking(state, sku.id)
    if held:
        raise andon.blocked_by_andons(sku.id, held)
    verdict = state.verdict(sku.id)
    if not verdict.intact:
        raise _bad_chain(verdict, "integrity", "chain_broken")
    if not verdict.complete:
        raise _bad_chain(verdict, "completeness", "chain_incomplete")
    publication = state.newest_receipt(sku.id, Stage.PUBLICATION)
    published = replace(
        sku,
        status=SkuStatus.PUBLISHED,
        published_at=state.now,
        ended_at=state.now,
        marketplace_url=publication.metrics.get("marketplace_url") if publication else None,
        updated_at=state.now,
    )
    sku = state.put(published)
    work_orders.complete_if_done(state, sku.work_order_id)
    return sku


def require_completed(state: Production, sku: Sku) -> None:
    """Refuse what is not through its stages, or of an order that is not in progress, as `publish` does."""
    if sku.status is not SkuStatus.COMPLETED:
        raise wrong_status(sku, "publish")
    require_order_in_progress(state, sku)


def abort(state: State, sku_id: str, reason: object) -> Sku:
    """Take a SKU off the line for good; its Andons stay open."""
    sku = found(state, Sku, sku_id)
    if not sku.status.active:
        raise wrong_status(sku, "abort")
    ended = work_orders.end_sku(state, sku, required("reason", reason, "an abort"))
    work_orders.complete_if_done(state, sku.work_order_id)
    return ended


def _require_gate_passed(state: Production, sku: Sku, receipt: Receipt) -> None:
    violated = gates.violations(judge_stored(state, sku, receipt))
    if receipt.status is not ReceiptStatus.PASS or violated:
        raise Refused(
            f"the newest {sku.current_stage} receipt of {sku.id}, {receipt.id}, does not pass its gate",
            code="gate_failed",
            hint=f"tcps quality gates {sku.id} shows every rule",
            details={"receipt_id": receipt.id, "violations": [plain(rule) for rule in violated]},
        )


def _hold(state: Production, sku: Sku) -> list[AndonEvent]:
    """The open Andons that block leaving this stage: those at it, before it, or at the next one."""
    return andon.blocking(state, sku.id, sku.current_stage.following or sku.current_stage)


def _advanced(state: State, sku: Sku, receipt: Receipt) -> Sku:
    left = replace(sku.history[-1], left_at=state.now, receipt_id=receipt.id)
    history: tuple[StageVisit, ...] = (*sku.history[:-1], left)
    following = sku.current_stage.following
    if following is None:
        done = replace(sku, status=SkuStatus.COMPLETED, completed_at=state.now)
        sku = state.put(replace(done, history=history, updated_at=state.now))
        return _auto_published(state, sku)
    history = (*history, StageVisit(stage=following, entered_at=state.now))
    return state.put(replace(sku, current_stage=following, history=history, updated_at=state.now))


def _auto_published(state: State, sku: Sku) -> Sku:
    """The SKU published, if policy says so and publish does not refuse."""
    if not flag(state.policy(), "auto_publish"):
        return sku
    try:
        return publish(state, sku.id)
    except Refused:
        return sku


def _bad_chain(verdict: Verdict, kind: str, code: str) -> Refused:
    findings = [plain(finding) for finding in verdict.findings if finding.kind == kind]
    return Refused(
        f"the chain of {verdict.sku_id} is {code.removeprefix('chain_')}: {findings[0]['message']}",
        code=code,
        hint=f"tcps verify-chain {verdict.sku_id} lists every finding",
        details={"findings": findings},
    )


def _free_id(state: Production, sku_id: object) -> str:
    chosen = checked_new_sku_id(sku_id)
    taken = state.sku_id_in_use(chosen)
    if taken is not None:
        raise Conflict(
            f"SKU id {chosen} is taken"
            + ("" if taken == chosen else f": it differs only in case from {taken}"),
            code="duplicate_id",
            details={"id": chosen, "taken_by": taken},
        )
    return chosen


def _given_id(state: State, order: WorkOrder) -> str:
    """The order's wanted SKU id if it is free, else the next of the store."""
    if order.sku_id is not None and state.sku_id_in_use(order.sku_id) is None:
        return order.sku_id
    given = state.next_id("sku")
    while state.sku_id_in_use(given) is not None:
        given = state.next_id("sku")
    return given
