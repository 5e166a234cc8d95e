"""What the tests of the rules share: orders and SKUs on a real store, and metrics that pass every gate."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.model import STAGES, AndonEvent, Json, Sku, Stage, WorkOrder
from tcps.rules import andon, pipeline, policy, signals, work_orders
from tcps.rules.pipeline import Recorded
from tcps.store import Store
from tests.conftest import START

HASH = "ab" * 32
OTHER_HASH = "cd" * 32
ARTIFACTS = (
    {"name": "app.whl", "sha256": HASH, "size": 7},
    {"name": "bom.json", "sha256": OTHER_HASH, "size": 9},
)
PASSING: dict[Stage, Json] = {
    Stage.SHACL_VALIDATION: {"shacl_conforms": True, "shacl_violations": 0},
    Stage.COMPILATION: {"compile_errors": 0},
    Stage.TEST_EXECUTION: {"tests_total": 20, "tests_passed": 20, "tests_failed": 0, "line_coverage": 0.9},
    Stage.SECURITY_SCAN: {
        "security_findings_critical": 0,
        "security_findings_high": 0,
        "security_findings_medium": 0,
        "security_findings_low": 0,
    },
    Stage.DETERMINISTIC_BUILD: {"build_hash_1": HASH, "build_hash_2": HASH},
    Stage.QUALITY_METRICS: {
        "test_pass_rate": 1.0,
        "line_coverage": 0.9,
        "first_pass_yield": 1,
        "defect_rate": 0,
        "gate_pass_rate": 1.0,
    },
    Stage.RELEASE_VERIFICATION: {
        "artifact_sha256": HASH,
        "artifact_size": 7,
        "sbom_components": 3,
        "dependencies_unpinned": 0,
        "licenses_violating": 0,
    },
    Stage.SMOKE_TEST: {"smoke_total": 2, "smoke_failed": 0, "artifact_sha256": HASH},
    Stage.MARKETPLACE_VALIDATION: {
        "listing_name": "app",
        "listing_description": "ten or more",
        "listing_version": "1.0.0",
        "listing_category": "tools",
        "listing_author": "alice",
        "listing_license": "MIT",
        "listing_repository_url": "https://example.org/app",
        "listing_features": ["builds"],
    },
    Stage.PUBLICATION: {
        "marketplace_url": "https://example.org/market/app",
        "entitlement_active": True,
        "health_check_passed": True,
        "artifact_sha256": HASH,
    },
}
"""Metrics with which each stage's gate passes."""
FAILING: Json = {"compile_errors": 1}
TEXTS = {"root_cause": "a cause", "fix_applied": "a fix", "prevention_added": "a prevention"}


class Unhurried(Disk):
    """The real file system, never waiting for the medium: what a rule decides does not hang on it."""

    def sync(self, fd: int, path: Path) -> None:
        pass

    def sync_dir(self, directory: Path) -> None:
        pass

    def sync_all(self) -> None:
        pass

    def replace(self, path: Path, data: bytes, *, durably: bool = False) -> None:
        super().replace(path, data)


def act(store: Store, rule: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Apply one rule in one transaction."""
    with store.transaction(rule.__name__) as draft:
        return rule(draft, *args, **named)


@contextlib.contextmanager
def fresh_store() -> Iterator[Store]:
    """A store for one example of a property."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(folder, actor="alice", clock=lambda: START, disk=Unhurried()) as store,
    ):
        yield store


def ledger(store: Store) -> dict[str, bytes]:
    """Every byte of the ledger."""
    return {path.name: path.read_bytes() for path in (store.folder / "ledger").glob("*.jsonl")}


@contextlib.contextmanager
def refused(store: Store, code: str) -> Iterator[pytest.ExceptionInfo[TcpsError]]:
    """The body raises the error with this code, and the ledger stays as it was."""
    before = ledger(store)
    with pytest.raises(TcpsError) as caught:
        yield caught
    assert caught.value.code == code
    assert ledger(store) == before


@contextlib.contextmanager
def unchanged(store: Store) -> Iterator[None]:
    """The body writes nothing."""
    before = ledger(store)
    yield
    assert ledger(store) == before


def order(store: Store, title: str = "work", **fields: Any) -> WorkOrder:
    """A new work order."""
    return intake(store, title, fields, start_now=False)


def started(store: Store, title: str = "work", **fields: Any) -> WorkOrder:
    """A new work order in progress."""
    return intake(store, title, fields, start_now=True)


def intake(store: Store, title: str, fields: Json, start_now: bool) -> WorkOrder:
    """What becomes of a demand."""
    demand = signals.read_demand({"title": title, **fields})
    taken: work_orders.Intake = act(store, work_orders.create, demand, start_now=start_now)
    return taken.order


def sku(store: Store, sku_id: str | None = None, work_order_id: str | None = None) -> Sku:
    """A new SKU, of a new order unless one is named."""
    with store.transaction("sku") as draft:
        owner = work_order_id or order(store).id
        return pipeline.create(draft, owner, sku_id)


def read_run(sku_id: str, stage: Stage, metrics: Json | None = None, **fields: Any) -> pipeline.Run:
    """A run that passes its gate unless other metrics are given."""
    artifacts = ARTIFACTS if stage is Stage.RELEASE_VERIFICATION else ()
    given = {"artifacts": artifacts, **fields}
    chosen = PASSING[stage] if metrics is None else metrics
    return pipeline.read_run(sku_id=sku_id, stage=stage, metrics=chosen, **given)


def record(store: Store, sku_id: str, stage: Stage, metrics: Json | None = None, **fields: Any) -> Recorded:
    """Record one run."""
    return act(store, pipeline.record, read_run(sku_id, stage, metrics, **fields))


def run(store: Store, sku_id: str, stage: Stage, metrics: Json | None = None, **fields: Any) -> Recorded:
    """Record one run and advance if it passes."""
    return act(store, pipeline.run, read_run(sku_id, stage, metrics, **fields))


def bring(store: Store, sku_id: str, stage: Stage | None = None) -> Sku:
    """Run the SKU through every stage before `stage`; through all of them when None."""
    passed = STAGES if stage is None else STAGES[: stage.number - 1]
    with store.transaction("bring") as draft:
        for before in passed:
            done = pipeline.run(draft, read_run(sku_id, before))
            assert done.advanced
    return stored_sku(store, sku_id)


def published(store: Store, work_order_id: str | None = None) -> Sku:
    """A SKU that is published."""
    with store.transaction("published") as draft:
        made = sku(store, None, work_order_id)
        bring(store, made.id)
        return pipeline.publish(draft, made.id)


def trigger(store: Store, sku_id: str, failure_type: str = "test_failure", **fields: Any) -> AndonEvent:
    """Stop the line for a SKU."""
    return act(store, andon.trigger, sku_id=sku_id, failure_type=failure_type, **fields)


def resolve(store: Store, andon_id: str) -> AndonEvent:
    """End an Andon."""
    return act(store, andon.resolve, andon_id, **TEXTS)


def setting(store: Store, key: str, value: object) -> None:
    """Change the policy."""
    act(store, policy.change, key, value)


def stored_sku(store: Store, sku_id: str) -> Sku:
    """The SKU as it is stored."""
    with store.view() as view:
        found = view.get(Sku, sku_id)
    assert found is not None
    return found


def queue(store: Store, bucket: Any) -> tuple[str, ...]:
    """The bucket's queue, head first."""
    with store.view() as view:
        return view.queue(bucket)


def wip(store: Store, bucket: Any) -> int:
    """The bucket's work in progress."""
    with store.view() as view:
        return view.wip(bucket)
