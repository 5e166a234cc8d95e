"""Whether a component's licences are allowed (domain 9), by SPDX expression (SPDX 2.3, annex D; ADR 10)."""

from collections import deque
from collections.abc import Collection, Sequence
from functools import lru_cache

_LONGEST = 4096
"""The most characters of an expression that is read."""


def comply(expressions: Sequence[str], allowed: Collection[str]) -> bool:
    """Whether every one of a component's licences is allowed; without any, none is."""
    return bool(expressions) and all(complies(expression, allowed) for expression in expressions)


def complies(expression: str, allowed: Collection[str]) -> bool:
    """OR complies if any side does, AND only if all do; an unknown licence or no expression never does."""
    words = deque(_words(expression))
    return bool(words) and _either(words, allowed)


@lru_cache(maxsize=4096)
def _words(expression: str) -> tuple[str, ...]:
    """The words of a valid expression, its ids as the SPDX list writes them; none for an invalid one."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(expression) > _LONGEST:
        return ()
    try:
        valid = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return ()
    return tuple(valid.replace("(", "( ").replace(")", " )").split())


def _either(words: deque[str], allowed: Collection[str]) -> bool:
    value = _both(words, allowed)
    while words and words[0] == "OR":
        words.popleft()
        value = _both(words, allowed) or value
    return value


def _both(words: deque[str], allowed: Collection[str]) -> bool:
    value = _one(words, allowed)
    while words and words[0] == "AND":
        words.popleft()
        value = _one(words, allowed) and value
    return value


def _one(words: deque[str], allowed: Collection[str]) -> bool:
    word = words.popleft()
    if word == "(":
        value = _either(words, allowed)
        words.popleft()
        return value
    if words and words[0] == "WITH":
        words.popleft()
        word = f"{word} WITH {words.popleft()}"
    return word in allowed
