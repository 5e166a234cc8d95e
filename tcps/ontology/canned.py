"""Canned queries: a file each, with its question, and parameters that have a name and a type.

A file begins with its question as a comment, then a line for each parameter,
`# param NAME TYPE: what it is`. A `!` after the type says that it must be given; a parameter that is
not given is a variable like any other.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tcps.errors import InvalidInput, missing, not_found
from tcps.model import AndonStatus, Bucket, Severity, Stage, WorkOrderStatus, parse_enum, parse_timestamp
from tcps.model.text import checked_id
from tcps.ontology import terms

_FOLDER = Path(__file__).with_name("queries")
_PARAM = re.compile(r"# param (?P<name>\w+) (?P<type>\w+)(?P<needed>!?): (?P<text>.+)")
_ENUMS: dict[str, type[StrEnum]] = {
    "stage": Stage,
    "bucket": Bucket,
    "severity": Severity,
    "andon_status": AndonStatus,
    "work_order_status": WorkOrderStatus,
}


class Param(NamedTuple):
    """A parameter: its type decides how its text is read."""

    name: str
    type: str
    needed: bool
    text: str

    def value(self, given: str) -> Any:
        """The value of a text that was given. Raises InvalidInput."""
        read, _ = _TYPES[self.type]
        return read(self.name, given)

    def term(self, value: Any, store_id: str) -> str:
        """The term of a value."""
        _, write = _TYPES[self.type]
        return write(value, store_id)


class Canned(NamedTuple):
    """A query with a name."""

    name: str
    question: str
    params: tuple[Param, ...]
    text: str

    @property
    def levelled(self) -> bool:
        """Whether it asks for the levelled schedule, which tcps calculates and gives it as `slots`."""
        return "{ ?slots }" in self.text

    def values(self, given: Mapping[str, str], now: str) -> dict[str, Any]:
        """The parameters' values; `now` is given to a parameter of that name. Raises InvalidInput."""
        known = {param.name for param in self.params}
        if unknown := sorted(set(given) - known):
            raise InvalidInput(
                f"{self.name} has no parameter {unknown[0]!r}",
                hint=f"it has: {', '.join(sorted(known)) or 'none'}",
                details={"fields": unknown},
            )
        absent = [param.name for param in self.params if param.needed and param.name not in given]
        if absent:
            raise missing(absent, f"the query {self.name}")
        values = ({"now": now} if "now" in known else {}) | dict(given)
        return {p.name: p.value(values[p.name]) for p in self.params if p.name in values}

    def bindings(self, values: Mapping[str, Any], store_id: str) -> dict[str, str]:
        """The terms of these values."""
        return {p.name: p.term(values[p.name], store_id) for p in self.params if p.name in values}


def names() -> list[str]:
    """The names of all canned queries."""
    return sorted(path.stem for path in _FOLDER.glob("*.rq"))


def get(name: str) -> Canned:
    """The query of a name. Raises NotFound."""
    if name not in names():
        error = not_found("query", name)
        error.hint = f"one of: {', '.join(names())}"
        raise error
    text = (_FOLDER / f"{name}.rq").read_text(encoding="utf-8")
    question = text.partition("\n")[0].removeprefix("# ")
    params = (Param(m["name"], m["type"], bool(m["needed"]), m["text"]) for m in _PARAM.finditer(text))
    return Canned(name, question, tuple(params), text)


def _time(name: str, given: str) -> str:
    return parse_timestamp(given if "T" in given.upper() else f"{given}T00:00:00Z", name)


def _enum(enum: type[StrEnum]) -> tuple[Callable[[str, str], StrEnum], Callable[[Any, str], str]]:
    """How a value of a closed vocabulary is read and written."""
    return lambda _, given: parse_enum(enum, given), lambda value, _: terms.term(f"{enum.__name__}-{value}")


_TYPES: dict[str, tuple[Callable[[str, str], Any], Callable[[Any, str], str]]] = {
    "time": (_time, lambda value, _: terms.moment(value)),
    "sku": (checked_id, lambda value, store_id: f"<{terms.record_iri(store_id, 'sku', value)}>"),
} | {name: _enum(enum) for name, enum in _ENUMS.items()}
