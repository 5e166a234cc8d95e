"""Periods (domain 2): half-open, `[start, end)`; a date means its beginning as a start, its end as an end."""

import re
from typing import NamedTuple

from tcps.errors import InvalidInput
from tcps.model.time import DAY_MS, Timestamp, from_ms, parse_timestamp, to_ms

_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*")


class Period(NamedTuple):
    """From `start` up to, and without, `end`."""

    start: Timestamp
    end: Timestamp

    @property
    def days(self) -> float:
        """How many days long it is."""
        return (to_ms(self.end) - to_ms(self.start)) / DAY_MS

    @property
    def previous(self) -> "Period":
        """The period of the same length before it."""
        return Period(from_ms(2 * to_ms(self.start) - to_ms(self.end)), self.start)

    def contains(self, moment: Timestamp | None) -> bool:
        """Whether the moment, if there is one, lies in it."""
        return moment is not None and self.start <= moment < self.end


def last_days(days: int, end: Timestamp) -> Period:
    """The days before a moment."""
    return Period(from_ms(to_ms(end) - days * DAY_MS), end)


def parse_period(start: object, end: object, now: Timestamp) -> Period:
    """A period from two times or dates; `end` None is now.

    Raises InvalidInput: `invalid_timestamp`, or `invalid_period` unless it ends after it starts.
    """
    period = Period(_moment(start, "start", 0), now if end is None else _moment(end, "end", DAY_MS))
    if period.end <= period.start:
        raise InvalidInput(
            f"a period ends after it starts, not from {period.start} to {period.end}",
            code="invalid_period",
            details={"fields": ["start", "end"]},
        )
    return period


def _moment(value: object, field: str, later_ms: int) -> Timestamp:
    """The time; of a date its midnight, or the one that follows `later_ms` after it."""
    if not (isinstance(value, str) and _DATE.fullmatch(value)):
        return parse_timestamp(value, field)
    midnight = to_ms(parse_timestamp(f"{value.strip()}T00:00:00Z", field))
    try:
        return from_ms(midnight + later_ms)
    except OverflowError:
        return parse_timestamp(value, field)
