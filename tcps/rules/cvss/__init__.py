"""CVSS (domain 4): the score of a vector, and the severity of a score.

Versions 2.0, 3.0, 3.1 and 4.0, by the equations and tables of their specifications, in exact
arithmetic (ADR 12). CVSS is owned by FIRST.Org, Inc. and used by permission (https://www.first.org/cvss/).
"""

from typing import NamedTuple

from tcps.model import Severity
from tcps.rules.cvss import v2, v3, v4

VERSIONS = ("4.0", "3.1", "3.0", "2.0")


class Score(NamedTuple):
    """What a vector says: the version of CVSS, and its score, 0.0 to 10.0 with one decimal."""

    version: str
    value: float

    @property
    def severity(self) -> Severity:
        """The band of the score."""
        return severity(self.version, self.value)


def score(vector: str) -> Score:
    """The score of a vector: the base score of 2.0 and 3.x, the one score that 4.0 has.

    Temporal and environmental metrics of 2.0 and 3.x must be valid and do not change the base score.
    Raises ValueError, saying why, for what the specification of its version does not allow.
    """
    prefix, _, rest = vector.partition("/")
    if not prefix.startswith("CVSS:"):
        return Score("2.0", v2.base_tenths(vector) / 10)
    version = prefix.removeprefix("CVSS:")
    if version == "4.0":
        return Score(version, v4.score_tenths(rest) / 10)
    if version in ("3.0", "3.1"):
        return Score(version, v3.base_tenths(rest) / 10)
    raise ValueError(f"{prefix[:20]} is no version of CVSS that is known")


def severity(version: str, value: float) -> Severity:
    """The band of a score; 2.0 has no critical one."""
    if value >= 9.0 and version != "2.0":
        return Severity.CRITICAL
    if value >= 7.0:
        return Severity.HIGH
    return Severity.MEDIUM if value >= 4.0 else Severity.LOW
