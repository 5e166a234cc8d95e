"""Variables of a query that a caller gives a value: each is replaced by a term, as a whole token.

Engines have ways of their own to bind variables, which differ in scope and in what they allow. This
one sees texts, IRIs and comments for what they are, and a value can only ever be one term.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from tcps.errors import InvalidInput, invalid_field
from tcps.model import parse_timestamp
from tcps.ontology import terms
from tcps.ontology.guard import TOKEN

_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^<>"{}|^`\\\x00-\x20]*')
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SORTING = ("group", "order", "having", "by")


def bound(query: str, bindings: Mapping[str, str]) -> str:
    """The query with each of these variables replaced by its term, which N-Triples could have.

    A variable that SELECT lists stays a column. Raises InvalidInput for one that the query does not have.
    """
    if not bindings:
        return query
    seen: set[str] = set()
    made = "".join(_replaced(query, bindings, seen))
    if absent := [name for name in bindings if name not in seen]:
        raise invalid_field(absent[0], "is bound, and the query has no such variable")
    return made


def _replaced(query: str, bindings: Mapping[str, str], seen: set[str]) -> Iterator[str]:
    place, before, depth = "", "", 0
    for match in TOKEN.finditer(query):
        text, kind = match[0], match.lastgroup
        lower = text.lower()
        if kind == "word" and lower in ("select", *_SORTING):
            place = lower
        elif text in ("{", "}") or lower in ("where", "limit", "offset", "values", "from"):
            place = ""
        depth = {"(": depth + 1, ")": depth - 1}.get(text, depth) if place == "select" else 0
        if kind == "variable" and text[1:] in bindings:
            name = text[1:]
            seen.add(name)
            if before == "as":
                raise invalid_field(name, "is bound, and the query gives it a value too")
            text = _in_place(name, bindings[name], place, depth)
        if kind != "space":
            before = lower
        yield text


def _in_place(name: str, term: str, place: str, depth: int) -> str:
    """The term as it may stand in a pattern, as a column, or in an expression.

    Of `COALESCE` there is no more to say than of its one value; rdflib groups by no bare term.
    """
    if not place:
        return term
    return f"({term} AS ?{name})" if place == "select" and not depth else f"COALESCE({term})"


def term(value: object) -> str:
    """The term of a Python value: an IRI in `<>`, a number, a truth value, a time, or a text."""
    if isinstance(value, datetime):
        return terms.moment(parse_timestamp(value.isoformat()))
    if isinstance(value, str):
        return iri(value[1:-1]) if value.startswith("<") and value.endswith(">") else terms.text(value)
    if isinstance(value, bool | int | float):
        return terms.scalar(value)
    raise InvalidInput(f"a value of type {type(value).__name__} is no term", details={"fields": ["bindings"]})


def iri(value: str) -> str:
    """An IRI; raises InvalidInput for what is none."""
    if not _IRI.fullmatch(value):
        raise invalid_field("bindings", f"has {value[:80]!r}, which is no absolute IRI")
    return f"<{value}>"


def variable(name: str) -> str:
    """The name of a variable, with or without its `?`; raises InvalidInput for what is none."""
    bare = name.removeprefix("?")
    if not _NAME.fullmatch(bare):
        raise invalid_field("bindings", f"has {name[:80]!r}, which is no name of a variable")
    return bare
