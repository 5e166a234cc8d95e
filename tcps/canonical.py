"""Bytes and digests: the one written form of every JSON value that the store keeps.

A record's *file* is sorted keys, two-space indent, a newline at the end; its form inside a ledger
line is sorted keys, no white space. Digests are over bytes as stored (format 3). Input from outside
is read by `parse_input`, which refuses what JSON readers disagree about.
"""

import hashlib
from typing import Any

import msgspec
import orjson

from tcps.errors import InvalidInput
from tcps.model import Record

_LINE = orjson.OPT_SORT_KEYS
_FILE = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
DEPTH = 64
"""How deep JSON from outside may be nested."""


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
    return orjson.loads(data)


def parse_input(text: str | bytes, what: str) -> Any:
    """JSON from outside as a value.

    Refused with one line that names the place: text that is cut off or no JSON, a key given twice,
    NaN or infinity, an integer beyond 64 bits, nesting deeper than `DEPTH`, text that is not UTF-8.
    """
    import json  # only input pays for it

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(items)
        if len(keys) != len(items):
            seen = [key for key, _ in items]
            twice = next(key for key in seen if seen.count(key) > 1)
            raise ValueError(f"the key {twice!r} is given twice")
        return keys

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a JSON number")

    def integer(digits: str) -> int:
        if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
            raise ValueError(f"the integer {digits[:20]}… does not fit 64 bits")
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"the number {digits[:20]} is too large")
        return value

    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer, parse_float=real
        )
        if _deeper_than(value, DEPTH):
            raise ValueError(f"it is nested deeper than {DEPTH} levels")
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


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(item, levels - 1) for item in inner)
