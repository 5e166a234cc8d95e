"""A JSON report and its parts, each of the type that its format says; anything else is a `FormatError`.

A part that is null counts as absent.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from tcps.canonical import parse_input
from tcps.errors import InvalidInput
from tcps.evidence.recognise import plain, recognise
from tcps.evidence.source import FormatError, Source
from tcps.model import Json, shown


def document(source: Source) -> Any:
    """The report as a value. Raises InvalidInput when it is not JSON."""
    content = plain(source.data)
    if content.lstrip()[:1] not in (b"{", b"["):
        raise source.refused(f"it is {recognise(source.data)}")
    try:
        return parse_input(content, "it")
    except InvalidInput as error:
        raise source.refused(error.message) from None


def text(of: Json, key: str) -> str | None:
    """A text."""
    value = of.get(key)
    if value is not None and not isinstance(value, str):
        raise FormatError(f"{key} is {shown(value)}, no text")
    return value


def choice(of: Json, key: str, values: Iterable[str], default: str) -> str:
    """One of the texts that the format knows."""
    value = text(of, key)
    if value is not None and value not in values:
        raise FormatError(f"{key} is {shown(value)}")
    return default if value is None else value


def index(of: Json, key: str) -> int:
    """A place in a list, from 0; -1 where there is none."""
    value = of.get(key)
    if value is None:
        return -1
    if isinstance(value, bool) or not isinstance(value, int):
        raise FormatError(f"{key} is {shown(value)}, no place in a list")
    return value


def part(of: Json, key: str) -> Json:
    """An object; empty where there is none."""
    value = of.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FormatError(f"{key} is {shown(value)}, no object")
    return value


def parts(of: Json, key: str) -> list[Json]:
    """A list of objects; empty where there is none."""
    value = of.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise FormatError(f"{key} is {shown(value)}, no list of objects")
    return value


def at(items: list[Json], place: int) -> Json | None:
    """The item at a place, None where there is none."""
    return items[place] if 0 <= place < len(items) else None


def nested(of: Json, key: str) -> Iterator[Json]:
    """The objects of a list, those in the same list of each of them, and so on."""
    for item in parts(of, key):
        yield item
        yield from nested(item, key)
