"""Text and ids from outside, checked once at the edge (domain 2)."""

import math
import re
from collections.abc import Iterable
from typing import Any

from tcps.errors import InvalidInput, invalid_field, missing
from tcps.model.enums import shown

TITLE, LABEL, URI, TEXT = 256, 128, 2048, 65_536
"""The most characters of a title, a label or an actor, a URI, any other text."""
JSON_BYTES, RECORD_BYTES = 262_144, 1_048_576
"""The most bytes of evidence or of metrics, and of one record, in canonical form."""
LABELS, ARTIFACTS, DEPENDENCIES = 100, 1000, 1000
"""The most labels, artifacts and dependencies of one record."""
DEPTH = 64
"""How deep a JSON object may be nested."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_GIVEN = re.compile(r"(WO|ANDON|RCPT|RCA|KZ|SKU)-[0-9]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(field: str, value: object, limit: int = TEXT) -> str:
    """`value` trimmed; refused when it is no text, holds control characters or is over `limit`."""
    if not isinstance(value, str):
        raise invalid_field(field, f"must be text, not {shown(value)}")
    if len(value) > limit + 1024:  # no need to scan ten megabytes to say no
        raise _too_large(field, len(value), limit)
    text = value.replace("\r\n", "\n").strip()
    found = _CONTROL.search(text)
    if found:
        raise invalid_field(field, f"holds the control character {found.group()!r}")
    if len(text) > limit:
        raise _too_large(field, len(text), limit)
    return text


def required(field: str, value: object, what: str, limit: int = TEXT) -> str:
    """`clean` text that is not blank, else `missing_required_field`."""
    text = "" if value is None else clean(field, value, limit)
    if not text:
        raise missing([field], what)
    return text


def is_id(text: str) -> bool:
    """Whether a text is an id of the form `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`."""
    return _ID.fullmatch(text) is not None


def checked_id(field: str, value: object) -> str:
    """An id of the form `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, else `invalid_id`."""
    if isinstance(value, str) and is_id(value):
        return value
    raise InvalidInput(
        f"{field} {shown(value)} is not an id",
        code="invalid_id",
        hint="an id has 1 to 128 of A-Z a-z 0-9 . _ - and starts with a letter or a digit",
        details={"fields": [field]},
    )


def checked_new_sku_id(value: object) -> str:
    """A SKU id that a user may choose: well formed, and not of a form that the store gives."""
    sku_id = checked_id("sku_id", value)
    if _GIVEN.fullmatch(sku_id):
        raise InvalidInput(
            f"sku_id {sku_id!r} has a form that only the store gives",
            code="reserved_id",
            hint="leave the id out to be given the next SKU-<n>",
            details={"fields": ["sku_id"]},
        )
    return sku_id


def checked_labels(values: object) -> tuple[str, ...]:
    """Labels, each trimmed and not blank, without doubles, in the order given."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise invalid_field("labels", "must be a list of texts")
    labels = tuple(dict.fromkeys(required("label", value, "a label", LABEL) for value in values))
    if len(labels) > LABELS:
        raise _too_many("labels", len(labels), LABELS)
    return labels


def checked_object(field: str, value: object) -> dict[str, Any]:
    """A JSON object (evidence, metrics, metadata, details); its size is checked when stored."""
    if not isinstance(value, dict):
        raise invalid_field(field, f"must be a JSON object, not {shown(value)}")
    fault = _fault(value, DEPTH)
    if fault:
        raise invalid_field(field, fault)
    return value


def _fault(value: object, levels: int) -> str | None:
    """Why a value cannot be kept as JSON; None when it can."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return "holds text with half a surrogate pair" if _SURROGATE.search(value) else None
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**64 else "holds an integer that does not fit 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"holds {value}, which is no JSON number"
    return _fault_inside(value, levels)


def _fault_inside(value: object, levels: int) -> str | None:
    if not isinstance(value, dict | list | tuple):
        return f"holds a {type(value).__name__}, which is no JSON value"
    if levels == 0:
        return f"is nested deeper than {DEPTH} levels"
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        return "has a key that is not text"
    items = (*value, *value.values()) if isinstance(value, dict) else value
    return next(filter(None, (_fault(item, levels - 1) for item in items)), None)


def _too_large(field: str, size: int, limit: int) -> InvalidInput:
    return invalid_field(field, f"has {size} characters; the limit is {limit}", "too_large")


def _too_many(field: str, count: int, limit: int) -> InvalidInput:
    return invalid_field(field, f"has {count} entries; the limit is {limit}", "too_large")
