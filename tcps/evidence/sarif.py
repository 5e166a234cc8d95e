"""SARIF 2.1.0 (OASIS): results of kind `fail` that are not suppressed, counted by severity.

A severity comes from `security-severity` (of the result, else of its rule; CVSS 3 bands), else from the level
as section 3.27.10 finds it. Where the standard leaves room:

- A result is suppressed when it has suppressions and all of them are accepted, which is their default.
- A result whose `baselineState` is `absent` is one of an earlier run; every other state counts.
- A result of level `none` without a `security-severity` has no severity, so it is no finding.
- A run that says that its tool failed (`executionSuccessful` false, `results` null), or that keeps in other
  files what could change the count, is refused, and so is a log without any run. A run that has no `results`
  at all counts as one with an empty list, which many tools leave out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tcps.evidence.recognise import SARIF, of_document
from tcps.evidence.sarif_rules import Rules
from tcps.evidence.shape import choice, document, part, parts, text
from tcps.evidence.source import FormatError, Source
from tcps.model import Json, Severity

Findings = Counter[Severity]
"""How many results there are of each severity."""
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": None}
_KINDS = ("fail", "pass", "open", "review", "informational", "notApplicable")
_STATES = ("new", "unchanged", "updated", "absent")
_STATUSES = ("accepted", "underReview", "rejected")
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_SCORE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,10})?")
_ELSEWHERE = ("driver", "extensions", "invocations", "policies", "results")
"""What of a run may lie in another file (3.15.2) and could change the count."""


def read(source: Source) -> Findings:
    """The findings of a log, by severity. Raises InvalidInput."""
    log = document(source)
    found = of_document(log)
    if found != SARIF:
        raise source.refused(f"it is {found}")
    try:
        return Counter(severity for severity in _severities(log) if severity is not None)
    except FormatError as fault:
        raise source.refused(str(fault)) from None


def metrics(logs: Iterable[Findings]) -> Json:
    """security_findings_critical, _high, _medium and _low over all logs."""
    found: Findings = Counter()
    for log in logs:
        found.update(log)
    return {f"security_findings_{severity}": found[severity] for severity in Severity}


def _severities(log: Json) -> Iterator[Severity | None]:
    version = text(log, "version") or "none"
    if not version.startswith("2.1."):
        raise FormatError(f"it has the version {version[:40]}")
    runs = parts(log, "runs")
    if not runs:
        raise FormatError("it has no run: nothing was scanned")
    _require_here(parts(log, "inlineExternalProperties"))
    for run in runs:
        _require_success(run)
        _require_here([part(run, "externalPropertyFileReferences")])
        rules = Rules(run)
        for result in parts(run, "results"):
            yield _severity(result, rules)


def _require_success(run: Json) -> None:
    """A run whose tool failed does not say what is there."""
    if "results" in run and run["results"] is None:
        raise FormatError("the results of a run are null: its tool failed before it began")
    if any(invocation.get("executionSuccessful") is False for invocation in parts(run, "invocations")):
        raise FormatError("a run says that its tool failed (executionSuccessful is false)")


def _require_here(files: Iterable[Json]) -> None:
    """What counts must be in the log itself."""
    away = sorted({name for file in files for name in _ELSEWHERE if file.get(name)})
    if away:
        raise FormatError(f"a run keeps its {', '.join(away)} in external properties, which are not read")


def _severity(result: Json, rules: Rules) -> Severity | None:
    """The severity of a result; None when it is no finding."""
    if choice(result, "kind", _KINDS, "fail") != "fail" or _suppressed(result):
        return None
    if choice(result, "baselineState", _STATES, "new") == "absent":
        return None
    rule = rules.of(result)
    score = _score(result)
    if score is None and rule is not None:
        score = _score(rule)
    if score is not None:
        return next((severity for least, severity in _BANDS if score >= least), Severity.LOW)
    stated = choice(result, "level", _LEVELS, "")
    return _LEVELS[stated or rules.level(result, rule)]


def _suppressed(result: Json) -> bool:
    statuses = [choice(one, "status", _STATUSES, "accepted") for one in parts(result, "suppressions")]
    return bool(statuses) and all(status == "accepted" for status in statuses)


def _score(holder: Json) -> float | None:
    """The `security-severity` of a result or a rule: a CVSS score as text or number; None when it is none."""
    value: Any = part(holder, "properties").get("security-severity")
    written = str(value).strip() if isinstance(value, str | int | float) else ""
    score = float(written) if _SCORE.fullmatch(written) else None
    return score if score is not None and score <= 10 else None
