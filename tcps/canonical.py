"""Bytes and digests: the one written form of every JSON value that the store keeps.

A record's *file* is sorted keys, two-space indent, a newline at the end; its form inside a ledger
line is sorted keys, no white space. Digests are over bytes as stored (format 3). Input from outside
is read by `parse_input`, which refuses what JSON readers disagree about.
"""

import hashlib
import itertools
import math
from typing import Any

import msgspec
import orjson

from tcps.errors import InvalidInput, invalid_field
from tcps.model import Json, Record

_LINE = orjson.OPT_SORT_KEYS
_FILE = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
DEPTH = 64
"""How deep JSON from outside may be nested."""
_TOO_DEEP = b"\n" + b"  " * (DEPTH + 8)
"""Begins a line of a record's file that is nested too deep; no text holds a raw newline in JSON."""


def line_bytes(value: object) -> bytes:
    """The canonical compact form, as in a ledger line; UTF-8 without a newline (format 3.1)."""
    return orjson.dumps(value, option=_LINE)


def file_bytes(value: object) -> bytes:
    """The canonical form of a record's file (format 3.2)."""
    return orjson.dumps(value, option=_FILE)


def plain(record: msgspec.Struct) -> dict[str, Any]:
    """A record as JSON-ready builtins."""
    value: dict[str, Any] = msgspec.to_builtins(record)
    return value


def record_bytes(record: Record) -> bytes:
    """The exact bytes of the record's file."""
    return file_bytes(plain(record))


def checked_bytes(kind: str, value: Json) -> bytes:
    """The file's bytes of a record given as builtins, once it is sure that reading them gives it again.

    Raises InvalidInput for what JSON cannot hold: integers beyond 64 bits, halves of surrogate pairs,
    keys that are no text, nesting far deeper than `DEPTH`. NaN and infinities are not looked for again:
    `checked_object` and the policy let none in from outside.
    """
    try:
        content = file_bytes(value)
    except TypeError as error:
        raise invalid_field(kind, f"cannot be written as JSON: {error}") from None
    if _TOO_DEEP in content:
        raise invalid_field(kind, f"is nested deeper than {DEPTH} levels")
    return content


def sha256_hex(data: bytes) -> str:
    """SHA-256 (FIPS 180-4) in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def digest(data: bytes) -> str:
    """The digest as `previous`, `head` and reports write it: `sha256:` and 64 hex digits."""
    return f"sha256:{sha256_hex(data)}"


def genesis(store_id: str, sku_id: str) -> str:
    """What the first receipt of a SKU names as `previous` (format 6.2).

    It binds the chain to one SKU of one store. By hand:
    `printf 'tcps genesis\\n%s\\n%s\\n' STORE SKU | sha256sum`.
    """
    return digest(f"tcps genesis\n{store_id}\n{sku_id}\n".encode())


def parse(data: bytes) -> Any:
    """Stored JSON bytes as a value; raises ValueError on anything that is not JSON (RFC 8259)."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ValueError(_why(data, error)) from None


def _why(data: bytes, error: ValueError) -> str:
    """What is wrong with bytes that are no JSON, in words for people."""
    try:
        return str(error) if data.decode() else "it is empty"
    except UnicodeDecodeError as wrong:
        return f"its byte {wrong.start} is not UTF-8"


def parse_input(text: str | bytes, what: str) -> Any:
    """JSON from outside as a value.

    Refused with one line that names the place: text that is cut off or no JSON, a key given twice,
    NaN or infinity, an integer beyond 64 bits, nesting deeper than `DEPTH`, text that is not UTF-8,
    half of a surrogate pair.
    """
    import json  # only input pays for it

    try:
        value = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_real,
        )
        if _deeper_than(value, DEPTH):
            raise ValueError(f"it is nested deeper than {DEPTH} levels")
        _require_text(value)
    except RecursionError:
        raise invalid_json(what, f"it is nested deeper than {DEPTH} levels") from None
    except UnicodeDecodeError as error:
        raise invalid_json(what, f"byte {error.start} is not UTF-8") from None
    except ValueError as error:
        raise invalid_json(what, str(error)) from None
    return value


def invalid_json(what: str, why: str) -> InvalidInput:
    """The error for JSON from outside that cannot be taken."""
    return InvalidInput(f"{what} is not valid JSON: {why}", details={"fields": [what]})


def _object(items: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(items)
    if len(keys) != len(items):
        names = sorted(key for key, _ in items)
        twice = next(one for one, other in itertools.pairwise(names) if one == other)
        raise ValueError(f"the key {twice!r} is given twice")
    return keys


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError(f"the integer {digits[:20]}… does not fit 64 bits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits[:20]} is too large")
    return value


def _require_text(value: object) -> None:
    try:
        line_bytes(value)
    except TypeError:
        raise ValueError("it holds half of a surrogate pair") from None


def _deeper_than(value: object, levels: int) -> bool:
    """Whether values are nested deeper; level by level, since a call for each value takes longer."""
    nested = [value] if isinstance(value, (dict, list)) else []
    while nested and levels:
        inside = (item.values() if isinstance(item, dict) else item for item in nested)
        nested = [one for items in inside for one in items if isinstance(one, (dict, list))]
        levels -= 1
    return bool(nested)
