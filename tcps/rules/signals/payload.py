"""A payload of others, field by field: each by the type that it must have, else `invalid_signal`."""

from collections.abc import Mapping
from typing import Any

from tcps.errors import InvalidInput
from tcps.model import shown
from tcps.model.text import TITLE


class Payload:
    """An object of a payload; `where` is its place in it, for messages. An absent field is like null."""

    def __init__(self, value: Mapping[str, Any], where: str = "") -> None:
        self.value = value
        self.where = where

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.value.get(name) is not None

    def get(self, name: str) -> Any:
        """The field as it is, or None: for what others may fill as they like."""
        return self.value.get(name)

    def text(self, name: str) -> str:
        """A text, trimmed; empty when it is absent."""
        value = self.value.get(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "text", value)
        return (value or "").strip()

    def needed(self, name: str) -> str:
        """A text that must be there."""
        return self.text(name) or self._missing(name)

    def number(self, name: str) -> int | None:
        """A whole number, or None when it is absent."""
        value = self.value.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._wrong(name, "a whole number", value)
        return value

    def inside(self, name: str) -> "Payload":
        """An object; an empty one when it is absent."""
        value = self.value.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self._wrong(name, "an object", value)
        return Payload(value or {}, self._place(name))

    def objects(self, name: str) -> list["Payload"]:
        """A list of objects; empty when it is absent."""
        items = self._list(name)
        for number, item in enumerate(items):
            if not isinstance(item, Mapping):
                raise self._wrong(f"{name}[{number}]", "an object", item)
        return [Payload(item, self._place(f"{name}[{number}]")) for number, item in enumerate(items)]

    def texts(self, name: str) -> list[str]:
        """A list of texts, each trimmed, without blank ones; empty when it is absent."""
        items = self._list(name)
        for number, item in enumerate(items):
            if not isinstance(item, str):
                raise self._wrong(f"{name}[{number}]", "text", item)
        return [item.strip() for item in items if item.strip()]

    def only(self, *names: str) -> dict[str, Any]:
        """Those of the fields that are there, as they are."""
        return {name: self.value[name] for name in names if name in self.value}

    def invalid(self, name: str, why: str) -> InvalidInput:
        """The error for a field; `why` completes the sentence `FIELD ...`."""
        place = self._place(name)
        return InvalidInput(f"{place} {why}", code="invalid_signal", details={"fields": [place]})

    def _list(self, name: str) -> list[Any]:
        value = self.value.get(name)
        if value is not None and not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return value or []

    def _missing(self, name: str) -> str:
        raise self.invalid(name, "must be there")

    def _wrong(self, name: str, wanted: str, value: object) -> InvalidInput:
        return self.invalid(name, f"must be {wanted}, not {shown(value)}")

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


def title(*parts: str) -> str:
    """The parts that are not blank, joined by a colon and cut to what a title may have."""
    return ": ".join(filter(None, parts))[:TITLE]
