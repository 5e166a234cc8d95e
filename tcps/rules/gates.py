"""The ten quality gates (domain 9): every rule evaluated and reported, failing closed.

A missing metric, a wrong type, a number that is not finite, a rate outside 0..1 is a violation.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tcps.errors import InvalidInput
from tcps.model import (
    FAILURES,
    STAGES,
    Artifact,
    FailureType,
    Json,
    Part,
    Policy,
    Receipt,
    ReceiptStatus,
    Severity,
    Stage,
)
from tcps.rules import thresholds

TOLERANCE = 0.0005
"""How far a given rate may be from the computed one."""
SYSTEM_METRICS = frozenset(
    ("artifact_listed", "sbom_listed", "chain_intact", "stages_passed", "smoke_passed")
)
"""The metrics that are computed from the store and the receipt, and refused on input."""
_HEX = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.]+)?")
_MISSING = object()


class RuleResult(Part, frozen=True, kw_only=True):
    """One rule of one gate as it was judged; `reason` is null when it passed."""

    gate: Stage
    metric: str
    operator: str
    expected: Any
    actual: Any
    passed: bool
    reason: str | None = None


class Evidence(Part, frozen=True, kw_only=True):
    """What a gate is judged on: the run's own metrics and artifacts, and what came before it."""

    metrics: Json
    artifacts: tuple[Artifact, ...] = ()
    newest: Mapping[Stage, Receipt] = {}
    """The SKU's newest receipt of each stage, without the one being judged."""
    chain_intact: bool = True


def refuse_system_metrics(metrics: Mapping[str, object]) -> None:
    """Refuse metrics that only the system computes (`invalid_field`)."""
    given = sorted(SYSTEM_METRICS & metrics.keys())
    if given:
        raise InvalidInput(
            f"metrics {', '.join(given)} are computed by the system and cannot be given",
            details={"fields": [f"metrics.{name}" for name in given]},
        )


def evaluate(stage: Stage, evidence: Evidence, policy: Policy) -> list[RuleResult]:
    """Judge every rule of the stage's gate."""
    return list(_Judge(stage, evidence, policy).results())


def violations(results: list[RuleResult]) -> list[RuleResult]:
    """The rules that were not met."""
    return [result for result in results if not result.passed]


def failure_type(stage: Stage, violated: list[RuleResult]) -> FailureType:
    """The failure type that the stage's gate raises (domain 3.1)."""
    metrics = {result.metric for result in violated}
    if stage is Stage.TEST_EXECUTION and metrics == {"line_coverage"}:
        return FailureType.LOW_COVERAGE
    if stage is Stage.RELEASE_VERIFICATION and metrics and metrics <= {"chain_intact", "stages_passed"}:
        return FailureType.MISSING_RECEIPT
    return _FAILURE_OF[stage]


def failure_severity(stage: Stage, failure: FailureType, metrics: Mapping[str, object]) -> Severity:
    """The Andon's severity (domain 9): of a security scan, the highest class with findings."""
    if failure is not FailureType.SECURITY_VULNERABILITY or stage is not Stage.SECURITY_SCAN:
        return FAILURES[failure][0]
    counts = {severity: metrics.get(f"security_findings_{severity}") for severity in Severity}
    if not all(_is_count(count) for count in counts.values()):
        return Severity.CRITICAL
    return next((severity for severity, count in counts.items() if count), Severity.CRITICAL)


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


class _Judge:
    """One evaluation of one gate."""

    def __init__(self, stage: Stage, evidence: Evidence, policy: Policy) -> None:
        self.stage = stage
        self.evidence = evidence
        self.metrics = evidence.metrics
        self.policy = policy

    def results(self) -> Iterator[RuleResult]:
        judge: dict[Stage, Any] = {
            Stage.SHACL_VALIDATION: self._shacl,
            Stage.COMPILATION: self._compilation,
            Stage.TEST_EXECUTION: self._tests,
            Stage.SECURITY_SCAN: self._security,
            Stage.DETERMINISTIC_BUILD: self._build,
            Stage.QUALITY_METRICS: self._quality,
            Stage.RELEASE_VERIFICATION: self._release,
            Stage.SMOKE_TEST: self._smoke,
            Stage.MARKETPLACE_VALIDATION: self._listing,
            Stage.PUBLICATION: self._publication,
        }
        yield from judge[self.stage]()

    def _shacl(self) -> Iterator[RuleResult]:
        yield self._flag("shacl_conforms")
        yield self._count("shacl_violations", "=", 0)

    def _compilation(self) -> Iterator[RuleResult]:
        yield self._count("compile_errors", "=", 0)
        limit = thresholds.bound(self.policy, self.stage, "compile_warnings")
        if limit is not None:
            yield self._count("compile_warnings", "<=", limit)

    def _tests(self) -> Iterator[RuleResult]:
        yield self._at_least("tests_total", _is_count)
        yield self._sum()
        yield self._pass_rate()
        yield self._at_least("line_coverage", _is_rate)

    def _security(self) -> Iterator[RuleResult]:
        for severity in Severity:
            yield self._count(f"security_findings_{severity}", "=", 0)

    def _build(self) -> Iterator[RuleResult]:
        for metric in ("build_hash_1", "build_hash_2"):
            yield self._rule(metric, "matches", "64 lower-case hex digits", _is_hex, bool)
        first = self.metrics.get("build_hash_1", _MISSING)
        yield self._rule("build_hash_2", "=", _shown(first), _is_hex, lambda value: value == first)
        if "nondeterminism_findings_high" in self.metrics:
            yield self._count("nondeterminism_findings_high", "=", 0)

    def _quality(self) -> Iterator[RuleResult]:
        for metric in ("test_pass_rate", "line_coverage", "first_pass_yield"):
            yield self._at_least(metric, _is_rate)
        most = thresholds.bound(self.policy, self.stage, "defect_rate")
        yield self._rule("defect_rate", "<=", most, _is_rate, lambda value: value <= most)
        yield self._at_least("gate_pass_rate", _is_rate)

    def _release(self) -> Iterator[RuleResult]:
        yield self._same_artifact("build_hash_1", Stage.DETERMINISTIC_BUILD)
        yield self._count("artifact_size", ">=", 1)
        yield self._at_least("sbom_components", _is_count)
        yield self._count("dependencies_unpinned", "=", 0)
        yield self._count("licenses_violating", "=", 0)
        digest, size = self.metrics.get("artifact_sha256"), self.metrics.get("artifact_size")
        listed = any(a.sha256 == digest and a.size == size for a in self.evidence.artifacts)
        yield self._system("artifact_listed", listed)
        yield self._system("sbom_listed", any(is_sbom(a.name) for a in self.evidence.artifacts))
        yield self._system("chain_intact", self.evidence.chain_intact)
        yield self._system("stages_passed", all(self._passed(stage) for stage in STAGES[:6]))

    def _smoke(self) -> Iterator[RuleResult]:
        yield self._at_least("smoke_total", _is_count)
        yield self._count("smoke_failed", "=", 0)
        yield from self._released_artifact_if_given()

    def _listing(self) -> Iterator[RuleResult]:
        for metric in ("listing_name", "listing_category", "listing_author", "listing_license"):
            yield self._rule(metric, "is", "not blank", _is_text, lambda value: bool(value.strip()))
        enough = "at least 10 characters"
        yield self._rule(
            "listing_description", "has", enough, _is_text, lambda value: len(value.strip()) >= 10
        )
        yield self._rule("listing_version", "matches", _VERSION.pattern, _is_text, _VERSION.fullmatch)
        yield self._rule("listing_repository_url", "is", "a URL", _is_text, is_url)
        least = thresholds.bound(self.policy, self.stage, "listing_features") or 1
        yield self._rule(
            "listing_features", "has", f"at least {least} texts", _is_texts, lambda v: len(v) >= least
        )

    def _publication(self) -> Iterator[RuleResult]:
        yield self._rule("marketplace_url", "is", "a URL", _is_text, is_url)
        yield self._flag("entitlement_active")
        yield self._flag("health_check_passed")
        yield self._system("smoke_passed", self._passed(Stage.SMOKE_TEST))
        yield from self._released_artifact_if_given()

    def _passed(self, stage: Stage) -> bool:
        receipt = self.evidence.newest.get(stage)
        return receipt is not None and receipt.status is ReceiptStatus.PASS

    def _same_artifact(self, metric: str, stage: Stage) -> RuleResult:
        before = self.evidence.newest.get(stage)
        wanted = before.metrics.get(metric) if before else None
        return self._rule("artifact_sha256", "=", wanted, _is_hex, lambda value: value == wanted)

    def _released_artifact_if_given(self) -> Iterator[RuleResult]:
        if "artifact_sha256" in self.metrics:
            yield self._same_artifact("artifact_sha256", Stage.RELEASE_VERIFICATION)

    def _sum(self) -> RuleResult:
        """tests_passed + tests_failed = tests_total."""
        total = self.metrics.get("tests_total", _MISSING)
        parts = [self.metrics.get(name, _MISSING) for name in ("tests_passed", "tests_failed")]
        name, values = "tests_passed + tests_failed", [*parts, total]
        if any(value is _MISSING for value in values):
            return self._result(name, "=", _shown(total), None, "missing")
        if not all(_is_count(value) for value in values):
            return self._result(name, "=", _shown(total), None, "invalid")
        actual = sum(parts)  # type: ignore[arg-type]
        return self._result(name, "=", total, actual, None if actual == total else "inconsistent")

    def _pass_rate(self) -> RuleResult:
        """The computed share of passed tests; a given one must agree with it."""
        least = thresholds.bound(self.policy, self.stage, "test_pass_rate")
        passed, total = self.metrics.get("tests_passed"), self.metrics.get("tests_total")
        given = self.metrics.get("test_pass_rate", _MISSING)
        if not (_is_count(passed) and _is_count(total) and total):
            return self._result("test_pass_rate", ">=", least, _shown(given), "missing")
        rate = passed / total  # type: ignore[operator]
        if given is not _MISSING and not _is_rate(given):
            return self._result("test_pass_rate", ">=", least, given, "invalid")
        if given is not _MISSING and abs(given - rate) > TOLERANCE:  # type: ignore[operator]
            return self._result("test_pass_rate", "=", rate, given, "inconsistent")
        return self._result(
            "test_pass_rate", ">=", least, rate, None if rate >= (least or 0) else "threshold"
        )

    def _at_least(self, metric: str, valid: Any) -> RuleResult:
        least = thresholds.bound(self.policy, self.stage, metric)
        return self._rule(metric, ">=", least, valid, lambda value: value >= least)

    def _count(self, metric: str, operator: str, bound: int | float) -> RuleResult:
        compare = {"=": lambda v: v == bound, "<=": lambda v: v <= bound, ">=": lambda v: v >= bound}
        return self._rule(metric, operator, bound, _is_count, compare[operator])

    def _flag(self, metric: str) -> RuleResult:
        return self._rule(metric, "=", True, lambda value: isinstance(value, bool), lambda value: value)

    def _system(self, metric: str, value: bool) -> RuleResult:
        return self._result(metric, "=", True, value, None if value else "threshold")

    def _rule(self, metric: str, operator: str, expected: Any, valid: Any, holds: Any) -> RuleResult:
        actual = self.metrics.get(metric, _MISSING)
        if actual is _MISSING or actual is None:
            return self._result(metric, operator, expected, None, "missing")
        if not valid(actual):
            return self._result(metric, operator, expected, actual, "invalid")
        return self._result(metric, operator, expected, actual, None if holds(actual) else "threshold")

    def _result(
        self, metric: str, operator: str, expected: Any, actual: Any, reason: str | None
    ) -> RuleResult:
        return RuleResult(
            gate=self.stage,
            metric=metric,
            operator=operator,
            expected=expected,
            actual=actual,
            passed=reason is None,
            reason=reason,
        )


def is_sbom(name: str) -> bool:
    """Whether an artifact's name says that it is an SBOM (domain 9)."""
    return name in ("bom.json", "sbom.json") or name.endswith((".cdx.json", ".spdx.json"))


def is_url(value: str) -> bool:
    """http or https with a host, no user information, no white space (domain 9)."""
    if re.search(r"\s", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_rate(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 <= value <= 1  # type: ignore[arg-type]


def _is_hex(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) and v.strip() for v in value)


def _shown(value: object) -> Any:
    return None if value is _MISSING else value
