"""The ten quality gates (domain 9): every rule evaluated and reported, failing closed.

A missing metric, a wrong type, a number that is not finite, a rate outside 0..1 is a violation.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tcps.errors import InvalidInput
from tcps.model import Policy, Stage
from tcps.rules.gates.failures import failure_severity, failure_type
from tcps.rules.gates.judge import Evidence, Judge, RuleResult
from tcps.rules.gates.stages import GATES
from tcps.rules.gates.values import TOLERANCE, is_sbom, is_url

__all__ = [
    "SYSTEM_METRICS",
    "TOLERANCE",
    "Evidence",
    "RuleResult",
    "evaluate",
    "failure_severity",
    "failure_type",
    "is_sbom",
    "is_url",
    "metrics_of_command",
    "refuse_system_metrics",
    "violations",
]

SYSTEM_METRICS = frozenset(
    ("artifact_listed", "sbom_listed", "chain_intact", "stages_passed", "smoke_passed")
)
"""The metrics that are computed from the store and the receipt, and refused on input."""


def refuse_system_metrics(metrics: Mapping[str, object]) -> None:
    """Refuse metrics that only the system computes (`invalid_field`)."""
    given = sorted(SYSTEM_METRICS & metrics.keys())
    if given:
        raise InvalidInput(
            f"metrics {', '.join(given)} are computed by the system and cannot be given",
            details={"fields": [f"metrics.{name}" for name in given]},
        )


def evaluate(stage: Stage, evidence: Evidence, policy: Policy) -> list[RuleResult]:
    """Judge every rule of the stage's gate, then whether what was given agrees with what was read."""
    judge = Judge(stage, evidence, policy)
    agreements = (judge.agreement(metric, value) for metric, value in sorted(evidence.given.items()))
    return [*GATES[stage](judge), *agreements]


def violations(results: Iterable[RuleResult]) -> list[RuleResult]:
    """The rules that were not met."""
    return [result for result in results if not result.passed]


def metrics_of_command(stage: Stage, exit_code: int) -> dict[str, Any]:
    """What a command's exit code alone says at the stages where it says something (domain 9)."""
    bad = int(exit_code != 0)
    if stage is Stage.SHACL_VALIDATION:
        return {"shacl_conforms": not bad, "shacl_violations": bad}
    if stage is Stage.COMPILATION:
        return {"compile_errors": bad}
    if stage is Stage.SMOKE_TEST:
        return {"smoke_total": 1, "smoke_failed": bad}
    return {}
