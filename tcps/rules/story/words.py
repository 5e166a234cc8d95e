"""How a story is told: events with a sentence, values in it as people read them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tcps.model import Timestamp


class Told(NamedTuple):
    """One thing that happened: its name as events have it (interface 7), what a person reads, and when.

    `at` is None where the record does not say: then it is the time of the entry.
    """

    event: str
    text: str
    at: Timestamp | None = None


def shown(value: Any) -> str:
    """A value in a sentence."""
    if value in (None, "", (), [], {}):
        return "nothing"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return "true" if value is True else "false" if value is False else one_line(str(value))


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def seconds(ms: int) -> str:
    """A duration in a sentence."""
    return f"{ms / 1000:g} s" if ms < 60_000 else f"{ms / 60_000:.1f} min"


def changed(before: Any, after: Any, names: Iterable[str]) -> list[str]:
    """The fields that differ, each as `name: before → after`."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return [
        f"{name.replace('_', ' ')}: {shown(old)} → {shown(new)}" for name, old, new in pairs if old != new
    ]
