"""What is made from vocabulary.ttl: the tables of docs/ontology.md, and the context of JSON-LD."""

from collections.abc import Iterator

import rdflib
from rdflib import OWL, RDF, RDFS, SKOS

from tcps.canonical import file_bytes
from tcps.model import Json
from tcps.ontology import terms, vocabulary

_ABOVE = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.exactMatch, SKOS.closeMatch)


def _graph() -> rdflib.Graph:
    return rdflib.Graph().parse(data=vocabulary.source(), format="turtle")


def classes() -> str:
    """A row for each class."""
    graph = _graph()
    rows = [
        f"| `{_short(one)}` | {_comment(graph, one)} | {_above(graph, one)} |"
        for one in sorted(graph.subjects(RDF.type, OWL.Class))
    ]
    return _table(["| class | is | below |", "|---|---|---|", *rows])


def properties() -> str:
    """A row for each property."""
    graph = _graph()
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    found = sorted(one for kind in kinds for one in graph.subjects(RDF.type, kind))
    rows = [
        f"| `{_short(one)}` | {_comment(graph, one)} | {_name(graph.value(one, RDFS.domain))} "
        f"| {_name(graph.value(one, RDFS.range))} | {_above(graph, one)} |"
        for one in found
    ]
    return _table(["| property | is | of | value | below |", "|---|---|---|---|---|", *rows])


def values() -> str:
    """A row for each closed vocabulary."""
    graph = _graph()
    rows = []
    for scheme in sorted(graph.subjects(RDF.type, SKOS.ConceptScheme)):
        members = [str(graph.value(one, SKOS.notation)) for one in graph.subjects(SKOS.inScheme, scheme)]
        name = _short(scheme).removesuffix("Scheme")
        rows.append(f"| `{name}-…` | {' '.join(f'`{value}`' for value in members)} |")
    return _table(["| values of | are |", "|---|---|", *rows])


def context() -> str:
    """context.jsonld: every class by its name, every property with the type of its values.

    Texts need none: a string of JSON is one.
    """
    graph = _graph()
    named: Json = {_local(one): _short(one) for one in graph.subjects(RDF.type, OWL.Class)}
    for one in graph.subjects(RDF.type, OWL.ObjectProperty):
        named[_local(one)] = {"@id": _short(one), "@type": "@id"}
    for one in graph.subjects(RDF.type, OWL.DatatypeProperty):
        kind = _short(graph.value(one, RDFS.range))
        named[_local(one)] = {"@id": _short(one)} | (
            {} if kind in ("rdfs:Literal", "xsd:string") else {"@type": kind}
        )
    return file_bytes({"@context": terms.PREFIXES | named}).decode()


def _above(graph: rdflib.Graph, one: rdflib.term.Node) -> str:
    return " ".join(_name(o) for said in _ABOVE for o in sorted(graph.objects(one, said)))


def _comment(graph: rdflib.Graph, one: rdflib.term.Node) -> str:
    return str(graph.value(one, RDFS.comment))


def _name(one: object) -> str:
    return f"`{_short(one)}`"


def _local(one: object) -> str:
    return str(one).removeprefix(terms.NAMESPACE)


def _short(one: object) -> str:
    name = str(one)
    return next(_shortened(name))


def _shortened(name: str) -> Iterator[str]:
    for prefix, namespace in terms.PREFIXES.items():
        if name.startswith(namespace):
            yield f"{prefix}:{name.removeprefix(namespace)}"
    yield name


def _table(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
