"""The story of a SKU and of its receipts."""

from tcps.model import Json, Receipt, Record, Sku, SkuStatus, StageVisit, brief
from tcps.rules.story.words import Told, one_line, seconds


def sku(before: Record | None, after: Sku) -> list[Told]:
    """What happened to a SKU; its receipts have their own story."""
    seen = before if isinstance(before, Sku) else None
    events = [] if seen else [Told("sku_created", f"on the line for {after.work_order_id}", after.created_at)]
    events += _left(seen, after)
    if after.status is not (seen.status if seen else SkuStatus.IN_PRODUCTION):
        events += _ended(seen, after)
    return events


def receipt(receipt: Receipt) -> list[Told]:
    """That a stage was run, how it ended, and why it failed."""
    gate = receipt.evidence.get("gate")
    violated = gate.get("violations") if isinstance(gate, dict) else None
    reasons = [_reason(rule) for rule in violated or () if isinstance(rule, dict)]
    took = f" in {seconds(receipt.duration_ms)}" if receipt.duration_ms else ""
    why = f": {'; '.join(reasons)}" if reasons else ""
    return [Told("receipt_added", f"{receipt.stage} is {receipt.status}{took}{why}", receipt.timestamp)]


def _left(before: Sku | None, after: Sku) -> list[Told]:
    """The stages that the SKU has left since."""
    known = 0 if before is None else len([visit for visit in before.history if visit.left_at])
    left = [visit for visit in after.history if visit.left_at][known:]
    return [Told("sku_stage_transition", _leaves(visit), visit.left_at) for visit in left]


def _leaves(visit: StageVisit) -> str:
    following = visit.stage.following
    entered = "" if following is None else f", is at {following} now"
    return f"leaves {visit.stage} with {visit.receipt_id}{entered}"


def _ended(before: Sku | None, after: Sku) -> list[Told]:
    events = []
    if after.completed_at is not None and (before is None or before.completed_at is None):
        events.append(Told("sku_completed", "completed: every stage is passed", after.completed_at))
    if after.status is SkuStatus.PUBLISHED:
        where = f" at {after.marketplace_url}" if after.marketplace_url else ""
        events.append(Told("sku_published", f"published{where}", after.published_at))
    if after.status in (SkuStatus.FAILED, SkuStatus.ABORTED):
        why = one_line(after.end_reason or "")
        events.append(
            Told(f"sku_{after.status}", f"{after.status} at {after.current_stage}: {why}", after.ended_at)
        )
    return events


def _reason(rule: Json) -> str:
    wanted = f"{rule.get('operator')} {brief(rule.get('expected'))}"
    got = rule.get("actual")
    return f"{rule.get('metric')} is {'missing' if got is None else brief(got)}, wanted {wanted}"
