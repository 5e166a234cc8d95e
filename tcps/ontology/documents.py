"""The statements of a graph as documents: N-Triples, Turtle, JSON-LD."""

from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from tcps.canonical import line_bytes, parse
from tcps.ontology.terms import PREFIXES


class Form(StrEnum):
    """How a graph is written."""

    TURTLE = "turtle"
    NTRIPLES = "ntriples"
    JSONLD = "jsonld"


def written(ntriples: str, form: Form) -> str:
    """Sorted N-Triples in another form; the same text gives the same document with the same engine."""
    if form is Form.NTRIPLES or (not ntriples and form is Form.TURTLE):
        return ntriples
    return WRITERS["oxigraph" if find_spec("pyoxigraph") else "rdflib"](ntriples, form)


def _by_oxigraph(ntriples: str, form: Form) -> str:
    import pyoxigraph as ox

    kind = ox.RdfFormat.TURTLE if form is Form.TURTLE else ox.RdfFormat.JSON_LD
    triples = ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
    made = ox.serialize((quad.triple for quad in triples), format=kind, prefixes=PREFIXES) or b""
    return _with_context(made) if form is Form.JSONLD else f"{made.decode().rstrip()}\n"


def _by_rdflib(ntriples: str, form: Form) -> str:
    import rdflib

    graph = rdflib.Graph()
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.parse(data=ntriples, format="nt")
    if form is Form.TURTLE:
        return graph.serialize(format="turtle")
    return _with_context(graph.serialize(format="json-ld", auto_compact=False).encode())


def _with_context(expanded: bytes) -> str:
    """JSON-LD with our prefixes in place of namespaces; the document has its context itself."""
    value = {"@context": PREFIXES, "@graph": _compact(parse(expanded))}
    return line_bytes(value).decode() + "\n"


def _compact(value: Any) -> Any:
    if isinstance(value, list):
        return [_compact(one) for one in value]
    if isinstance(value, dict):
        return {_short(name): _named(name, one) for name, one in value.items()}
    return value


def _named(name: str, value: Any) -> Any:
    """A member's value: names are shortened, and texts are left alone."""
    if name == "@value" or not isinstance(value, str):
        return _compact(value)
    return _short(value) if name in ("@id", "@type") else value


def _short(name: str) -> str:
    """A name with a prefix in place of a namespace of ours."""
    for prefix, namespace in PREFIXES.items():
        if name.startswith(namespace) and not name[len(namespace) :].startswith("//"):
            return f"{prefix}:{name[len(namespace) :]}"
    return name


WRITERS: dict[str, Callable[[str, Form], str]] = {"oxigraph": _by_oxigraph, "rdflib": _by_rdflib}
"""By the engine whose library does it."""
