"""Time (domain 2): RFC 3339 UTC with milliseconds and `Z`; durations are whole milliseconds.

A `Timestamp` has a fixed width, so timestamps compare as text in the order of time.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NewType

from tcps.errors import InvalidInput
from tcps.model.enums import shown

Timestamp = NewType("Timestamp", str)
Clock = Callable[[], Timestamp]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SKEW_MS = 5 * 60_000
"""How far ahead of now a given timestamp may be (domain 8.1)."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(?P<offset>Z|[+-]([01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def from_ms(ms: int) -> Timestamp:
    """The timestamp of a number of milliseconds since 1970-01-01T00:00Z."""
    return _written(_EPOCH + timedelta(milliseconds=ms))


def to_ms(timestamp: Timestamp) -> int:
    """Milliseconds since 1970-01-01T00:00Z of a stored timestamp."""
    return (datetime.fromisoformat(timestamp) - _EPOCH) // _MS


def system_clock() -> Timestamp:
    """Now, from the machine's clock."""
    return _written(datetime.now(UTC))


def parse_timestamp(value: object, field: str = "timestamp") -> Timestamp:
    """A timestamp from RFC 3339 text with any offset and fraction, cut to milliseconds.

    Raises InvalidInput (`invalid_timestamp`) for text that is malformed or names no offset.
    """
    match = _RFC_3339.fullmatch(value.strip().upper()) if isinstance(value, str) else None
    problem = "is not an RFC 3339 time such as 2026-01-20T10:00:00Z"
    if match and match["offset"]:
        try:
            return _written(datetime.fromisoformat(match[0]).astimezone(UTC))
        except (ValueError, OverflowError):
            pass
    elif match:
        problem = "names no time zone; end it with Z or an offset such as +02:00"
    raise InvalidInput(
        f"{field} {shown(value)} {problem}", code="invalid_timestamp", details={"fields": [field]}
    )


def _written(moment: datetime) -> Timestamp:
    return Timestamp(moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z")
