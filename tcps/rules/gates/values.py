"""What a metric's value must be to be judged at all (domain 9)."""

import re
from fractions import Fraction
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from tcps.model import shown

VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.]+)?")
_HEX = re.compile(r"[0-9a-f]{64}")
TOLERANCE = Fraction(5, 10_000)
"""How far a given rate may be from the one that was computed or read."""
_WHOLE = 256
"""Up to how many characters a value is reported whole."""


def is_count(value: object) -> TypeGuard[int]:
    """An integer of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_rate(value: object) -> TypeGuard[float]:
    """A finite number from 0 to 1."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def agree(given: object, read: object) -> bool:
    """Whether a metric that was given says what a report says: rates within the tolerance, all else equal."""
    if isinstance(read, float):
        return is_rate(given) and abs(Fraction(str(given)) - Fraction(str(read))) <= TOLERANCE
    return type(given) is type(read) and given == read


def is_hex(value: object) -> bool:
    """A SHA-256 in lower-case hex."""
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def is_flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_text(value: object) -> bool:
    """Text, blank or not."""
    return isinstance(value, str)


def is_texts(value: object) -> bool:
    """A list of texts, none of them blank."""
    return isinstance(value, list | tuple) and all(isinstance(v, str) and v.strip() for v in value)


def is_url(value: str) -> bool:
    """http or https with a host, no user information, no white space."""
    if re.search(r"\s", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def is_sbom(name: str) -> bool:
    """Whether an artifact's name says that it is an SBOM."""
    return name in ("bom.json", "sbom.json") or name.endswith((".cdx.json", ".spdx.json"))


def brief(value: Any) -> Any:
    """A value as a result reports it: cut when long, so that a failed receipt keeps within its limits."""
    if isinstance(value, str) and len(value) > _WHOLE:
        return f"{value[:200]}… ({len(value)} characters)"
    if isinstance(value, list | tuple | dict) and len(str(value)) > _WHOLE:
        return shown(value)
    return value
