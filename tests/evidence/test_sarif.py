"""SARIF 2.1 (domain 9): results of kind fail that are not suppressed, by security-severity, else by level."""

import pytest

from tcps.evidence.source import Kind
from tests.evidence.reading import FOLDER, metrics, report

FOUND = {
    "baseline-states.sarif": (0, 0, 3, 0),
    "kinds.sarif": (0, 1, 0, 0),
    "levels-of-rules-and-overrides.sarif": (0, 4, 1, 2),
    "levels.sarif": (0, 1, 2, 2),
    "rules-of-extensions.sarif": (2, 3, 1, 1),
    "security-severity.sarif": (2, 2, 3, 2),
    "suppressions.sarif": (0, 5, 0, 0),
    "two-runs-one-without-results.sarif": (0, 1, 0, 0),
}
"""Of each log: how many findings are critical, high, medium, low."""


def findings(*names: str) -> tuple[int, ...]:
    """The findings of logs together."""
    found = metrics(*(report(Kind.SARIF, name) for name in names))
    names_in_order = [f"security_findings_{severity}" for severity in ("critical", "high", "medium", "low")]
    assert list(found) == names_in_order
    return tuple(found.values())


def test_every_log_here_has_its_counts() -> None:
    assert set(FOUND) == {path.name for path in (FOLDER / "sarif").iterdir()}


@pytest.mark.parametrize("name", FOUND)
def test_the_findings_of_a_log_are_counted_by_severity(name: str) -> None:
    assert findings(name) == FOUND[name]


def test_the_findings_of_several_logs_add_up() -> None:
    assert findings("levels.sarif", "security-severity.sarif") == (2, 3, 5, 4)
