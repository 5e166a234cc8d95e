"""What callers of the library give: records or mappings, down to the fields that they may choose."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tcps.canonical import file_bytes, line_bytes, parse, plain
from tcps.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    TcpsError,
    invalid_field,
    missing,
    not_found,
)
from tcps.model import Receipt, Record, WorkOrder, shown
from tcps.model.text import checked_id

R = TypeVar("R", bound=Record)
Given = Mapping[str, Any]


def fields(kind: type[R], given: R | Given, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The chosen fields of a new record.

    A field that only the system sets may be there with its default value; another is `invalid_field`.
    """
    values = _values(kind, given)
    if kind is WorkOrder:
        signal = values.pop("pull_signal", None) or {}
        values |= {name: signal[name] for name in ("type", "source") if signal.get(name)}
        if isinstance(given, WorkOrder) and not given.priority:
            values.pop("priority", None)
    chosen = {name: value for name, value in values.items() if name in allowed}
    defaults = _defaults(kind)
    for name in [name for name in values if name not in chosen]:
        if values[name] != defaults.get(name, values[name]):
            raise invalid_field(name, "is set by the system and cannot be given")
        if name not in kind.__struct_fields__:
            raise invalid_field(name, f"is no field of a {kind.kind.replace('_', ' ')}")
    return {name: value for name, value in chosen.items() if value is not None and value != ""}


def own_id(kind: type[R], given: R | Given) -> str | None:
    """The id that a record to be stored brings with it, if any."""
    value = _values(kind, given).get(kind.id_field)
    return checked_id(kind.id_field, value) if value else None


def needed(given: dict[str, Any], names: tuple[str, ...], what: str) -> dict[str, Any]:
    """`given`, with all of `names` in it, else `missing_required_field`."""
    absent = [name for name in names if not given.get(name)]
    if absent:
        raise missing(absent, what)
    return given


def update(kind: type[R], given: R | Given) -> tuple[str, int, dict[str, Any]]:
    """The id, the revision that was read, and the fields of a record to be updated."""
    values = _values(kind, given)
    needed(values, (kind.id_field, "revision"), "an update")
    record_id, revision = values.pop(kind.id_field), values.pop("revision")
    if not isinstance(revision, int):
        raise invalid_field("revision", f"must be a whole number, not {shown(revision)}")
    return checked_id(kind.id_field, record_id), revision, values


def changed(current: R | None, given: dict[str, Any]) -> dict[str, Any]:
    """The given fields that differ from the stored record."""
    if current is None:
        return given
    stored = plain(current)
    return {name: value for name, value in given.items() if not _is_same(stored, name, value)}


def _is_same(stored: dict[str, Any], name: str, value: object) -> bool:
    """Whether the field has this value: as it is written, for `1`, `1.0` and `true` are equal in Python."""
    return name in stored and (stored[name] is value or _written(stored[name]) == _written(value))


def _written(value: object) -> bytes | object:
    try:
        return line_bytes(value)
    except (TypeError, ValueError):  # not JSON: the rules say what is wrong with it
        return value


def require_current(current: Record | None, record_id: str, revision: int) -> None:
    """Raise NotFound, or Conflict when the record has another revision than the one read."""
    if current is None:
        raise not_found("record", record_id)
    if current.revision != revision:
        raise Conflict(
            f"{record_id} has revision {current.revision} now, not {revision}: somebody changed it",
            details={"id": record_id, "revision": current.revision, "given": revision},
        )


def resolution(value: object) -> dict[str, Any]:
    """The texts of a resolution that a caller gives."""
    names = ("root_cause", "fix_applied", "prevention_added")
    given = value if isinstance(value, dict) else {}
    texts: dict[str, Any] = {name: given.get(name) for name in names}
    return texts | ({"resolver": given["resolver"]} if given.get("resolver") else {})


def refuse_given_id(kind: type[Record], record_id: str, existing: Record | None) -> None:
    """Refuse an id that the store would give: `duplicate_id` if it is taken, else `reserved_id`."""
    if existing is not None:
        raise Conflict(f"{record_id} is there already", code="duplicate_id", details={"id": record_id})
    raise InvalidInput(
        f"{kind.id_field} {record_id!r} cannot be chosen: the store gives the next one",
        code="reserved_id",
        hint="leave the id out",
        details={"fields": [kind.id_field]},
    )


def receipt_file(path: Path) -> Receipt:
    """The receipt in a file. Raises IntegrityError when it is none, or not in canonical form."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TcpsError(f"cannot read {path}: {error.strerror}") from error
    try:
        value = parse(content)
        if file_bytes(value) != content:
            raise ValueError("it is not in canonical form")
        return msgspec.convert(value, Receipt)
    except (ValueError, TypeError) as error:
        raise IntegrityError(f"{path} is not a receipt file: {error}") from None


def _values(kind: type[Record], given: Record | Given) -> dict[str, Any]:
    if isinstance(given, Record):
        if not isinstance(given, kind):
            raise invalid_field("record", f"must be a {kind.__name__}, not a {type(given).__name__}")
        return plain(given)
    if isinstance(given, Mapping):
        return dict(given)
    raise invalid_field("record", f"must be a {kind.__name__} or a mapping")


@functools.cache
def _defaults(kind: type[Record]) -> dict[str, Any]:
    """The values of fields that a maker of a record left out."""
    values = {}
    for field in msgspec.structs.fields(kind):
        if field.default is not msgspec.NODEFAULT:
            values[field.name] = msgspec.to_builtins(field.default)
        elif field.default_factory is not msgspec.NODEFAULT:
            values[field.name] = msgspec.to_builtins(field.default_factory())
    return values
