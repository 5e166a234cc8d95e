"""JUnit XML (domain 9): the cases are counted, in every dialect; what was run again is one case."""

import pytest

from tcps.evidence import junit
from tcps.evidence.source import Kind
from tests.evidence.reading import FOLDER, metrics, report, text

COUNTS = {
    "data-rows.xml": (2, 1, 1),
    "googletest-disabled.xml": (1, 0, 2),
    "gotestsum-reruns.xml": (3, 1, 0),
    "latin-1-with-external-dtd.xml": (1, 0, 0),
    "namespaced-with-byte-order-mark.xml": (1, 0, 0),
    "nested-suites-and-lying-totals.xml": (3, 1, 0),
    "no-totals-at-all.xml": (1, 1, 0),
    "pytest-reruns.xml": (1, 1, 0),
    "skipped-and-failed.xml": (0, 2, 0),
    "suite-that-failed-itself.xml": (1, 1, 0),
    "surefire-retries.xml": (2, 1, 1),
    "utf-16.xml": (1, 0, 0),
}
"""Of each report: how many cases passed, failed, were skipped."""


def outcomes(*names: str) -> list[tuple[str, str]]:
    """evidence.tests of reports."""
    cases = [case for name in names for case in junit.read(report(Kind.JUNIT, name))]
    tests, left_out = junit.tests(cases, 100_000)
    assert left_out == 0
    return [(test["name"], test["outcome"]) for test in tests]


def test_every_report_here_has_its_counts() -> None:
    assert set(COUNTS) == {path.name for path in (FOLDER / "junit").iterdir()}


@pytest.mark.parametrize("name", COUNTS)
def test_the_cases_of_a_report_are_counted(name: str) -> None:
    passed, failed, skipped = COUNTS[name]
    assert metrics(report(Kind.JUNIT, name)) == {
        "tests_total": passed + failed,
        "tests_passed": passed,
        "tests_failed": failed,
        "tests_skipped": skipped,
    }


def test_the_cases_of_several_reports_add_up() -> None:
    both = metrics(report(Kind.JUNIT, "surefire-retries.xml"), report(Kind.JUNIT, "gotestsum-reruns.xml"))
    assert both == {"tests_total": 7, "tests_passed": 5, "tests_failed": 2, "tests_skipped": 1}


def test_a_case_in_two_reports_is_two_cases_and_its_failure_stays() -> None:
    failed = text(Kind.JUNIT, '<testsuite name="s"><testcase name="a"><failure/></testcase></testsuite>')
    passed = text(Kind.JUNIT, '<testsuite name="s"><testcase name="a"/></testsuite>')
    assert metrics(failed, passed)["tests_failed"] == 1


def test_a_retried_case_that_passed_in_the_end_has_both_outcomes() -> None:
    assert outcomes("surefire-retries.xml") == [
        ("shop.CartTest.adds", "passed"),
        ("shop.CartTest.pays", "failed"),
        ("shop.CartTest.pays", "passed"),
        ("shop.CartTest.ships", "failed"),
        ("shop.CartTest.returns", "skipped"),
    ]
    assert outcomes("gotestsum-reruns.xml")[:3] == [
        ("example.org/shop.TestFlaky", "failed"),
        ("example.org/shop.TestFlaky", "passed"),
        ("example.org/shop.TestBroken", "failed"),
    ]


def test_attempts_of_a_case_that_failed_in_the_end_are_one_failure() -> None:
    assert outcomes("pytest-reruns.xml") == [
        ("test_shop.test_bad", "failed"),
        ("test_shop.test_good", "passed"),
    ]


def test_a_failure_among_rows_of_the_same_name_is_not_covered_by_a_later_pass() -> None:
    assert ("shop.PriceTest.rounds", "failed") in outcomes("data-rows.xml")
    assert metrics(report(Kind.JUNIT, "data-rows.xml"))["tests_failed"] == 1


def test_a_case_is_named_by_its_class_else_by_its_suite() -> None:
    cases = (
        '<testsuite name="my  suite"><testcase name="a\nb"/><testcase classname="C" name="c"/></testsuite>'
    )
    assert [case.name for case in junit.read(text(Kind.JUNIT, cases))] == ["my suite.a b", "C.c"]
    nameless = "<testsuites><testsuite><testcase/></testsuite></testsuites>"
    assert [case.name for case in junit.read(text(Kind.JUNIT, nameless))] == ["(no name)"]


def test_letters_are_read_in_the_encoding_of_the_report() -> None:
    assert outcomes("latin-1-with-external-dtd.xml") == [("C.café", "passed")]
    assert outcomes("namespaced-with-byte-order-mark.xml") == [("n.café", "passed")]


def test_without_room_for_all_outcomes_failures_come_first_and_the_rest_is_counted() -> None:
    good = "".join(f'<testcase name="good{number}"/>' for number in range(10))
    bad = '<testcase name="bad"><failure/></testcase><testcase name="late"><skipped/></testcase>'
    cases = junit.read(text(Kind.JUNIT, f'<testsuite name="s">{good}{bad}</testsuite>'))
    tests, left_out = junit.tests(cases, 120)
    assert [test["name"] for test in tests] == ["s.good0", "s.bad", "s.late"]
    assert left_out == 9
    assert junit.tests(cases, 0) == ([], 12)


def test_a_report_without_a_case_counts_none() -> None:
    assert metrics(text(Kind.JUNIT, "<testsuites/>"))["tests_total"] == 0
