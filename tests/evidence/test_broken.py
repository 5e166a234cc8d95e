"""A report that cannot be taken raises one error, which names the file and what it is instead."""

from pathlib import Path

import pytest

from tcps.errors import InvalidInput
from tcps.evidence.elements import ELEMENTS
from tcps.evidence.source import Kind, Source
from tests.evidence.reading import FOLDER, READERS, text

DECLARES = "it is XML that is not read: its document type declares entities or attributes of its own"
WHY = {
    "junit/billion-laughs.xml": DECLARES,
    "junit/blank.xml": "it is empty",
    "junit/cobertura.xml": "it is Cobertura XML",
    "junit/compressed.xml": "it is compressed (gzip)",
    "junit/cut-off-between-elements.xml": "it is cut off or malformed XML (no element found: line 4",
    "junit/cut-off-in-an-attribute.xml": "it is cut off or malformed XML (unclosed token: line 5",
    "junit/empty.xml": "it is empty",
    "junit/encoding-that-is-not-read.xml": "it is XML that is not read: its encoding 'utf-7'",
    "junit/external-entity.xml": DECLARES,
    "junit/html-error-page.xml": "it is HTML",
    "junit/json.xml": "it is JSON of another kind",
    "junit/not-in-its-encoding.xml": "it is cut off or malformed XML",
    "junit/parameter-entity.xml": DECLARES,
    "junit/tap.xml": "it is text of another kind",
    "junit/too-deep.xml": "it is nested deeper than 100 elements",
    "junit/two-documents.xml": "it is cut off or malformed XML (junk after document element",
    "junit/undeclared-entity.xml": "it is cut off or malformed XML (undefined entity",
    "junit/xunit-net.xml": "it is XML with the root element assemblies",
    "coverage/class-without-a-file.xml": "a class names no file (line 1)",
    "coverage/clover.xml": "it is Clover XML",
    "coverage/coveragepy.json": "it is JSON of another kind",
    "coverage/cut-off-before-end-of-record.lcov": "it is cut off: its last record does not end",
    "coverage/cut-off-in-a-line.lcov": "line 3 is no coverage of a line: 'DA:2'",
    "coverage/cut-off.xml": "it is cut off or malformed XML",
    "coverage/declared-defaults.xml": DECLARES,
    "coverage/hits-that-are-no-number.xml": "a line has the hits 'NaN' (line 1)",
    "coverage/jacoco.xml": "it is JaCoCo XML",
    "coverage/junit.xml": "it is JUnit XML",
    "coverage/line-of-no-file.lcov": "it is text of another kind",
    "coverage/line-outside-a-record.lcov": "line 2 is none of an LCOV record: 'DA:1,1'",
    "coverage/line-without-a-number.lcov": "line 2 is no coverage of a line: 'DA:one,1'",
    "coverage/line-without-a-number.xml": "a line has the number '' (line 1)",
    "coverage/record-within-a-record.lcov": "line 3 is none of an LCOV record: 'SF:b.js'",
    "coverage/text-after-the-records.lcov": "line 4 is none of an LCOV record: 'Hello'",
    "coverage/text.csv": "it is text of another kind",
    "sarif/bandit.json": "it is JSON of another kind",
    "sarif/cut-off.sarif": "it is not valid JSON: Unterminated string",
    "sarif/cyclonedx.json": "it is CycloneDX in JSON",
    "sarif/huge-number.sarif": "it is not valid JSON: the integer 99999999999999999999… does not fit 64 bits",
    "sarif/inline-external-results.sarif": "a run keeps its results in external properties",
    "sarif/key-given-twice.sarif": "it is not valid JSON: the key 'level' is given twice",
    "sarif/list.sarif": "it is JSON of another kind",
    "sarif/nan.sarif": "it is not valid JSON: NaN is not a JSON number",
    "sarif/no-run.sarif": "it has no run: nothing was scanned",
    "sarif/no-version.sarif": "it has the version none",
    "sarif/results-in-another-file.sarif": "a run keeps its results in external properties",
    "sarif/results-null.sarif": "the results of a run are null: its tool failed before it began",
    "sarif/results-that-are-no-list.sarif": "results is {'a': 1}, no list of objects",
    "sarif/rule-index-that-is-text.sarif": "ruleIndex is '0', no place in a list",
    "sarif/too-deep.sarif": "it is not valid JSON: it is nested deeper than 64 levels",
    "sarif/tool-that-failed.sarif": "a run says that its tool failed (executionSuccessful is false)",
    "sarif/unknown-kind.sarif": "kind is 'failed'",
    "sarif/unknown-level.sarif": "level is 'critical'",
    "sarif/unknown-suppression-status.sarif": "status is 'wontfix'",
    "sarif/version-1.sarif": "it has the version 1.0.0",
    "sarif/xml.sarif": "it is JUnit XML",
    "sbom/component-without-a-name.cdx.json": "a component has no name",
    "sbom/components-that-are-no-list.cdx.json": "components is {'a': 1}, no list of objects",
    "sbom/cut-off.cdx.json": "it is not valid JSON: Expecting ',' delimiter",
    "sbom/cyclonedx-1.1.cdx.json": "it is CycloneDX of the version 1.1; from 1.2 on it is read",
    "sbom/cyclonedx-2.cdx.json": "it is CycloneDX of the version 2.0; from 1.2 on it is read",
    "sbom/cyclonedx-without-a-version.cdx.json": "it is CycloneDX of the version none",
    "sbom/cyclonedx.xml": "it is CycloneDX in XML",
    "sbom/nested-too-deep.cdx.json": "it is not valid JSON: it is nested deeper than 64 levels",
    "sbom/package-lock.json": "it is JSON of another kind",
    "sbom/package-without-a-name.spdx.json": "a package has no name",
    "sbom/package-without-a-name.spdx3.json": "a package has no name",
    "sbom/sarif.json": "it is SARIF",
    "sbom/spdx-2.1.spdx.json": "it is of the version SPDX-2.1; from SPDX-2.2 on it is read",
    "sbom/spdx-4.spdx.json": "it is of another version than 3 (https://spdx.org/rdf/4.0/",
    "sbom/tags.spdx": "it is SPDX as tags and values",
    "sbom/version-that-is-a-number.cdx.json": "version is 1, no text",
}
"""Of each broken report: what the error says it is instead."""


def error_of(source: Source) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        READERS[source.kind](source)
    return caught.value


def test_every_broken_report_here_has_its_error() -> None:
    broken = FOLDER / "broken"
    assert set(WHY) == {path.relative_to(broken).as_posix() for path in broken.glob("*/*")}


@pytest.mark.parametrize("path", WHY)
def test_a_broken_report_is_refused_by_name(path: str) -> None:
    kind, name = Kind(path.partition("/")[0]), Path(path).name
    error = error_of(Source(name, kind, (FOLDER / "broken" / path).read_bytes()))
    assert error.message.startswith(f"{name} cannot be read as {kind.phrase}: {WHY[path]}")
    assert (error.code, error.details, error.exit_code) == ("invalid_field", {"fields": [kind]}, 2)


@pytest.mark.deep
def test_an_endless_row_of_elements_is_refused() -> None:
    cases = "<testsuite>" + "<testcase/>" * ELEMENTS + "</testsuite>"
    assert f"it has more than {ELEMENTS} elements" in error_of(text(Kind.JUNIT, cases)).message


@pytest.mark.parametrize("opening", ["<testsuite name='", "<!--", "<?x "])
def test_a_root_element_that_does_not_come_soon_is_refused(opening: str) -> None:
    """Expat scans a token that goes on and on again with every piece that it is given."""
    report = text(Kind.JUNIT, opening + "x" * 8_000_000 + "<testsuite/>")
    assert error_of(report).message.endswith("it is cut off or malformed XML")


@pytest.mark.parametrize("kind", Kind)
def test_bytes_of_no_kind_are_named(kind: Kind) -> None:
    for content, phrase in (
        (b"\0\1\2", "binary"),
        (b"PK\3\4rest", "a ZIP archive"),
        (b"%PDF-1.7", "PDF"),
        (b"<a", "cut off or malformed XML"),
        (b"<bom/>", "XML with the root element bom"),
        (b'<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "RDF in XML"),
    ):
        assert error_of(text(kind, content)).message.endswith(f": it is {phrase}")
