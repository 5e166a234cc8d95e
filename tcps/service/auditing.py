"""Use cases of audits: the trail of one SKU, and whether a SKU or a period is compliant (domain 8.3, 8.4).

Records are read from the ledger's own lines, chains are verified byte for byte: neither rests on a file
that somebody may have changed.
"""

from collections.abc import Iterable, Iterator

from tcps.canonical import plain
from tcps.ledger import Change, Entry
from tcps.model import (
    HOUR_MS,
    AnalysisStatus,
    AndonEvent,
    Json,
    Period,
    Receipt,
    Sku,
    SkuStatus,
    Timestamp,
    WorkOrder,
    to_ms,
)
from tcps.model.text import checked_id
from tcps.rules import compliance, metrics, sla
from tcps.rules.chain import Verdict
from tcps.rules.diagnosis import diagnose
from tcps.rules.policy import flag
from tcps.rules.state import found
from tcps.service import views
from tcps.service.metrics import chosen, rounded, span
from tcps.service.story import Teller
from tcps.store import Store, View

DAYS = 30
"""The period of a compliance report that names none."""
_ORDER_FIELDS = ("title", "bucket", "priority", "pull_signal", "created_at", "sla_deadline")
_SKU_FIELDS = ("status", "current_stage", "created_at", "completed_at", "published_at", "marketplace_url")
_RECEIPT_FIELDS = ("receipt_id", "sequence", "stage", "status", "timestamp", "actor")


def trail(store: Store, sku_id: str) -> Json:
    """Everything that happened to a SKU, and whether its chain holds."""
    verdict = verdicts(store, [checked_id("sku_id", sku_id)])[sku_id]
    with store.view() as files:
        view = files.as_ledger()
        sku = found(view, Sku, sku_id)
        order = found(view, WorkOrder, sku.work_order_id)
        receipts, andons = view.chain(sku.id), view.andons_of(sku.id)
        analyses = [analysis for event in andons for analysis in view.analyses_of(event.id)]
        results = [one.result for one in diagnose(view, sku)]
        return {
            "sku_id": sku.id,
            "work_order": _order(order, view.now),
            "sku": _chosen(plain(sku), _SKU_FIELDS),
            "timeline": _timeline(view, sku, receipts, andons),
            "receipts": [_receipt(view, receipt) for receipt in receipts],
            "stage_durations": _durations(sku, receipts, view.now),
            "andon_events": [views.andon(event) for event in andons],
            "analyses": [views.analysis(analysis) for analysis in analyses],
            "gates": {
                "passed": results.count("pass"),
                "failed": results.count("fail"),
                "not_run": results.count("not_run"),
            },
            "verdict": _verdict(verdict, view.now),
            "publish_status": publish_status(sku, andons),
            "lead_time_hours": _hours(order.created_at, sku.published_at or sku.ended_at or view.now),
            "production_hours": _hours(receipts[0].timestamp, receipts[-1].timestamp) if receipts else 0.0,
            "generated_at": view.now,
            "generated_by": store.actor,
        }


def sku_compliance(store: Store, sku_id: str) -> Json:
    """Whether a SKU meets each of the nine requirements."""
    verdict = verdicts(store, [checked_id("sku_id", sku_id)])[sku_id]
    with store.view() as files:
        return judged(files.as_ledger(), sku_id, verdict)


def judged(view: View, sku_id: str, verdict: Verdict) -> Json:
    """The nine requirements of a SKU; `pass_rate` is a fraction."""
    sku = found(view, Sku, sku_id)
    andons = view.andons_of(sku.id)
    asked = flag(view.policy(), "require_five_whys")
    analysed = [event.id for event in andons if asked and _is_analysed(view, event)]
    rows = compliance.requirements(verdict, diagnose(view, sku), andons, analysed if asked else None)
    passed = sum(row.passed for row in rows)
    return {
        "sku_id": sku.id,
        "status": sku.status,
        "compliant": passed == len(rows),
        "pass_rate": rounded(passed / len(rows), 3),
        "requirements": [row._asdict() for row in rows],
        "verdict": "intact" if verdict.intact else "broken",
        "generated_at": view.now,
        "generated_by": view.actor,
    }


def period_compliance(store: Store, start: str | None = None, end: str | None = None) -> Json:
    """Whether a period meets what is asked of one; without any, the last thirty days."""
    with store.view() as view:
        return _period(view, chosen(start, end, view.now))


def publish_status(sku: Sku, andons: Iterable[AndonEvent]) -> str:
    """published, failed, blocked or pending (domain 8.3)."""
    if sku.status is SkuStatus.PUBLISHED:
        return "published"
    if sku.status in (SkuStatus.FAILED, SkuStatus.ABORTED):
        return "failed"
    return "blocked" if any(event.resolution is None for event in andons) else "pending"


def verdicts(store: Store, sku_ids: list[str]) -> dict[str, Verdict]:
    """The verdicts on some chains, every byte read again. Raises NotFound."""
    return {verdict.sku_id: verdict for verdict in store.verify_chains(sku_ids).verdicts}


def _period(view: View, period: Period) -> Json:
    past = view.past(period)
    measured = metrics.measured(past)
    broken, values = compliance.violations(measured), measured.values
    rates = metrics.gate_pass_rates(past.runs())
    return span(period) | {
        "skus_published": measured.published,
        "skus_finished": measured.sample_size,
        "work_orders_completed": past.completed(),
        "andon_count": past.andons(),
        **{name: rounded(values[name]) for name in ("defect_rate", "first_pass_yield", "rework_pct")},
        "average_lead_time_hours": rounded(values["lead_time"]),
        "gate_pass_rate": {stage.value: rounded(rate, 3) for stage, rate in rates.items()},
        "violations": [violation._asdict() | {"actual": rounded(violation.actual)} for violation in broken],
        "compliant": not broken,
        "generated_at": view.now,
        "generated_by": view.actor,
    }


def _timeline(view: View, sku: Sku, receipts: Iterable[Receipt], andons: Iterable[AndonEvent]) -> list[Json]:
    """What happened to the SKU, its receipts and Andons, by time, then in the order of commits."""
    teller = Teller(view)
    events: list[Json] = []
    keys = {(record.kind, record.id) for record in (sku, *receipts, *andons)}
    for seq in sorted({seq for kind, record_id in keys for seq in view.history(kind, record_id)}):
        entry = view.loader.entry(seq)
        changes = [change for change in entry.changes if (change.kind, change.id) in keys]
        events += [event for change in changes for event in _events(teller, entry, change)]
    return sorted(events, key=lambda event: str(event["time"]))


def _events(teller: Teller, entry: Entry, change: Change) -> Iterator[Json]:
    for told in teller.change(entry.seq, change):
        yield {
            "time": told.at or entry.time,
            "seq": entry.seq,
            "event": told.event,
            "id": change.id,
            "actor": entry.actor,
            "text": told.text,
        }


def _order(order: WorkOrder, now: Timestamp) -> Json:
    chosen = _chosen(plain(order), _ORDER_FIELDS)
    return {"id": order.id} | chosen | {"sla_status": sla.status(order, now)}


def _receipt(view: View, receipt: Receipt) -> Json:
    row = view.loader.row(receipt.kind, receipt.id)
    digest = None if row is None else f"sha256:{row.sha256}"
    return _chosen(plain(receipt), _RECEIPT_FIELDS) | {"digest": digest}


def _durations(sku: Sku, receipts: Iterable[Receipt], now: Timestamp) -> Json:
    """How long each stage took that was entered: on the calendar, and at work."""
    done = list(receipts)
    durations: Json = {}
    for visit in sku.history:
        runs = [receipt for receipt in done if receipt.stage is visit.stage]
        durations[visit.stage.value] = {
            "elapsed_hours": _hours(visit.entered_at, visit.left_at or sku.ended_at or now),
            "work_hours": rounded(sum(receipt.duration_ms for receipt in runs) / HOUR_MS),
            "runs": len(runs),
            "fails": len([receipt for receipt in runs if receipt.status == "fail"]),
        }
    return durations


def _verdict(verdict: Verdict, now: Timestamp) -> Json:
    """A chain's verdict in the form of domain 8.2."""
    return {
        "sku_id": verdict.sku_id,
        "integrity": "intact" if verdict.intact else "broken",
        "completeness": "complete" if verdict.complete else "incomplete",
        "findings": [views.finding(finding) for finding in verdict.findings],
        "receipts_checked": verdict.receipts_checked,
        "verified_at": now,
    }


def _is_analysed(view: View, andon: AndonEvent) -> bool:
    return any(one.status is AnalysisStatus.FINALIZED for one in view.analyses_of(andon.id))


def _hours(start: Timestamp, end: Timestamp) -> float:
    return round((to_ms(end) - to_ms(start)) / HOUR_MS, 2)


def _chosen(record: Json, names: Iterable[str]) -> Json:
    return {name: record[name] for name in names}
