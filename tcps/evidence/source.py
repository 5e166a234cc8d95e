"""A report as the readers get it, the kinds that options name, and the one error that they raise."""

from enum import StrEnum
from typing import NamedTuple

from tcps.errors import InvalidInput

LIMIT = 64 * 1024 * 1024
"""The most bytes of one report."""


class Kind(StrEnum):
    """A kind of report, by the name of its option."""

    JUNIT = "junit"
    COVERAGE = "coverage"
    SARIF = "sarif"
    SBOM = "sbom"

    @property
    def phrase(self) -> str:
        """The kind in a sentence."""
        return _PHRASES[self]


_PHRASES = {
    Kind.JUNIT: "a JUnit report",
    Kind.COVERAGE: "a coverage report (Cobertura or LCOV)",
    Kind.SARIF: "a SARIF 2.1 log",
    Kind.SBOM: "an SBOM (CycloneDX or SPDX, in JSON)",
}


class FormatError(Exception):
    """What a report says cannot be meant; its reader makes the one error of it."""


class Source(NamedTuple):
    """A report: the name of its file, the kind that it is to be, its bytes."""

    name: str
    kind: Kind
    data: bytes

    def refused(self, why: str, hint: str | None = None) -> InvalidInput:
        """The error for a report that cannot be taken; `why` says what it is instead."""
        return InvalidInput(
            f"{self.name} cannot be read as {self.kind.phrase}: {why}",
            hint=hint,
            details={"fields": [self.kind.value]},
        )
