"""Documents read by rdflib, with what it would do by itself kept from it.

It would fetch contexts, resolve relative IRIs against the working folder, and write literals anew.
"""

import contextlib
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import rdflib
from rdflib.exceptions import ParserError
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.plugins.parsers.ntriples import W3CNTriplesParser

from tcps.ontology.documents import Form
from tcps.ontology.reading import ELSEWHERE, invalid
from tcps.ontology.terms import PREFIXES, text

Triple = tuple[Any, ...]
_STRING = f"{PREFIXES['xsd']}string"
_NEWLINE = re.compile(r"\r\n|\r|\n")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NO_BASE = "tcps-no-base:"
_RELATIVE = "it has an IRI that is not absolute"
_DEEP = "it is nested too deeply"


def statements(content: bytes, form: Form) -> list[str]:
    """What a document states. Raises InvalidInput."""
    try:
        written = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise invalid(f"it is not UTF-8: {error.reason}", line) from None
    with _as_written():
        return [f"{' '.join(map(_term, triple))} ." for triple in _READERS[form](written)]


def _ntriples(written: str) -> Iterator[Triple]:
    found: list[Triple] = []

    class Sink:
        def triple(self, *nodes: Any) -> None:
            found.append(nodes)

    reader = W3CNTriplesParser(Sink())  # type: ignore[arg-type]  # what has `triple` is one
    for number, line in enumerate(_NEWLINE.split(written), 1):
        reader.line = line
        try:
            reader.parseline()
        except ParserError as error:
            raise invalid(str(error), number) from None
        yield from found
        found.clear()


def _turtle(written: str) -> Iterable[Triple]:
    try:
        return rdflib.Graph().parse(data=written, format="turtle", publicID=_NO_BASE)
    except BadSyntax as error:
        raise invalid(error._why, error.lines + 1) from None
    except RecursionError:
        raise invalid(_DEEP) from None
    except ValueError:  # of the base, which it cannot resolve anything against
        raise invalid(_RELATIVE) from None


def _jsonld(written: str) -> Iterator[Triple]:
    dataset = rdflib.Dataset()
    try:
        if _asks_elsewhere(json.loads(written)):
            raise invalid(ELSEWHERE)
        dataset.parse(data=written, format="json-ld", publicID=_NO_BASE)
    except json.JSONDecodeError as error:
        raise invalid(error.msg, error.lineno, error.colno) from None
    except RecursionError:
        raise invalid(_DEEP) from None
    except ValueError as error:
        raise invalid(str(error)) from None
    for *triple, graph in dataset.quads():
        if graph != DATASET_DEFAULT_GRAPH_ID:
            raise invalid("named graphs are not allowed")
        if not any(map(_is_relative, triple)):  # of such a thing JSON-LD states nothing
            yield tuple(triple)


_READERS: dict[Form, Callable[[str], Iterable[Triple]]] = {
    Form.TURTLE: _turtle,
    Form.NTRIPLES: _ntriples,
    Form.JSONLD: _jsonld,
}


def _asks_elsewhere(value: Any) -> bool:
    """Whether a JSON-LD document names a context that it does not hold."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            contexts = one.get("@context")
            named = contexts if isinstance(contexts, list) else [contexts]
            if "@import" in one or any(isinstance(context, str) for context in named):
                return True
            waiting += one.values()
    return False


@contextlib.contextmanager
def _as_written() -> Iterator[None]:
    """Keep rdflib from writing literals anew, and from warning of itself."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _term(node: Any) -> str:
    """A node as N-Triples."""
    if isinstance(node, rdflib.BNode):
        return f"_:{node}"
    if not isinstance(node, rdflib.Literal):
        if _is_relative(node):
            raise invalid(_RELATIVE)
        return f"<{node}>"
    if node.language:
        return f"{text(node)}@{node.language.lower()}"
    plain = node.datatype is None or str(node.datatype) == _STRING
    return text(node) if plain else f"{text(node)}^^{_term(node.datatype)}"


def _is_relative(node: Any) -> bool:
    absolute = _SCHEME.match(node) and not node.startswith(_NO_BASE)
    return isinstance(node, rdflib.URIRef) and not absolute
