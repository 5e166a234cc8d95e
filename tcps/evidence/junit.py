"""JUnit XML, in the dialects that test tools write: the cases are counted, stated totals are not read.

A case that was run again is one case with several attempts. Surefire, Gradle and nextest write earlier
attempts inside it (`flakyFailure`, `rerunFailure`); gotestsum, Gradle and pytest-rerunfailures write one
`testcase` an attempt, of the same suite, class and name. Rows of a data-driven test may share a name too, so
how several of one name are read depends on which of them failed:

=====================  ==========================================================
in the order written   is
=====================  ==========================================================
none failed            each a case of its own
the last one failed    one case, failed
all but the last did   one case, passed in the end
otherwise              each a case of its own; so one that failed counts as failed
=====================  ==========================================================

A `testcase` that is skipped is a case of its own.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tcps.canonical import line_bytes
from tcps.evidence import elements
from tcps.evidence.recognise import JUNIT, recognise
from tcps.evidence.source import Source
from tcps.model import Json

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_SUITES = ("testsuites", "testsuite")
_FAULTS = ("failure", "error")
_LAST_PASSED = ("flakyFailure", "flakyError")
_LAST_FAILED = ("rerunFailure", "rerunError")
_STATUS = {
    **dict.fromkeys(("failed", "failure", "fail", "error"), FAILED),
    **dict.fromkeys(("notrun", "disabled", "skipped", "ignored"), SKIPPED),
}
"""The attribute `status` where it says more than the elements do, as for tests that GoogleTest left out."""
_NAME = 256
"""The most characters of a name that are kept."""


class Case(NamedTuple):
    """A test case: its name, how it ended, and whether an earlier attempt of it failed."""

    name: str
    outcome: str
    retried: bool = False


class _Attempt:
    """A `testcase` element as it is read."""

    def __init__(self, name: str, status: str) -> None:
        self.name = name
        self.outcome = _STATUS.get(status.lower(), PASSED)
        self.retried = False

    def child(self, element: str) -> None:
        """Take what an element inside says of the outcome; a failure outweighs all else."""
        if element in _FAULTS or element in _LAST_FAILED:
            self.outcome = FAILED
        elif element == "skipped" and self.outcome == PASSED:
            self.outcome = SKIPPED
        elif element in _LAST_PASSED:
            self.retried = True

    def case(self) -> Case:
        """The case, if this is its only attempt."""
        return Case(self.name, self.outcome, self.retried and self.outcome == PASSED)


class _Visitor:
    """Groups what may be attempts of one case."""

    def __init__(self) -> None:
        self.groups: dict[tuple[int, str, str], list[_Attempt]] = {}
        self.open: list[_Attempt] = []
        self.suites: list[tuple[int, str]] = []
        self.count = 0

    def start(self, path: list[str], attributes: dict[str, str]) -> None:
        element, parent = path[-1], path[-2] if len(path) > 1 else ""
        if element in _SUITES:
            self.count += 1
            self.suites.append((self.count, attributes.get("name", "")))
        elif element == "testcase":
            self.open.append(self.attempt(attributes))
        elif parent == "testcase":
            self.open[-1].child(element)
        elif parent in _SUITES and element in _FAULTS:  # of the suite itself, such as its set-up
            self.attempt({"name": element, "status": "failed"})

    def text(self, path: list[str], text: str) -> None:
        """Outputs and messages are not read."""

    def end(self, path: list[str]) -> None:
        if path[-1] in _SUITES:
            self.suites.pop()
        elif path[-1] == "testcase":
            self.open.pop()

    def attempt(self, attributes: dict[str, str]) -> _Attempt:
        number, suite = self.suites[-1]
        owner, name = attributes.get("classname", ""), attributes.get("name", "")
        parts = (" ".join(part.split()) for part in (owner or suite, name))
        told = ".".join(filter(None, parts)) or "(no name)"
        attempt = _Attempt(told[:_NAME], attributes.get("status", ""))
        self.groups.setdefault((number, owner, name), []).append(attempt)
        return attempt


def read(source: Source) -> tuple[Case, ...]:
    """Every case of a report. Raises InvalidInput."""
    found = recognise(source.data)
    if found != JUNIT:
        raise source.refused(f"it is {found}")
    visitor = _Visitor()
    elements.walk(source, visitor)
    return tuple(case for attempts in visitor.groups.values() for case in _cases(attempts))


def _cases(attempts: list[_Attempt]) -> Iterable[Case]:
    """The cases that elements of the same suite, class and name are."""
    if len(attempts) == 1:
        return [attempts[0].case()]
    ran = [attempt for attempt in attempts if attempt.outcome != SKIPPED]
    failed = [attempt.outcome == FAILED for attempt in ran]
    skipped = [attempt.case() for attempt in attempts if attempt.outcome == SKIPPED]
    if any(failed) and failed[-1]:
        return [*skipped, ran[-1].case()]
    if len(ran) > 1 and all(failed[:-1]):
        return [*skipped, Case(ran[-1].name, PASSED, retried=True)]
    return [*skipped, *(attempt.case() for attempt in ran)]


def metrics(cases: Iterable[Case]) -> Json:
    """tests_total (without the skipped), tests_passed, tests_failed, tests_skipped."""
    outcomes = [case.outcome for case in cases]
    passed, failed = outcomes.count(PASSED), outcomes.count(FAILED)
    return {
        "tests_total": passed + failed,
        "tests_passed": passed,
        "tests_failed": failed,
        "tests_skipped": outcomes.count(SKIPPED),
    }


def tests(cases: Iterable[Case], room: int) -> tuple[list[Json], int]:
    """evidence.tests within `room` bytes, and how many entries are left out of it.

    An entry is {name, outcome}; a case that was retried and passed in the end has one of each outcome. Where
    there is no room for all of them, names with a failure come first, then the skipped ones.
    """
    pairs = dict.fromkeys(
        (case.name, outcome)
        for case in cases
        for outcome in ((FAILED, PASSED) if case.retried else (case.outcome,))
    )
    failed = {name for name, outcome in pairs if outcome == FAILED}
    ranks = {pair: (pair[0] not in failed, pair[1] != SKIPPED) for pair in pairs}
    taken = set()
    for pair in sorted(pairs, key=ranks.__getitem__):
        room -= len(line_bytes(_entry(pair))) + 1
        if room < 0:
            break
        taken.add(pair)
    return [_entry(pair) for pair in pairs if pair in taken], len(pairs) - len(taken)


def _entry(pair: tuple[str, str]) -> Json:
    return {"name": pair[0], "outcome": pair[1]}
