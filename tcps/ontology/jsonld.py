"""Statements as JSON-LD, by a context of our own: without an RDF library, and without a network.

`context.jsonld` names every class and property of the vocabulary, and what kind of value a property has.
A document has that context itself, so that nobody needs to fetch it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tcps.canonical import line_bytes, parse
from tcps.errors import InvalidInput
from tcps.model import Json
from tcps.ontology.terms import PREFIXES, TYPE

_XSD = PREFIXES["xsd"]
_STATEMENT = re.compile(
    r"(<[^>]*>|_:\S+) <([^>]*)> "
    r'(?:<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:\^\^<([^>]*)>|@([A-Za-z0-9-]+))?) ?\.'
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_NAMED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")
"""Whole numbers that every reader of JSON takes as they are."""


def source() -> bytes:
    """context.jsonld."""
    return Path(__file__).with_name("context.jsonld").read_bytes()


@cache
def context() -> Json:
    """What stands in context.jsonld under `@context`."""
    value: Json = parse(source())["@context"]
    return value


def document(ntriples: str) -> str:
    """Sorted N-Triples as JSON-LD, a line for each subject; the same text gives the same document.

    Raises InvalidInput for a statement about statements, for which JSON-LD has no form.
    """
    try:
        return _document(ntriples, context())
    except _ConfusedError:
        return _document(ntriples, {})


class _ConfusedError(Exception):
    """An IRI that would be taken for a name with one of our prefixes."""


class _Meaning(NamedTuple):
    """A name of the context, and the IRI of its values' datatype, `@id`, or nothing."""

    name: str
    type: str | None


class _Names:
    """Shortens IRIs by a context."""

    def __init__(self, context: Json) -> None:
        self._prefixes = {iri: name for name, iri in context.items() if name in PREFIXES}
        self._known = {
            self._full(one if isinstance(one, str) else one["@id"]): _Meaning(name, self._type(one))
            for name, one in context.items()
            if name not in PREFIXES
        }

    def meaning(self, iri: str) -> _Meaning:
        """What stands for a property or a class."""
        return self._known.get(iri) or _Meaning(self.short(iri), None)

    def short(self, iri: str) -> str:
        """An IRI with a prefix in place of its namespace."""
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        prefix = self._prefixes.get(iri[:cut])
        if prefix is not None and cut < len(iri):
            return f"{prefix}:{iri[cut:]}"
        if self._prefixes and iri.partition(":")[0] in PREFIXES:
            raise _ConfusedError
        return iri

    def _type(self, one: Any) -> str | None:
        kind = one.get("@type") if isinstance(one, dict) else None
        return None if kind is None else kind if kind == "@id" else self._full(kind)

    @staticmethod
    def _full(name: str) -> str:
        prefix, _, rest = name.partition(":")
        return PREFIXES[prefix] + rest


def _document(ntriples: str, context: Json) -> str:
    names = _Names(context)
    lines = (line for line in ntriples.split("\n") if line)
    nodes = ",\n".join(line_bytes(node).decode() for node in _nodes(lines, names))
    return f'{{"@context":{line_bytes(context).decode()},"@graph":[\n{nodes}\n]}}\n'


def _nodes(lines: Iterable[str], names: _Names) -> Iterator[Json]:
    for subject, statements in groupby(map(_parts, lines), lambda parts: parts[0]):
        node: Json = {"@id": _node(subject, names)}
        for _, predicate, *value in statements:
            key, item = _member(predicate, value, names)
            if key not in node:
                node[key] = item
            elif isinstance(node[key], list):
                node[key].append(item)
            else:
                node[key] = [node[key], item]
        yield node


def _parts(line: str) -> tuple[Any, ...]:
    match = _STATEMENT.fullmatch(line)
    if match is None:
        raise InvalidInput(f"JSON-LD has no form for this statement: {line[:200]}")
    return match.groups()


def _member(predicate: str, value: list[Any], names: _Names) -> tuple[str, Any]:
    """A member of a node: its name and one value."""
    iri, blank, text, datatype, language = value
    if text is None:
        if f"<{predicate}>" == TYPE:
            return "@type", blank or names.meaning(_unescaped(iri)).name
        name, kind = names.meaning(_unescaped(predicate))
        target = blank or names.short(_unescaped(iri))
        return name, target if kind == "@id" else {"@id": target}
    name, kind = names.meaning(_unescaped(predicate))
    if language:
        return name, {"@language": language, "@value": _unescaped(text)}
    return name, _literal(_unescaped(text), datatype or f"{_XSD}string", kind, names)


def _literal(text: str, datatype: str, expected: str | None, names: _Names) -> Any:
    """A literal where those of a datatype are expected, or (None) texts, whole numbers, truth values."""
    native = {f"{_XSD}integer": _WHOLE.fullmatch(text), f"{_XSD}boolean": text in ("true", "false")}
    if expected in (None, datatype):
        if native.get(datatype):
            return parse(text.encode())
        if datatype in (expected, f"{_XSD}string"):
            return text
    value = {"@value": text}
    return value if datatype == f"{_XSD}string" else value | {"@type": names.short(_unescaped(datatype))}


def _node(written: str, names: _Names) -> str:
    return names.short(_unescaped(written[1:-1])) if written[0] == "<" else written


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _NAMED.get(match[3], match[3])
