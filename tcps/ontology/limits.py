"""What a query may take, and the errors for more."""

from typing import NamedTuple

from tcps.errors import TcpsError
from tcps.ontology.answers import Answer

NARROWER = "ask for less at once, or allow more with --timeout"


class Limits(NamedTuple):
    """What a query may take: seconds, rows, bytes of its answer, bytes of memory."""

    seconds: float = 30.0
    rows: int = 100_000
    size: int = 64 * 1024 * 1024
    memory: int = 1024 * 1024 * 1024


DEFAULT = Limits()


def in_bounds(answer: Answer, limits: Limits) -> Answer:
    """The answer; raises TcpsError (`query_limit`) when it has more rows than it may."""
    if len(answer.rows) > limits.rows:
        raise over(f"the answer has {len(answer.rows)} rows; {limits.rows} are allowed", "add LIMIT to it")
    return answer


def too_long(limits: Limits) -> TcpsError:
    """The error for a query whose time is over."""
    return over(f"the query took longer than {limits.seconds:g} seconds", NARROWER)


def over(message: str, hint: str) -> TcpsError:
    """The error for what takes more than it may."""
    return TcpsError(message, code="query_limit", hint=hint)
