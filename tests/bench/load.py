"""The load: seeded work orders, and SKUs whose ten stages really pass their gates (domain 9)."""

import random
from collections.abc import Iterator
from typing import Any

from tcps.model import BUCKETS, STAGES, Stage
from tcps.rules import pipeline, policy
from tcps.rules.pipeline import Run, read_run
from tcps.store import Store

SEED = 20260120
_TEXT = (
    "rotate cache ledger queue index replica token digest latency retry backlog quota schema shard "
    "socket thread budget alert runbook canary rollout signature manifest checksum window"
)
_WORDS = _TEXT.split()


def demands(count: int, seed: int = SEED) -> list[dict[str, Any]]:
    """Work orders as a caller gives them; stored, each takes about a kilobyte."""
    chance = random.Random(seed)
    return [_demand(chance, number) for number in range(count)]


def lift_wip_limits(store: Store) -> None:
    """Let every bucket hold as many orders in progress as the load needs."""
    for bucket in BUCKETS:
        with store.transaction("policy.set") as draft:
            policy.change(draft, f"wip_limits.{bucket}", policy.UNLIMITED)


def runs(sku_ids: list[str], seed: int = SEED) -> Iterator[Run]:
    """All ten stages of every SKU, stage by stage, as a line with many SKUs on it works."""
    builds = {sku_id: _build(random.Random(f"{seed} {sku_id}"), sku_id) for sku_id in sku_ids}
    for stage in STAGES:
        yield from (_run(sku_id, stage, build) for sku_id, build in builds.items())


def run(store: Store, stage: Run) -> None:
    """One run of one stage: judged, recorded, and the SKU moved on, in one transaction."""
    with store.transaction("sku.run") as draft:
        pipeline.run(draft, stage)


def _run(sku_id: str, stage: Stage, build: dict[str, Any]) -> Run:
    return read_run(
        sku_id=sku_id,
        stage=stage,
        metrics=build["metrics"][stage],
        artifacts=build["artifacts"] if stage is Stage.RELEASE_VERIFICATION else (),
        evidence={"command": ["make", stage.value], "exit_code": 0},
        duration_ms=build["duration_ms"],
    )


def _demand(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "title": f"{' '.join(chance.choices(_WORDS, k=5))} {number}",
        "description": " ".join(chance.choices(_WORDS, k=30)),
        "bucket": chance.choice([bucket.value for bucket in BUCKETS]),
        "priority": chance.randint(1, 10),
        "labels": chance.sample(_WORDS, k=2),
        "metadata": {"team": chance.choice(_WORDS), "estimate": chance.randint(1, 13)},
    }


def _build(chance: random.Random, sku_id: str) -> dict[str, Any]:
    """One SKU's build: an artifact, an SBOM, and metrics that pass every gate."""
    artifact, size = chance.randbytes(32).hex(), chance.randint(10_000, 10_000_000)
    tests = chance.randint(100, 2_000)
    artifacts = [
        {"name": f"{sku_id}.whl", "sha256": artifact, "size": size},
        {"name": "bom.json", "sha256": chance.randbytes(32).hex(), "size": size // 10},
    ]
    rates = {"line_coverage": chance.uniform(0.85, 0.99), "test_pass_rate": 1.0}
    metrics = _metrics(artifact, size, tests, rates)
    return {"artifacts": artifacts, "duration_ms": chance.randint(50, 90_000), "metrics": metrics}


def _metrics(artifact: str, size: int, tests: int, rates: dict[str, float]) -> dict[Stage, dict[str, Any]]:
    released = {"artifact_sha256": artifact}
    severities = ("critical", "high", "medium", "low")
    return {
        Stage.SHACL_VALIDATION: {"shacl_conforms": True, "shacl_violations": 0},
        Stage.COMPILATION: {"compile_errors": 0, "compile_warnings": tests % 7},
        Stage.TEST_EXECUTION: {"tests_total": tests, "tests_passed": tests, "tests_failed": 0} | rates,
        Stage.SECURITY_SCAN: {f"security_findings_{severity}": 0 for severity in severities},
        Stage.DETERMINISTIC_BUILD: {"build_hash_1": artifact, "build_hash_2": artifact},
        Stage.QUALITY_METRICS: rates
        | {"first_pass_yield": 0.97, "defect_rate": 0.01, "gate_pass_rate": 0.98},
        Stage.RELEASE_VERIFICATION: released
        | {
            "artifact_size": size,
            "sbom_components": tests // 10,
            "dependencies_unpinned": 0,
            "licenses_violating": 0,
        },
        Stage.SMOKE_TEST: released | {"smoke_total": 12, "smoke_failed": 0},
        Stage.MARKETPLACE_VALIDATION: _listing(),
        Stage.PUBLICATION: released
        | {
            "marketplace_url": "https://market.example/listings/1",
            "entitlement_active": True,
            "health_check_passed": True,
        },
    }


def _listing() -> dict[str, Any]:
    return {
        "listing_name": "Key rotation",
        "listing_category": "security",
        "listing_author": "The platform team",
        "listing_license": "Apache-2.0",
        "listing_description": "Rotates every key of a fleet and proves it.",
        "listing_version": "1.4.2",
        "listing_repository_url": "https://git.example/keys",
        "listing_features": ["rotation", "proof", "roll back"],
    }
