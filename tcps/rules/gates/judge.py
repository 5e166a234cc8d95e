"""The judging of one rule of a gate on a run's metrics (domain 9), failing closed."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tcps.model import Artifact, Json, Part, Policy, Receipt, ReceiptStatus, Stage
from tcps.rules import thresholds
from tcps.rules.gates.values import agree, brief, is_count, is_flag, is_hex

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, bound: bool(value == bound),
    "<=": lambda value, bound: bool(value <= bound),
    ">=": lambda value, bound: bool(value >= bound),
}


class RuleResult(Part, frozen=True, kw_only=True):
    """One rule of one gate as it was judged; `reason` is null when it passed.

    Reasons are missing, invalid, inconsistent and threshold.
    """

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
    newest: Mapping[Stage, Receipt] = msgspec.field(default_factory=dict)
    """The SKU's newest receipt of each earlier stage."""
    chain_intact: bool = True
    given: Json = msgspec.field(default_factory=dict)
    """What the caller gave of the metrics that were read from reports."""


class Judge:
    """Judges the rules of one gate, one at a time."""

    def __init__(self, stage: Stage, evidence: Evidence, policy: Policy) -> None:
        self.stage = stage
        self.evidence = evidence
        self.metrics = evidence.metrics
        self.policy = policy

    def bound(self, metric: str) -> float | None:
        """The bound of the gate's metric that applies now."""
        return thresholds.bound(self.policy, self.stage, metric)

    def at_least(self, metric: str, valid: Callable[[object], bool]) -> RuleResult:
        """The metric is at least its bound."""
        least = self.bound(metric) or 0
        return self.rule(metric, ">=", least, valid, lambda value: value >= least)

    def at_most(self, metric: str, valid: Callable[[object], bool]) -> RuleResult:
        """The metric is at most its bound."""
        most = self.bound(metric) or 0
        return self.rule(metric, "<=", most, valid, lambda value: value <= most)

    def count(self, metric: str, operator: str, bound: float) -> RuleResult:
        """The metric is an integer of at least 0 that compares so with the bound."""
        return self.rule(metric, operator, bound, is_count, lambda value: _COMPARE[operator](value, bound))

    def flag(self, metric: str) -> RuleResult:
        """The metric is true."""
        return self.rule(metric, "=", True, is_flag, lambda value: value)

    def system(self, metric: str, value: bool) -> RuleResult:
        """A metric that the system computes is true."""
        return self.result(metric, "=", True, value, None if value else "threshold")

    def same_digest(self, metric: str, wanted: object) -> RuleResult:
        """The metric is the SHA-256 that is wanted."""
        return self.rule(metric, "=", brief(wanted), is_hex, lambda value: value == wanted)

    def agreement(self, metric: str, given: object) -> RuleResult:
        """A metric that was both given and read says the same."""
        read = self.metrics.get(metric)
        return self.result(metric, "=", brief(read), given, None if agree(given, read) else "inconsistent")

    def passed(self, stage: Stage) -> bool:
        """Whether the newest receipt of an earlier stage is pass."""
        receipt = self.evidence.newest.get(stage)
        return receipt is not None and receipt.status is ReceiptStatus.PASS

    def metric_of(self, stage: Stage, metric: str) -> object:
        """A metric of the newest receipt of an earlier stage; None when there is none."""
        receipt = self.evidence.newest.get(stage)
        return None if receipt is None else receipt.metrics.get(metric)

    def rule(
        self,
        metric: str,
        operator: str,
        expected: object,
        valid: Callable[[object], bool],
        holds: Callable[[Any], object],
    ) -> RuleResult:
        """The metric is there, is `valid`, and meets `holds`."""
        actual = self.metrics.get(metric)
        if actual is None:
            return self.result(metric, operator, expected, None, "missing")
        if not valid(actual):
            return self.result(metric, operator, expected, actual, "invalid")
        return self.result(metric, operator, expected, actual, None if holds(actual) else "threshold")

    def result(
        self, metric: str, operator: str, expected: object, actual: object, reason: str | None
    ) -> RuleResult:
        """What became of one rule."""
        return RuleResult(
            gate=self.stage,
            metric=metric,
            operator=operator,
            expected=expected,
            actual=brief(actual),
            passed=reason is None,
            reason=reason,
        )
