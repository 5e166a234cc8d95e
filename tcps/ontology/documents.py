"""The statements of a graph as documents: N-Triples, Turtle, JSON-LD."""

from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec

from tcps.ontology import jsonld
from tcps.ontology.terms import PREFIXES


class Form(StrEnum):
    """How a graph is written."""

    TURTLE = "turtle"
    NTRIPLES = "ntriples"
    JSONLD = "jsonld"


def written(ntriples: str, form: Form) -> str:
    """Sorted N-Triples in another form; the same text gives the same document (Turtle: with the same engine).

    Raises InvalidInput for what the form cannot say.
    """
    if form is Form.NTRIPLES or (not ntriples and form is Form.TURTLE):
        return ntriples
    if form is Form.JSONLD:
        return jsonld.document(ntriples)
    return TURTLE_WRITERS["oxigraph" if find_spec("pyoxigraph") else "rdflib"](ntriples)


def _by_oxigraph(ntriples: str) -> str:
    import pyoxigraph as ox

    triples = ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
    made = ox.serialize((quad.triple for quad in triples), format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
    return f"{(made or b'').decode().rstrip()}\n"


def _by_rdflib(ntriples: str) -> str:
    import rdflib

    graph = rdflib.Graph()
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.parse(data=ntriples, format="nt")
    return graph.serialize(format="turtle")


TURTLE_WRITERS: dict[str, Callable[[str], str]] = {"oxigraph": _by_oxigraph, "rdflib": _by_rdflib}
"""By the engine whose library does it."""
