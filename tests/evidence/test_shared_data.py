"""Reports that tools really wrote: read whole, with the numbers that were counted in them by hand.

The files are not part of the project. TCPS_SHARED_DATA names the folder that holds them.
"""

import os
from pathlib import Path

import pytest

from tcps.evidence.source import Kind, Source
from tcps.model import Json
from tests.evidence.reading import metrics

FOLDER = Path(os.environ.get("TCPS_SHARED_DATA", ""))
pytestmark = pytest.mark.skipif(
    "TCPS_SHARED_DATA" not in os.environ, reason="TCPS_SHARED_DATA names no folder with reports of real tools"
)
TESTS = ("tests_total", "tests_passed", "tests_failed", "tests_skipped")
FINDINGS = tuple(f"security_findings_{severity}" for severity in ("critical", "high", "medium", "low"))
RELEASE = ("sbom_components", "dependencies_unpinned", "licenses_violating")
EXPECTED: dict[str, Json] = {
    "junit/gotestsum-pkg-errors.xml": dict(zip(TESTS, (51, 51, 0, 0), strict=True)),
    "junit/jest-junit.xml": dict(zip(TESTS, (5, 1, 4, 1), strict=True)),
    "junit/nested-multi-level.xml": dict(zip(TESTS, (3, 3, 0, 0), strict=True)),
    "junit/nextest-basic.xml": dict(zip(TESTS, (3, 2, 1, 0), strict=True)),
    "junit/pytest-cvelib.xml": dict(zip(TESTS, (37, 37, 0, 0), strict=True)),
    "junit/surefire-pulsar.xml": dict(zip(TESTS, (1, 0, 1, 1), strict=True)),
    "coverage/cobertura-sample.xml": {"line_coverage": 90 / 101},
    "coverage/coveragepy-xunitparser.lcov": {"line_coverage": 88 / 256},
    "coverage/coveragepy-xunitparser.xml": {"line_coverage": 88 / 256},
    "coverage/lcov-parse.info": {"line_coverage": 1.0},
    "sarif/bandit-xunitparser.sarif": dict(zip(FINDINGS, (0, 0, 1, 50), strict=True)),
    "sarif/codeql-empty.sarif": dict(zip(FINDINGS, (0, 0, 0, 0), strict=True)),
    "sarif/codeql-tool-names.sarif": dict(zip(FINDINGS, (0, 0, 0, 0), strict=True)),
    "sarif/codeql-valid.sarif": dict(zip(FINDINGS, (0, 0, 0, 3), strict=True)),
    "sarif/iam-arn-region.sarif": dict(zip(FINDINGS, (0, 1, 0, 0), strict=True)),
    "sbom/cern-lhc.cdx.json": dict(zip(RELEASE, (43, 0, 0), strict=True)),
    "sbom/flask-env.cdx.json": dict(zip(RELEASE, (9, 0, 2), strict=True)),
    "sbom/spdx-example-2.3.json": dict(zip(RELEASE, (4, 1, 4), strict=True)),
    "sbom/vex-case-1.cdx.json": dict(zip(RELEASE, (0, 0, 0), strict=True)),
}
"""Of each file its metrics. Two components of flask-env state `BSD License`, which is no SPDX licence."""


def source(path: str) -> Source:
    return Source(path, Kind(path.partition("/")[0]), (FOLDER / path).read_bytes())


def test_every_report_there_has_its_numbers() -> None:
    there = {path.relative_to(FOLDER).as_posix() for kind in Kind for path in (FOLDER / kind).iterdir()}
    assert there <= set(EXPECTED)


@pytest.mark.parametrize("path", EXPECTED)
def test_a_report_of_a_real_tool_gives_its_numbers(path: str) -> None:
    assert metrics(source(path)) == EXPECTED[path]


def test_the_same_run_in_both_formats_of_coverage_is_one_run() -> None:
    both = ("coverage/coveragepy-xunitparser.lcov", "coverage/coveragepy-xunitparser.xml")
    assert metrics(*map(source, both)) == {"line_coverage": 88 / 256}
