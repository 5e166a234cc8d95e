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
    tokens = deque(_tokens(expression))
    return bool(tokens) and _either(tokens, allowed)


@lru_cache(maxsize=4096)
def _tokens(expression: str) -> tuple[str, ...]:
    """The words of a valid expression, its ids as the SPDX list writes them; none for an invalid one."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(expression) > _LONGEST:
        return ()
    try:
        valid = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return ()
    return tuple(valid.replace("(", "( ").replace(")", " )").split())


def _either(tokens: deque[str], allowed: Collection[str]) -> bool:
    value = _both(tokens, allowed)
    while tokens and tokens[0] == "OR":
        tokens.popleft()
        value = _both(tokens, allowed) or value
    return value


def _both(tokens: deque[str], allowed: Collection[str]) -> bool:
    value = _one(tokens, allowed)
    while tokens and tokens[0] == "AND":
        tokens.popleft()
        value = _one(tokens, allowed) and value
    return value


def _one(tokens: deque[str], allowed: Collection[str]) -> bool:
    token = tokens.popleft()
    if token == "(":
        value = _either(tokens, allowed)
        tokens.popleft()
        return value
    if tokens and tokens[0] == "WITH":
        tokens.popleft()
        token = f"{token} WITH {tokens.popleft()}"
    return token in allowed
