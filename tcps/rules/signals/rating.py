"""How severe an advisory is, by what it states: words, scores, CVSS vectors (domain 4)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tcps.model import Severity
from tcps.rules import cvss
from tcps.rules.advisories import word


class Rating(NamedTuple):
    """One statement of an advisory's severity; `severity` is None where nothing is known."""

    severity: Severity | None = None
    score: float | None = None
    vector: str | None = None

    def metadata(self) -> dict[str, Any]:
        """What an order keeps of it."""
        known = "unknown" if self.severity is None else self.severity.value
        return {"severity": known, "cvss_score": self.score, "cvss_vector": self.vector}


def of_vector(vector: object) -> Rating:
    """The rating of a CVSS vector; an empty one when it is none."""
    if not isinstance(vector, str):
        return Rating()
    try:
        scored = cvss.score(vector.strip())
    except ValueError:
        return Rating()
    return Rating(scored.severity, scored.value, vector.strip())


def of_metric(version: str, stated: object, score: object, vector: object) -> Rating:
    """The rating of a CVE record's metric: its word, else its score, else its vector."""
    computed = of_vector(vector)
    value = _score(score)
    severity = word(stated) or computed.severity
    if value is None:
        return computed._replace(severity=severity)
    if word(stated) is None:
        severity = cvss.severity(version, value)
    return Rating(severity, value, vector.strip() if isinstance(vector, str) else None)


def highest(ratings: Iterable[Rating]) -> Rating:
    """The most severe of the ratings, of these the one with the highest score, of these the first."""
    known = [rating for rating in ratings if rating.severity is not None]
    return max(known, key=_height, default=Rating())


def _height(rating: Rating) -> tuple[int, float]:
    assert rating.severity is not None
    return -rating.severity.rank, -1.0 if rating.score is None else rating.score


def _score(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 10 else None
