"""Use cases of the line: SKUs, their receipts and gates."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tcps.canonical import plain
from tcps.model import (
    Json,
    ReceiptStatus,
    Sku,
    SkuStatus,
    Stage,
    parse_enum,
)
from tcps.model.text import checked_id
from tcps.rules import pipeline
from tcps.rules.diagnosis import Diagnosed, diagnose
from tcps.rules.pipeline import Recorded, Run
from tcps.rules.readiness import readiness as readiness_of
from tcps.rules.state import found
from tcps.service import views
from tcps.service.trial import transaction
from tcps.store import Store, filters

if TYPE_CHECKING:
    from tcps.service.reports import Readings


def create_sku(store: Store, work_order_id: str, sku_id: str | None = None) -> Json:
    """Put a SKU of a work order at the first stage."""
    with store.transaction("sku.create") as draft:
        return views.sku(draft, pipeline.create(draft, work_order_id, sku_id))


def list_skus(
    store: Store,
    *,
    status: Sequence[str] = (),
    stage: Sequence[str] = (),
    work_order: str | None = None,
    limit: int | None = None,
) -> Iterator[Json]:
    """The SKUs that meet every filter, oldest first."""
    where = filters.records(
        statuses=[parse_enum(SkuStatus, value) for value in status],
        stages=[parse_enum(Stage, value) for value in stage],
        work_order_id=None if work_order is None else checked_id("work_order_id", work_order),
    )
    with store.view() as view:
        yield from (views.sku(view, sku) for sku in view.skus(where, limit))


def show_sku(store: Store, sku_id: str) -> Json:
    """A SKU with its receipts."""
    with store.view() as view:
        sku = found(view, Sku, sku_id)
        receipts = [views.receipt(receipt) for receipt in view.chain(sku.id)]
        return views.sku(view, sku) | {"receipts": receipts}


def readiness(store: Store, sku_id: str) -> Json:
    """Whether a SKU can be published now, and everything that stands against it (domain 7)."""
    with store.view() as view:
        sku = found(view, Sku, sku_id)
        judged = readiness_of(view, sku)
    return {"sku_id": sku.id, "status": sku.status, "ready": judged.ready} | {
        name: list(value) for name, value in judged._asdict().items()
    }


def advance(store: Store, sku_id: str) -> Json:
    """Move a SKU to the next stage."""
    with store.transaction("sku.advance") as draft:
        return views.sku(draft, pipeline.advance(draft, sku_id))


def publish(store: Store, sku_id: str, dry_run: bool = False) -> Json:
    """Publish a completed SKU."""
    with transaction(store, "sku.publish", dry_run=dry_run) as draft:
        return views.sku(draft, pipeline.publish(draft, sku_id))


def abort(store: Store, sku_id: str, reason: str, dry_run: bool = False) -> Json:
    """Take a SKU off the line."""
    with transaction(store, "sku.abort", dry_run=dry_run) as draft:
        return views.sku(draft, pipeline.abort(draft, sku_id, reason))


def add_receipt(store: Store, run: Run, readings: "Readings") -> Recorded:
    """Record one run of one stage with what its reports say; a failed gate is a result, not an error."""
    run = readings.added_to(run)
    with store.transaction("receipt.add") as draft:
        return pipeline.record(draft, readings.under(draft.policy(), run))


def run_stage(store: Store, run: Run, readings: "Readings") -> Recorded:
    """Record a run, and advance the SKU when it passed and nothing blocks; one transaction."""
    run = readings.added_to(run)
    with store.transaction("sku.run") as draft:
        return pipeline.run(draft, readings.under(draft.policy(), run))


def require_runnable(store: Store, sku_id: str, stage: Stage) -> None:
    """Refuse now what `run_stage` would refuse after the command has run."""
    with store.view() as view:
        pipeline.require_at(view, sku_id, stage)


def list_receipts(
    store: Store,
    *,
    sku: str | None = None,
    stage: Sequence[str] = (),
    status: Sequence[str] = (),
    work_order: str | None = None,
    limit: int | None = None,
) -> Iterator[Json]:
    """The receipts that meet every filter, oldest first."""
    where = filters.records(
        statuses=[parse_enum(ReceiptStatus, value) for value in status],
        stages=[parse_enum(Stage, value) for value in stage],
        sku_id=None if sku is None else checked_id("sku_id", sku),
        work_order_id=None if work_order is None else checked_id("work_order_id", work_order),
    )
    with store.view() as view:
        yield from (views.receipt(receipt) for receipt in view.receipts(where, limit))


def show_receipt(store: Store, receipt_id: str) -> Json:
    """One receipt."""
    return views.receipt(store.get_receipt(receipt_id))


def verify_receipt(store: Store, receipt: str) -> Json:
    """One receipt, by id or by file, after it was found to be the ledger's, byte for byte."""
    return views.receipt(store.verify_receipt(receipt))


def quality_gates(store: Store, sku_id: str) -> Json:
    """The diagnostic run over all gates on the newest receipts (domain 9); writes nothing."""
    with store.view() as view:
        sku = found(view, Sku, sku_id)
        stages = [_diagnosed(one) for one in diagnose(view, sku)]
        counted = [stage["result"] for stage in stages]
        return {
            "sku_id": sku.id,
            "status": sku.status,
            "is_active": sku.status.active,
            "current_stage": sku.current_stage,
            "passed": counted.count("pass"),
            "failed": counted.count("fail"),
            "not_run": counted.count("not_run"),
            "stages": stages,
        }


def recorded(store: Store, done: Recorded) -> Json:
    """A recorded run as the edges show it: the receipt's fields."""
    value: dict[str, Any] = views.receipt(done.receipt)
    return value


def _diagnosed(one: Diagnosed) -> Json:
    receipt = one.receipt
    return {
        "stage": one.stage,
        "result": one.result,
        "receipt_id": receipt.id if receipt else None,
        "receipt_status": receipt.status if receipt else None,
        "stated": views.stated(receipt) if receipt else [],
        "rules": [plain(rule) for rule in one.rules],
    }
