"""What a failed gate raises: the Andon's failure type (domain 3.1) and severity (domain 9)."""

from collections.abc import Mapping, Sequence

from tcps.model import FAILURES, FailureType, Severity, Stage
from tcps.rules.gates.judge import RuleResult
from tcps.rules.gates.values import is_count

_FAILURE_OF = {
    Stage.SHACL_VALIDATION: FailureType.SHACL_VIOLATION,
    Stage.COMPILATION: FailureType.COMPILATION_FAILURE,
    Stage.TEST_EXECUTION: FailureType.TEST_FAILURE,
    Stage.SECURITY_SCAN: FailureType.SECURITY_VULNERABILITY,
    Stage.DETERMINISTIC_BUILD: FailureType.NON_DETERMINISM,
    Stage.QUALITY_METRICS: FailureType.QUALITY_GATE_FAILURE,
    Stage.RELEASE_VERIFICATION: FailureType.RELEASE_FAILURE,
    Stage.SMOKE_TEST: FailureType.SMOKE_TEST_FAILURE,
    Stage.MARKETPLACE_VALIDATION: FailureType.PUBLICATION_FAILURE,
    Stage.PUBLICATION: FailureType.PUBLICATION_FAILURE,
}


def failure_type(stage: Stage, violated: Sequence[RuleResult]) -> FailureType:
    """The failure type that the stage's gate raises for these violations."""
    metrics = {result.metric for result in violated}
    if stage is Stage.TEST_EXECUTION and metrics == {"line_coverage"}:
        return FailureType.LOW_COVERAGE
    if stage is Stage.RELEASE_VERIFICATION and metrics and metrics <= {"chain_intact", "stages_passed"}:
        return FailureType.MISSING_RECEIPT
    return _FAILURE_OF[stage]


def failure_severity(failure: FailureType, metrics: Mapping[str, object]) -> Severity:
    """The default of the failure type; of a security scan, the highest class with findings.

    It is critical when no class has findings or a count is missing or invalid.
    """
    if failure is not FailureType.SECURITY_VULNERABILITY:
        return FAILURES[failure][0]
    counts = {severity: metrics.get(f"security_findings_{severity}") for severity in Severity}
    if not all(is_count(count) for count in counts.values()):
        return Severity.CRITICAL
    return next((severity for severity, count in counts.items() if count), Severity.CRITICAL)
