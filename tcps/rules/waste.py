"""Waste (domain 12.2): hours lost to a named cause in a period."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tcps.model import HOUR_MS, AndonEvent, Effort, Period, Receipt, Stage, WasteType
from tcps.rules.andon_metrics import cause
from tcps.rules.past import Past

WEEK_DAYS = 7
SLOW_COMPILATION_MS = 300_000
LONG_STAGE_HOURS = 1.0
FLAKY_TEST_HOURS = 0.25
BY_HAND_HOURS = 1.0
REPEATED_HOURS = 2.0
REWORK_HOURS = 2.0
EXAMPLES = 5


class Cure(NamedTuple):
    """What it takes to end a kind of waste, and the share of it that is then saved."""

    effort: Effort
    saving: float


CURES = {
    WasteType.COMPILATION_SLOW: Cure(Effort.MEDIUM, 0.40),
    WasteType.FLAKY_TEST: Cure(Effort.LOW, 1.00),
    WasteType.MANUAL_INTERVENTION: Cure(Effort.HIGH, 1.00),
    WasteType.REPEAT_ANDON: Cure(Effort.LOW, 1.00),
    WasteType.LONG_LEAD_TIME: Cure(Effort.MEDIUM, 0.50),
    WasteType.EXCESSIVE_REWORK: Cure(Effort.MEDIUM, 0.50),
}

Key = tuple[WasteType, Stage | None, str | None]


class WastePoint(NamedTuple):
    """One cause of waste: hours lost each time, how often, and up to five examples (ids or names)."""

    waste_type: WasteType
    stage: Stage | None
    root_cause: str | None
    impact: float
    frequency: int
    examples: tuple[str, ...]

    @property
    def total_waste(self) -> float:
        """The hours lost in the period."""
        return self.impact * self.frequency

    @property
    def key(self) -> Key:
        """What makes it the same cause in another period."""
        return self.waste_type, self.stage, self.root_cause

    def weekly(self, period: Period) -> float:
        """The hours lost a week."""
        return self.total_waste * WEEK_DAYS / period.days


def waste(past: Past) -> list[WastePoint]:
    """Every cause of waste in a period, the greatest first."""
    points = [*_slow_compilation(past), *_long_stages(past), *_rework(past), *_by_hand(past)]
    points += [*_flaky(past), *_repeated(past)]
    return sorted(points, key=_order)


def total(points: Iterable[WastePoint]) -> float:
    """The hours lost to all of them."""
    return sum(point.total_waste for point in points)


def flaky_tests(receipts: Iterable[Receipt]) -> list[str]:
    """The names of tests that passed and failed within one revision; without one, within one SKU."""
    seen: dict[tuple[str, str], dict[str, set[str]]] = {}
    for receipt in receipts:
        group = seen.setdefault(_within(receipt), {"passed": set(), "failed": set()})
        for name, outcome in _outcomes(receipt):
            if outcome in group:
                group[outcome].add(name)
    return sorted(set().union(*(group["passed"] & group["failed"] for group in seen.values())))


def _slow_compilation(past: Past) -> Iterator[WastePoint]:
    slow = past.slow(Stage.COMPILATION, SLOW_COMPILATION_MS)
    if slow.total:
        excess = (slow.duration_ms / slow.total - SLOW_COMPILATION_MS) / HOUR_MS
        point = WasteType.COMPILATION_SLOW, Stage.COMPILATION, None
        yield WastePoint(*point, excess, slow.total, slow.ids)


def _long_stages(past: Past) -> Iterator[WastePoint]:
    for runs in past.runs():
        mean = runs.duration_ms / runs.total / HOUR_MS
        if mean > LONG_STAGE_HOURS:
            found = past.receipts_of(runs.stage)
            point = WasteType.LONG_LEAD_TIME, runs.stage, None
            yield WastePoint(*point, mean - LONG_STAGE_HOURS, found.total, found.ids)


def _rework(past: Past) -> Iterator[WastePoint]:
    failures = past.failures()
    if failures.total:
        yield _spanning(WasteType.EXCESSIVE_REWORK, REWORK_HOURS, failures.total, failures.ids)


def _by_hand(past: Past) -> Iterator[WastePoint]:
    found = past.by_hand()
    if found.total:
        yield _spanning(WasteType.MANUAL_INTERVENTION, BY_HAND_HOURS, found.total, found.ids)


def _flaky(past: Past) -> Iterator[WastePoint]:
    names = flaky_tests(past.tested())
    if names:
        yield _spanning(WasteType.FLAKY_TEST, FLAKY_TEST_HOURS, len(names), tuple(names[:EXAMPLES]))


def _repeated(past: Past) -> Iterator[WastePoint]:
    for root_cause, ids in _by_cause(past.resolved()).items():
        if len(ids) > 1:
            point = WasteType.REPEAT_ANDON, None, root_cause
            yield WastePoint(*point, REPEATED_HOURS, len(ids), tuple(ids[:EXAMPLES]))


def _by_cause(andons: Iterable[AndonEvent]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for andon in andons:
        if andon.resolution is not None:
            groups.setdefault(cause(andon.resolution.root_cause), []).append(andon.id)
    return groups


def _spanning(kind: WasteType, hours: float, count: int, examples: tuple[str, ...]) -> WastePoint:
    """A cause of waste that is not of one stage."""
    return WastePoint(kind, None, None, hours, count, examples)


def _within(receipt: Receipt) -> tuple[str, str]:
    revision = receipt.evidence.get("source_revision")
    given = isinstance(revision, str) and revision.strip()
    return ("revision", str(revision).strip()) if given else ("sku", receipt.sku_id)


def _outcomes(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Name and outcome of each test that the receipt's evidence names as it should."""
    tests = receipt.evidence.get("tests")
    for test in tests if isinstance(tests, list) else ():
        if isinstance(test, dict) and isinstance(test.get("name"), str):
            yield test["name"], str(test.get("outcome"))


def _order(point: WastePoint) -> tuple[float, str, int, str]:
    number = 0 if point.stage is None else point.stage.number
    return -point.total_waste, point.waste_type, number, point.root_cause or ""
