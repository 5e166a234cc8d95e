"""Records as the edges show them: their fields, and what is derived from others."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tcps.canonical import plain
from tcps.ledger import Entry
from tcps.model import (
    HOUR_MS,
    Analysis,
    AndonEvent,
    Json,
    Receipt,
    ReceiptStatus,
    Severity,
    Sku,
    SkuStatus,
    Stage,
    WorkOrder,
    to_ms,
)
from tcps.rules import blocking, sla
from tcps.rules.chain import Finding, Verdict
from tcps.store import View

if TYPE_CHECKING:
    from tcps.verify import Report

_QUARANTINED = (Severity.CRITICAL, Severity.HIGH)
_ENDED = (SkuStatus.FAILED, SkuStatus.ABORTED)


WORK_ORDER_FIELDS = (
    *WorkOrder.__struct_fields__,
    "sla_status",
    "sla_remaining_ms",
    "blocked_by",
    "blocking",
    "sku_ids",
    "progress_percent",
    "elapsed_hours",
)
SKU_FIELDS = (
    *Sku.__struct_fields__,
    "percent_complete",
    "completed_stages",
    "total_stages",
    "is_active",
    "open_andons",
    "open_andons_count",
    "quarantined",
    "receipts_count",
)
RECEIPT_FIELDS = Receipt.__struct_fields__
ANDON_FIELDS = (*AndonEvent.__struct_fields__, "quarantined")
ANALYSIS_FIELDS = Analysis.__struct_fields__
ENTRY_FIELDS = ("seq", "time", "actor", "action", "changes")


def work_order(view: View, order: WorkOrder) -> Json:
    """A work order with its SLA, its dependencies both ways, its SKUs and progress (domain 5)."""
    skus = view.skus_of(order.id)
    end = order.completed_at or order.cancelled_at or view.now
    return plain(order) | {
        "sla_status": sla.status(order, view.now),
        "sla_remaining_ms": sla.remaining_ms(order, view.now),
        "blocked_by": blocking.blocked_by(view, order),
        "blocking": list(view.blocked_on(order.id)),
        "sku_ids": [sku.id for sku in skus],
        "progress_percent": progress(skus),
        "elapsed_hours": round((to_ms(end) - to_ms(order.created_at)) / HOUR_MS, 2),
    }


def progress(skus: tuple[Sku, ...]) -> float:
    """The mean progress of the SKUs that are not failed or aborted, in percent."""
    counted = [percent_complete(sku) for sku in skus if sku.status not in _ENDED]
    return round(sum(counted) / len(counted), 2) if counted else 0.0


def percent_complete(sku: Sku) -> float:
    """How far along the ten stages the SKU is, in percent (domain 7)."""
    return completed_stages(sku) * 10.0


def completed_stages(sku: Sku) -> int:
    """How many of the ten stages the SKU has left behind."""
    return sku.current_stage.number - 1 if sku.completed_at is None else 10


def sku(view: View, sku: Sku) -> Json:
    """A SKU with its progress and what holds it (domain 7)."""
    andons = view.open_andons(sku.id)
    return plain(sku) | {
        "percent_complete": percent_complete(sku),
        "completed_stages": completed_stages(sku),
        "total_stages": 10,
        "is_active": sku.status.active,
        "open_andons": [andon.id for andon in andons],
        "open_andons_count": len(andons),
        "quarantined": any(andon.severity in _QUARANTINED for andon in andons),
        "receipts_count": sku.receipt_count,
    }


def line(by_status: Mapping[str, int], by_stage: Mapping[Stage, int]) -> Json:
    """How many SKUs there are, the share of them that was published, where the others stand (domain 7)."""
    total, published = sum(by_status.values()), by_status.get(SkuStatus.PUBLISHED, 0)
    return {
        "total_skus": total,
        "success_rate": round(published / total * 100, 2) if total else 0.0,
        "by_stage": {stage.value: count for stage, count in by_stage.items()},
    }


def andon(event: AndonEvent) -> Json:
    """An Andon with its quarantine flag (domain 10.2)."""
    held = event.resolution is None and event.severity in _QUARANTINED
    return plain(event) | {"quarantined": held}


def receipt(record: Receipt) -> Json:
    """A receipt as it is stored."""
    return plain(record)


def stated(receipt: Receipt) -> list[str]:
    """Why a run is no pass whatever its gate says: what it said of itself."""
    if receipt.status is ReceiptStatus.PASS:
        return []
    code, problems = receipt.evidence.get("exit_code"), receipt.evidence.get("problems")
    reasons = [f"the command exited with {code}"] if code else []
    reasons += map(str, problems) if isinstance(problems, list) else ()
    given = (
        receipt.status is ReceiptStatus.WARNING or receipt.evidence.get("gate", {}).get("result") == "pass"
    )
    return reasons or ([f"its status was given as {receipt.status}"] if given else [])


def analysis(record: Analysis) -> Json:
    """A root-cause analysis as it is stored."""
    return plain(record)


def entry(found: Entry) -> Json:
    """A ledger entry."""
    return plain(found)


def verdict(judged: Verdict, report: "Report") -> Json:
    """A chain's verdict in the form of interface 5."""
    return {
        "sku_id": judged.sku_id,
        "verdict": "intact" if judged.intact else "broken",
        "complete": judged.complete,
        "missing_stages": list(judged.missing_stages),
        "receipts": judged.receipts_checked,
        "head": judged.head,
        "ledger": ledger(report),
        **known_from_outside(report, judged.receipts_newer),
        "findings": [finding(found) for found in judged.findings],
    }


def ledger(report: "Report") -> Json:
    """The size of the ledger that was verified, and the root of its tree in base64."""
    return {"size": report.size, "root": base64.b64encode(report.root).decode()}


def whole_verdict(report: "Report") -> str:
    """intact, broken, or undecided (interface 5)."""
    return "intact" if report.intact else "undecided" if report.undecided else "broken"


def known_from_outside(report: "Report", newer: int) -> Json:
    """What signatures and anchors say; `newer` receipts are covered by no anchor.

    `signature` is valid, bad or none. `signed` has the size and the key of the newest valid signature,
    and the names of those who signed and are not pinned. `anchors` has how many were given, how
    many of them hold, the size of the newest one, and how many receipts it does not cover.
    """
    seen = report.signatures
    return {
        "signature": seen.verdict,
        "signed": {
            "size": seen.size,
            "name": None if seen.key is None else seen.key.name,
            "key_id": None if seen.key is None else seen.key.key_id.hex(),
            "others": list(seen.others),
        },
        "anchors": {
            "given": report.given,
            "consistent": report.consistent,
            "newest_size": report.anchored,
            "receipts_newer": newer,
        },
    }


def finding(found: Finding) -> Json:
    """A finding with every field of interface 5."""
    value: dict[str, Any] = plain(found)
    return value
