"""What a query must not say: nothing that writes, and nothing that would leave the graph.

The sandbox (`worker`) is what keeps a query inside; this names the place. It does not parse SPARQL but
tells apart what all parsers of it do: texts, IRIs, comments, variables, words. Engines take `SERVICE`
without white space around it (`1SERVICE<…>`, `SERVICE:s{}`), so outside of texts, IRIs, comments and
variables those letters may stand nowhere. rdflib replaces escapes such as `\\u0053` before it
parses and Oxigraph does not, so a query is looked at both ways.
"""

import re
from collections.abc import Iterator

from tcps.errors import InvalidInput

LARGEST = 1024 * 1024
"""The longest query, in characters."""
DEEPEST = 100
"""How deep brackets may be nested: parsers call themselves for each."""
TOKEN = re.compile(
    r"""
    (?P<space>[\s\ufeff]+|\#[^\r\n]*)
    |(?P<text>"{3}(?:(?:"{1,2})?(?:[^"\\]|\\.))*"{3}|'{3}(?:(?:'{1,2})?(?:[^'\\]|\\.))*'{3}
        |"(?!"")(?:[^"\\\r\n]|\\.)*"|'(?!'')(?:[^'\\\r\n]|\\.)*')
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*(?:\\u[0-9A-Fa-f]{4}[^<>"{}|^`\\\x00-\x20]*)*>)
    |(?P<variable>[?$]\w+)
    |(?P<word>(?:[\w:%@.-]|\\.)+)
    |(?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Its groups: space (comments too), text, iri, variable, word (keywords, names, numbers), sign."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_HALF = re.compile("[\ud800-\udfff]")
_FORMS = ("select", "ask", "construct", "describe")
_UPDATES = ("insert", "delete", "load", "clear", "create", "drop", "copy", "move", "add", "with")


def form_of(query: str) -> str:
    """Which of the four forms of query it is: `select`, `ask`, `construct` or `describe`.

    Raises InvalidInput (`query_refused`, `too_large`) for what must not be said.
    """
    if len(query) > LARGEST:
        raise InvalidInput(
            f"a query has at most {LARGEST} characters, not {len(query)}",
            code="too_large",
            details={"fields": ["query"]},
        )
    if "\x00" in query:
        raise _refused(query, query.index("\x00"), "a query holds no zero characters")
    if half := _HALF.search(query):
        raise _refused(query, half.start(), "a query holds no half of a surrogate pair")
    expanded = _ESCAPE.sub(_character, query)
    if expanded != query:
        _form(expanded)
    return _form(query)


def _form(query: str) -> str:
    depth, form = 0, ""
    for kind, text, place in _tokens(query):
        lower = text.lower()
        if kind == "sign":
            if text in "\"'":
                raise _refused(query, place, "a text begins here and does not end")
            depth += (text in "({[") - (text in ")}]")
            if depth > DEEPEST:
                raise _refused(query, place, f"brackets are nested deeper than {DEEPEST} levels")
        elif "service" in lower:
            raise _refused(query, place, "SERVICE asks another server, and no query leaves the graph")
        elif lower == "from":
            raise _refused(query, place, "FROM names another graph; there is one")
        elif not form and lower in _FORMS:
            form = lower
        elif not form and lower in _UPDATES:
            raise _refused(query, place, f"{text.upper()} is an update, and queries only read")
    if not form:
        raise _refused(query, 0, "it is none of SELECT, ASK, CONSTRUCT, DESCRIBE")
    return form


def _tokens(query: str) -> Iterator[tuple[str, str, int]]:
    """The words and signs outside of texts, IRIs, comments and variables, each with its place."""
    for match in TOKEN.finditer(query):
        kind = match.lastgroup
        if kind in ("word", "sign"):
            yield kind, match[0], match.start()


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]


def _refused(query: str, place: int, why: str) -> InvalidInput:
    line = query.count("\n", 0, place) + 1
    column = place - query.rfind("\n", 0, place)
    return InvalidInput(
        f"line {line}, column {column}: {why}",
        code="query_refused",
        details={"line": line, "column": column},
    )
