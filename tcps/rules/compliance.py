"""Compliance (domain 8.4): nine requirements of a SKU, four of a period."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tcps.model import AndonEvent, Severity, Stage
from tcps.rules.andon import RESOLUTION_TEXTS
from tcps.rules.diagnosis import Diagnosed
from tcps.rules.findings import Verdict
from tcps.rules.metrics import Measured

MOST_DEFECTS_PCT = 2.0
LEAST_YIELD_PCT = 95.0
LONGEST_LEAD_HOURS = 24.0
LEAST_PUBLISHED = 1
_GATES = {
    "test_coverage": Stage.TEST_EXECUTION,
    "security_scan": Stage.SECURITY_SCAN,
    "deterministic_build": Stage.DETERMINISTIC_BUILD,
    "release_evidence": Stage.RELEASE_VERIFICATION,
}
"""The requirements that are one gate's."""


class Requirement(NamedTuple):
    """One thing that is required of a SKU, whether it is so, and why not."""

    name: str
    passed: bool
    detail: str


class Violation(NamedTuple):
    """One thing that a period does not meet."""

    name: str
    severity: Severity
    actual: float
    limit: float
    message: str


def requirements(
    verdict: Verdict,
    diagnosed: Iterable[Diagnosed],
    andons: Iterable[AndonEvent],
    analysed: Collection[str] | None,
) -> list[Requirement]:
    """The nine requirements of a SKU.

    `analysed` are the ids of the Andons that have a finalized analysis; None when policy asks for none.
    """
    by_stage, events = {one.stage: one for one in diagnosed}, list(andons)
    return [
        _chain(verdict, "integrity", verdict.intact),
        _chain(verdict, "completeness", verdict.complete),
        _all_gates(by_stage),
        *(_gate(name, by_stage[stage]) for name, stage in _GATES.items()),
        _no_open(events),
        _root_causes(events, analysed),
    ]


def violations(found: Measured) -> list[Violation]:
    """What the metrics of a period do not meet."""
    values = found.values
    yields, defects, lead = values["first_pass_yield"], values["defect_rate"], values["lead_time"]
    broken = [
        (found.published < LEAST_PUBLISHED, _few(found.published)),
        (defects > MOST_DEFECTS_PCT, _defects(defects)),
        (bool(found.sample_size) and yields < LEAST_YIELD_PCT, _yield(yields)),
        (lead > LONGEST_LEAD_HOURS, _slow(lead)),
    ]
    return [violation for is_broken, violation in broken if is_broken]


def _chain(verdict: Verdict, kind: str, passed: bool) -> Requirement:
    wrong = [finding.message for finding in verdict.findings if finding.kind == kind]
    good = f"{verdict.receipts_checked} receipts"
    return Requirement(f"chain_{kind}", passed, good if passed else "; ".join(wrong))


def _all_gates(diagnosed: Mapping[Stage, Diagnosed]) -> Requirement:
    unmet = [stage for stage, one in diagnosed.items() if not one.satisfied]
    detail = f"not met: {', '.join(unmet)}" if unmet else f"{len(diagnosed)} gates are met"
    return Requirement("quality_gates", not unmet, detail)


def _gate(name: str, one: Diagnosed) -> Requirement:
    if one.receipt is None:
        return Requirement(name, False, f"there is no receipt of {one.stage}")
    wrong = [rule.metric for rule in one.rules if not rule.passed]
    why = f", not met: {', '.join(wrong)}" if wrong else ""
    return Requirement(name, one.satisfied, f"{one.receipt.id} is {one.receipt.status}{why}")


def _no_open(andons: list[AndonEvent]) -> Requirement:
    held = [event.id for event in andons if event.resolution is None]
    return Requirement("no_open_andons", not held, f"open: {', '.join(held)}" if held else "none is open")


def _root_causes(andons: list[AndonEvent], analysed: Collection[str] | None) -> Requirement:
    resolved = [event for event in andons if event.resolution is not None]
    lacking = [
        event.id
        for event in resolved
        if not all(getattr(event.resolution, text) for text in RESOLUTION_TEXTS)
        or (analysed is not None and event.id not in analysed)
    ]
    detail = (
        f"not explained: {', '.join(lacking)}" if lacking else f"{len(resolved)} resolved Andons explained"
    )
    return Requirement("root_causes", not lacking, detail)


def _few(published: int) -> Violation:
    message = f"{published} SKUs were published, wanted at least {LEAST_PUBLISHED}"
    return Violation("insufficient_volume", Severity.HIGH, published, LEAST_PUBLISHED, message)


def _defects(rate: float) -> Violation:
    message = f"the defect rate is {rate:.2f} %, wanted at most {MOST_DEFECTS_PCT:g} %"
    return Violation("high_defect_rate", Severity.CRITICAL, rate, MOST_DEFECTS_PCT, message)


def _yield(rate: float) -> Violation:
    message = f"the first-pass yield is {rate:.2f} %, wanted at least {LEAST_YIELD_PCT:g} %"
    return Violation("low_first_pass_yield", Severity.HIGH, rate, LEAST_YIELD_PCT, message)


def _slow(hours: float) -> Violation:
    message = f"the lead time is {hours:.2f} h on average, wanted at most {LONGEST_LEAD_HOURS:g} h"
    return Violation("high_lead_time", Severity.LOW, hours, LONGEST_LEAD_HOURS, message)
