"""What the tests of the readers share: the reports beside them, and a reader for each kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tcps.evidence import coverage, junit, sarif, sbom
from tcps.evidence.source import Kind, Source
from tcps.model import Json
from tcps.rules.thresholds import LICENCES

FOLDER = Path(__file__).parent
READERS: dict[Kind, Callable[[Source], Any]] = {
    Kind.JUNIT: junit.read,
    Kind.COVERAGE: coverage.read,
    Kind.SARIF: sarif.read,
    Kind.SBOM: sbom.read,
}


def report(kind: Kind, name: str) -> Source:
    """A report of this folder."""
    return Source(name, kind, (FOLDER / kind / name).read_bytes())


def text(kind: Kind, content: str | bytes, name: str = "report") -> Source:
    """A report that stands in the test."""
    return Source(name, kind, content.encode() if isinstance(content, str) else content)


def metrics(*sources: Source) -> Json:
    """The metrics of several reports of one kind."""
    kind = sources[0].kind
    read = [READERS[kind](source) for source in sources]
    if kind is Kind.JUNIT:
        return junit.metrics(case for suite in read for case in suite)
    if kind is Kind.COVERAGE:
        return coverage.metrics(read)
    return sarif.metrics(read) if kind is Kind.SARIF else sbom.metrics(read, LICENCES)
