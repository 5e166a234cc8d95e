"""line_coverage (domain 9): covered / coverable lines over all files of Cobertura and LCOV reports."""

import pytest

from tcps.evidence.source import Kind
from tests.evidence.reading import FOLDER, metrics, report, text

COVERED = {
    "byte-order-mark-and-crlf.lcov": (1, 2),
    "cobertura-methods-and-inner-classes.xml": (2, 3),
    "gcov.lcov": (3, 4),
    "half-a.xml": (1, 2),
    "half-b.lcov": (1, 2),
    "hits-beyond-any-number.xml": (1, 2),
    "same-name-elsewhere.xml": (1, 2),
    "windows-paths.xml": (1, 1),
}
"""Of each report: how many lines are covered, how many could be."""


def of(*names: str) -> float:
    """The coverage of reports together."""
    value: float = metrics(*(report(Kind.COVERAGE, name) for name in names))["line_coverage"]
    return value


def lcov(*files: tuple[str, str]) -> str:
    """A tracefile: of each file its path, and a sign for each line, + when it is covered."""
    records = []
    for path, lines in files:
        hits = "".join(f"DA:{at},{int(hit == '+')}\n" for at, hit in enumerate(lines, 1))
        records.append(f"SF:{path}\n{hits}end_of_record\n")
    return "".join(records)


def cobertura(source: str, path: str, lines: str) -> str:
    """A Cobertura report of one file."""
    hits = "".join(f'<line number="{at}" hits="{int(hit == "+")}"/>' for at, hit in enumerate(lines, 1))
    classes = f'<classes><class name="c" filename="{path}"><lines>{hits}</lines></class></classes>'
    sources = f"<sources><source>{source}</source></sources>" if source else ""
    return f"<coverage>{sources}<packages><package>{classes}</package></packages></coverage>"


def together(*reports: str) -> float:
    """The coverage of reports that stand in the test."""
    value: float = metrics(*(text(Kind.COVERAGE, one) for one in reports))["line_coverage"]
    return value


def test_every_report_here_has_its_figure() -> None:
    assert {*COVERED, "no-coverable-line.xml"} == {path.name for path in (FOLDER / "coverage").iterdir()}


@pytest.mark.parametrize("name", COVERED)
def test_the_lines_of_a_report_are_counted(name: str) -> None:
    covered, coverable = COVERED[name]
    assert of(name) == covered / coverable


def test_a_report_without_a_coverable_line_says_nothing() -> None:
    assert metrics(report(Kind.COVERAGE, "no-coverable-line.xml")) == {}
    assert of("no-coverable-line.xml", "half-a.xml") == 0.5


def test_coverage_is_that_of_all_lines_not_the_mean_of_the_files() -> None:
    assert together(lcov(("a", "+"), ("b", "---"))) == 0.25
    assert together(lcov(("a", "+")), lcov(("b", "---"))) == 0.25


def test_a_line_of_a_file_in_two_reports_is_covered_when_either_says_so() -> None:
    assert of("half-a.xml", "half-b.lcov") == 2 / 3
    assert together(lcov(("a", "+--")), lcov(("a", "-+-"))) == 2 / 3
    assert together(cobertura("", "a.py", "+--"), cobertura("", "./a.py", "-+-")) == 2 / 3


def test_the_same_name_in_two_source_folders_is_two_files() -> None:
    assert of("half-a.xml", "same-name-elsewhere.xml") == 0.5
    assert together(cobertura("/a", "index.js", "++--"), cobertura("/b", "index.js", "--++")) == 0.5


def test_a_short_path_is_that_of_the_only_long_one_that_ends_with_it() -> None:
    whole = cobertura("/build/shop", "src/a.py", "++--")
    assert together(whole, lcov(("src/a.py", "--+-"))) == 0.75
    assert together(whole, lcov(("a.py", "--+-"))) == 0.75
    assert together(whole, lcov(("c/a.py", "--+-"))) == 3 / 8
    assert together(whole, cobertura("/build/other", "src/a.py", "----"), lcov(("a.py", "--+-"))) == 3 / 12


def test_of_several_source_folders_none_is_taken_for_that_of_a_file() -> None:
    report_of_two = cobertura("/a</source><source>/b", "x.py", "+-")
    assert together(report_of_two, lcov(("x.py", "-+"))) == 1.0


def test_a_stated_rate_is_not_believed() -> None:
    lying = cobertura("", "a.py", "+---").replace("<coverage>", '<coverage line-rate="1" lines-valid="1">')
    assert together(lying) == 0.25
