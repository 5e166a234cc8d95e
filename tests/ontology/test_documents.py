"""The forms of a graph: the same graph in each, and JSON-LD by a context that nobody needs to fetch."""

import json

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import OWL, RDF, RDFS
from rdflib.compare import isomorphic

from tcps.errors import InvalidInput
from tcps.ontology import jsonld, terms, vocabulary
from tcps.ontology.documents import TURTLE_WRITERS, Form, written
from tcps.ontology.projection import State
from tests.ontology.records import TEXT, states, text

XSD = terms.PREFIXES["xsd"]
VOCABULARY = rdflib.Graph().parse(data=vocabulary.source(), format="turtle")
_of_rdflib = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # its reader of JSON-LD

IRIS = st.sampled_from(
    [
        "https://example.org/a?b=c&d=e",
        "urn:tcps:0:sku:a",
        "tcps:not-ours",
        "name:not-ours",
        f"{terms.NAMESPACE}title",
        f"{terms.NAMESPACE}a/b",
        terms.NAMESPACE,
        f"{terms.NAMESPACE}status",
        f"{terms.PREFIXES['rdf']}type",
    ]
)
DATATYPES = st.sampled_from([f"{XSD}{name}" for name in ("integer", "decimal", "boolean", "dateTime")])
LITERALS = st.one_of(
    st.builds(ox.Literal, TEXT),
    st.builds(lambda value: ox.Literal(value, language="en"), TEXT),
    st.builds(
        lambda value, kind: ox.Literal(value, datatype=ox.NamedNode(kind)),
        st.sampled_from(["1", "01", "-0", "0.5", "true", "1e3", "9007199254740993", "-7"]) | TEXT,
        DATATYPES | IRIS,
    ),
)
NODES = st.builds(ox.NamedNode, IRIS) | st.builds(ox.BlankNode, st.sampled_from("ab"))
TRIPLES = st.builds(ox.Triple, NODES, st.builds(ox.NamedNode, IRIS), NODES | LITERALS)


def values(document: str, form: str) -> set[tuple[object, ...]]:
    """The triples of a document; rdflib's Turtle writes the decimal 0 as 0.0."""

    def value(node: rdflib.term.Node) -> object:
        if not isinstance(node, rdflib.Literal):
            return node
        return node.datatype, str(node) if node.value is None else node.value

    return {(s, p, value(o)) for s, p, o in rdflib.Graph().parse(data=document, format=form)}


@_of_rdflib
@given(st.lists(states(), max_size=2, unique_by=lambda one: (one.kind, one.id)))
@settings(max_examples=20, deadline=None)
def test_the_three_forms_of_a_graph_are_the_same_graph_whoever_reads_them(given: list[State]) -> None:
    """There are no blank nodes, so isomorphic graphs are equal sets."""
    lines = text(given)
    whole = values(lines, "nt")
    for write in TURTLE_WRITERS.values():
        assert values(write(lines), "turtle") == whole
    document = written(lines, Form.JSONLD)
    assert values(document, "json-ld") == whole
    read = {f"{quad.triple} ." for quad in ox.parse(document, format=ox.RdfFormat.JSON_LD)}
    assert read == set(lines.split("\n")) - {""}


@given(st.lists(TRIPLES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_graph_is_the_same_as_json_ld(triples: list[ox.Triple]) -> None:
    document = written("".join(sorted({f"{one} .\n" for one in triples})), Form.JSONLD)
    first, second = ox.Dataset(ox.Quad(*one) for one in triples), ox.Dataset(_quads(document))
    for one in (first, second):
        one.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert first == second


@_of_rdflib
@pytest.mark.parametrize("with_labels", [False, True])
def test_the_vocabulary_is_the_same_as_json_ld(with_labels: bool) -> None:
    lines = sorted(f"{q.triple} ." for q in ox.parse(vocabulary.source(), format=ox.RdfFormat.TURTLE))
    chosen = [line for line in lines if with_labels or "@en" not in line]
    document = written("".join(f"{line}\n" for line in chosen), Form.JSONLD)
    expected = rdflib.Graph().parse(data="\n".join(chosen), format="nt")
    assert isomorphic(rdflib.Graph().parse(data=document, format="json-ld"), expected)


def test_what_json_ld_cannot_say_is_refused() -> None:
    with pytest.raises(InvalidInput):
        written("<a:b> <a:c> <<( <a:b> <a:c> <a:d> )>> .\n", Form.JSONLD)


def test_the_context_names_every_class_and_the_type_of_every_property() -> None:
    context = dict(jsonld.context())
    assert {name: context.pop(name) for name in terms.PREFIXES} == terms.PREFIXES
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty):
        for one in VOCABULARY.subjects(RDF.type, kind):
            name = str(one).removeprefix(terms.NAMESPACE)
            range_ = str(VOCABULARY.value(one, RDFS.range) or "").replace(XSD, "xsd:")
            if kind == OWL.Class:
                assert context.pop(name) == f"tcps:{name}"
            elif kind == OWL.ObjectProperty:
                assert context.pop(name) == {"@id": f"tcps:{name}", "@type": "@id"}
            else:
                plain = range_ in (str(RDFS.Literal), "xsd:string")  # of JSON's own values
                said = {} if plain else {"@type": range_}
                assert context.pop(name) == {"@id": f"tcps:{name}"} | said
    assert context == {}


@given(st.lists(states(), min_size=1, max_size=2))
@settings(max_examples=20, deadline=None)
def test_a_document_has_the_context_itself_and_its_names_are_plain(given: list[State]) -> None:
    value = json.loads(written(text(given), Form.JSONLD))
    assert value["@context"] == jsonld.context()
    names = {name for node in value["@graph"] for name in node}
    assert names <= {"@id", "@type", *jsonld.context()}


def test_values_are_those_of_json_where_json_has_them() -> None:
    iri = "urn:tcps:0:work_order:WO-1"
    said = {
        "priority": '"7"^^<{xsd}integer>',
        "title": '"A \\"title\\""',
        "status": "<https://tcps.dev/ontology#WorkOrderStatus-queued>",
        "dependsOn": "<urn:tcps:0:work_order:WO-2>",
        "createdAt": '"2026-01-20T10:00:00Z"^^<{xsd}dateTime>',
        "value": '"0.5"^^<{xsd}decimal>',
        "shaclConforms": '"true"^^<{xsd}boolean>',
        "size": '"9007199254740993"^^<{xsd}integer>',
    }
    lines = [f"<{iri}> {terms.term(name)} {value.format(xsd=XSD)} .\n" for name, value in said.items()]
    (node,) = json.loads(written("".join(sorted(lines)), Form.JSONLD))["@graph"]
    assert node == {
        "@id": iri,
        "priority": 7,
        "title": 'A "title"',
        "status": "tcps:WorkOrderStatus-queued",
        "dependsOn": "urn:tcps:0:work_order:WO-2",
        "createdAt": "2026-01-20T10:00:00Z",
        "value": {"@type": "xsd:decimal", "@value": "0.5"},
        "shaclConforms": True,
        "size": "9007199254740993",
    }


def _quads(document: str) -> list[ox.Quad]:
    return list(ox.parse(document, format=ox.RdfFormat.JSON_LD))
