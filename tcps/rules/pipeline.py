"""SKUs on the line (domain 7) and their receipts (domain 8.1)."""

from typing import NamedTuple

from msgspec.structs import replace

from tcps.canonical import digest, genesis, line_bytes, plain, record_bytes
from tcps.errors import Conflict, Refused, invalid_field, wrong_status
from tcps.model import (
    NEVER,
    SKEW_MS,
    STAGES,
    AndonEvent,
    Artifact,
    Json,
    Part,
    Receipt,
    ReceiptStatus,
    Sku,
    SkuStatus,
    Stage,
    StageVisit,
    Timestamp,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
    parse_timestamp,
    to_ms,
)
from tcps.model.text import (
    ARTIFACTS,
    JSON_BYTES,
    TITLE,
    URI,
    checked_new_sku_id,
    checked_object,
    clean,
    required,
)
from tcps.rules import andon, gates, work_orders
from tcps.rules.policy import flag
from tcps.rules.state import Production, State, found


RUN_FIELDS = (
    "sku_id",
    "stage",
    "status",
    "metrics",
    "evidence",
    "artifacts",
    "duration_ms",
    "timestamp",
)
"""What the one who reports a run may say of it."""


class Run(Part, frozen=True, kw_only=True):
    """One run of one stage, as its actor reports it."""

    sku_id: str
    stage: Stage
    status: ReceiptStatus = ReceiptStatus.PASS
    metrics: Json = {}
    evidence: Json = {}
    artifacts: tuple[Artifact, ...] = ()
    duration_ms: int = 0
    timestamp: Timestamp | None = None


class Recorded(NamedTuple):
    """What became of a run: its receipt, the gate's rules, the Andon of a failure, the SKU after it."""

    receipt: Receipt
    results: list[gates.RuleResult]
    andon: AndonEvent | None
    sku: Sku
    advanced: bool = False


def create(state: State, work_order_id: str, sku_id: object = None, metadata: object = None) -> Sku:
    """Put a SKU of the order at the first stage; a queued order is started."""
    order = found(state, WorkOrder, work_order_id)
    if order.status.terminal:
        raise wrong_status("work_order", order.id, order.status, "get a SKU")
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


def record(state: State, run: Run) -> Recorded:
    """Judge the stage's gate and append the receipt; a fail also raises the Andon (jidoka)."""
    sku = require_at(state, run.sku_id, run.stage)
    gates.refuse_system_metrics(run.metrics)
    if "gate" in run.evidence:
        raise invalid_field("evidence.gate", "is written by the system and cannot be given")
    moment = _moment(state, sku, run.timestamp)
    results = gates.evaluate(run.stage, _evidence(state, sku, run), state.policy())
    violated = gates.violations(results)
    receipt = Receipt(
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
    receipt = state.put(receipt)
    head = digest(record_bytes(receipt))
    sku = state.put(replace(sku, receipt_count=receipt.sequence, head=head, updated_at=state.now))
    event = _stop(state, receipt, violated) if receipt.status is ReceiptStatus.FAIL else None
    return Recorded(receipt, results, event, sku)


def require_at(state: Production, sku_id: str, stage: Stage) -> Sku:
    """The SKU, which is in production at the stage; else the refusal that `record` gives."""
    sku = found(state, Sku, sku_id)
    _require_in_production(state, sku, "record a receipt")
    if stage is not sku.current_stage:
        raise Refused(
            f"{sku.id} is at {sku.current_stage}, not at {stage}",
            code="stage_out_of_order",
            details={"expected": sku.current_stage, "got": stage},
        )
    return sku


def run(state: State, stage_run: Run) -> Recorded:
    """`record`, then `advance` if the receipt is pass and nothing blocks."""
    done = record(state, stage_run)
    if done.receipt.status is not ReceiptStatus.PASS or _hold(state, done.sku):
        return done
    return done._replace(sku=_advanced(state, done.sku, done.receipt), advanced=True)


def advance(state: State, sku_id: str) -> Sku:
    """Stage n → n+1, from the last one to completed; only with a passing receipt and no open Andon."""
    sku = found(state, Sku, sku_id)
    _require_in_production(state, sku, "advance")
    receipt = state.newest_receipt(sku.id, sku.current_stage)
    if receipt is None:
        raise Refused(
            f"{sku.id} has no receipt of {sku.current_stage} yet",
            code="receipt_missing",
            hint=f"do the stage: tcps run --sku {sku.id} --stage {sku.current_stage} -- COMMAND",
            details={"stage": sku.current_stage},
        )
    violated = gates.violations(judge_stored(state, sku, receipt))
    if receipt.status is not ReceiptStatus.PASS or violated:
        raise Refused(
            f"the newest {sku.current_stage} receipt of {sku.id}, {receipt.id}, does not pass its gate",
            code="gate_failed",
            hint=f"tcps quality gates {sku.id} shows every rule",
            details={"receipt_id": receipt.id, "violations": [plain(rule) for rule in violated]},
        )
    held = _hold(state, sku)
    if held:
        raise andon.blocked_by_andons(sku.id, held)
    return _advanced(state, sku, receipt)


def publish(state: State, sku_id: str) -> Sku:
    """completed → published: no open Andon, the chain intact and complete. Completes the order if it can."""
    sku = found(state, Sku, sku_id)
    if sku.status is not SkuStatus.COMPLETED:
        raise wrong_status("sku", sku.id, sku.status, "be published")
    _require_order_in_progress(state, sku)
    held = andon.blocking(state, sku.id)
    if held:
        raise andon.blocked_by_andons(sku.id, held)
    verdict = state.verdict(sku.id)
    for kind, good, code in (
        ("integrity", verdict.intact, "chain_broken"),
        ("completeness", verdict.complete, "chain_incomplete"),
    ):
        if not good:
            findings = [plain(finding) for finding in verdict.findings if finding.kind == kind]
            raise Refused(
                f"the chain of {sku.id} is {code.removeprefix('chain_')}: {findings[0]['message']}",
                code=code,
                hint=f"tcps verify-chain {sku.id} lists every finding",
                details={"findings": findings},
            )
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


def abort(state: State, sku_id: str, reason: object) -> Sku:
    """Take a SKU off the line for good; its Andons stay open."""
    sku = found(state, Sku, sku_id)
    if not sku.status.active:
        raise wrong_status("sku", sku.id, sku.status, "be aborted")
    ended = work_orders.end_sku(state, sku, required("reason", reason, "an abort"))
    work_orders.complete_if_done(state, sku.work_order_id)
    return ended


def judge_stored(state: Production, sku: Sku, receipt: Receipt) -> list[gates.RuleResult]:
    """The gate of a receipt that is there, judged again by the policy of now."""
    evidence = gates.Evidence(
        metrics=receipt.metrics,
        artifacts=receipt.artifacts,
        newest=_newest_before(state, sku, receipt.stage),
        chain_intact=_chain_intact(state, sku, receipt.stage),
    )
    return gates.evaluate(receipt.stage, evidence, state.policy())


def read_run(
    *,
    sku_id: str,
    stage: object,
    status: object = None,
    metrics: object = None,
    evidence: object = None,
    artifacts: object = (),
    duration_ms: object = 0,
    timestamp: object = None,
) -> Run:
    """A run from outside: every field checked, sizes too."""
    if isinstance(duration_ms, bool) or not isinstance(duration_ms, int) or not 0 <= duration_ms < 2**53:
        raise invalid_field("duration_ms", f"must be a whole number of milliseconds, not {duration_ms!r}")
    return Run(
        sku_id=sku_id,
        stage=parse_enum(Stage, stage),
        status=ReceiptStatus.PASS if status is None else parse_enum(ReceiptStatus, status),
        metrics=_bounded("metrics", metrics),
        evidence=_bounded("evidence", evidence),
        artifacts=_artifacts(artifacts),
        duration_ms=duration_ms,
        timestamp=None if timestamp in (None, NEVER) else parse_timestamp(timestamp),
    )


def _evidence(state: State, sku: Sku, run: Run) -> gates.Evidence:
    return gates.Evidence(
        metrics=run.metrics,
        artifacts=run.artifacts,
        newest=_newest_before(state, sku, run.stage),
        chain_intact=_chain_intact(state, sku, run.stage),
    )


def _newest_before(state: Production, sku: Sku, stage: Stage) -> dict[Stage, Receipt]:
    """The newest receipts of the earlier stages; only the gates that look back pay for them."""
    if stage.number < Stage.RELEASE_VERIFICATION.number or stage is Stage.MARKETPLACE_VALIDATION:
        return {}
    receipts = ((s, state.newest_receipt(sku.id, s)) for s in STAGES[: stage.number - 1])
    return {s: receipt for s, receipt in receipts if receipt is not None}


def _chain_intact(state: Production, sku: Sku, stage: Stage) -> bool:
    return stage is not Stage.RELEASE_VERIFICATION or state.verdict(sku.id).intact


def _stop(state: State, receipt: Receipt, violated: list[gates.RuleResult]) -> AndonEvent:
    """Jidoka: the failed gate stops the line at its stage (domain 9)."""
    failure = gates.failure_type(receipt.stage, violated)
    return andon.trigger(
        state,
        sku_id=receipt.sku_id,
        failure_type=failure,
        stage=receipt.stage,
        severity=gates.failure_severity(receipt.stage, failure, receipt.metrics),
        details={
            "gate": receipt.stage,
            "receipt_id": receipt.id,
            "violations": [plain(rule) for rule in violated],
        },
    )


def _gate_evidence(violated: list[gates.RuleResult]) -> Json:
    return {"result": "fail" if violated else "pass", "violations": [plain(rule) for rule in violated]}


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
    if not flag(state.policy(), "auto_publish"):
        return sku
    try:
        return publish(state, sku.id)
    except Refused:
        return sku


def _hold(state: Production, sku: Sku) -> list[AndonEvent]:
    """The open Andons that block leaving this stage: those at it, before it, or at the next one."""
    return andon.blocking(state, sku.id, sku.current_stage.following or sku.current_stage)


def _require_in_production(state: Production, sku: Sku, operation: str) -> None:
    if sku.status is not SkuStatus.IN_PRODUCTION:
        raise wrong_status("sku", sku.id, sku.status, operation)
    _require_order_in_progress(state, sku)


def _require_order_in_progress(state: Production, sku: Sku) -> None:
    order = found(state, WorkOrder, sku.work_order_id)
    if order.status is not WorkOrderStatus.IN_PROGRESS:
        raise Refused(
            f"{order.id}, the work order of {sku.id}, is {order.status}",
            code="work_order_not_in_progress",
            details={"work_order_id": order.id, "status": order.status},
        )


def _free_id(state: State, sku_id: object) -> str:
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


def _moment(state: State, sku: Sku, given: Timestamp | None) -> Timestamp:
    """The receipt's time: now, or the given one if it fits between its neighbours (domain 8.1)."""
    receipts = (state.newest_receipt(sku.id, stage) for stage in (sku.current_stage, _before(sku)))
    earliest = max([sku.created_at, *(receipt.timestamp for receipt in receipts if receipt)])
    if given is None:
        return max(state.now, earliest)
    if given < earliest or to_ms(given) > to_ms(state.now) + SKEW_MS:
        raise invalid_field(
            "timestamp",
            f"{given} is not between {earliest}, when the SKU was last changed, and now",
            "invalid_timestamp",
        )
    return given


def _before(sku: Sku) -> Stage:
    return STAGES[max(0, sku.current_stage.number - 2)]


def _bounded(field: str, value: object) -> Json:
    checked = checked_object(field, {} if value is None else value)
    size = len(line_bytes(checked))
    if size > JSON_BYTES:
        raise invalid_field(field, f"takes {size} bytes; the limit is {JSON_BYTES}", "too_large")
    return checked


def _artifacts(values: object) -> tuple[Artifact, ...]:
    if not isinstance(values, list | tuple):
        raise invalid_field("artifacts", "must be a list")
    if len(values) > ARTIFACTS:
        raise invalid_field("artifacts", f"has {len(values)} entries; the limit is {ARTIFACTS}", "too_large")
    return tuple(_artifact(value) for value in values)


def _artifact(value: object) -> Artifact:
    if isinstance(value, Artifact):
        value = plain(value)
    if not isinstance(value, dict) or not {"name", "sha256", "size"} <= value.keys():
        raise invalid_field("artifacts", "must each have a name, a sha256 and a size")
    size, sha256 = value["size"], value["sha256"]
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < 2**63:
        raise invalid_field("artifacts.size", f"must be a whole number of bytes, not {size!r}")
    if not isinstance(sha256, str) or len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise invalid_field("artifacts.sha256", "must be 64 lower-case hex digits")
    name = required("artifacts.name", value["name"], "an artifact", TITLE)
    uri = value.get("uri")
    return Artifact(
        name=name, sha256=sha256, size=size, uri=None if uri is None else clean("artifacts.uri", uri, URI)
    )
