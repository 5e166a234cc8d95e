"""The vocabulary: complete, documented, aligned, and true to the model."""

import typing
from collections.abc import Iterator
from enum import StrEnum

import msgspec
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from rdflib import OWL, RDF, RDFS, SKOS
from rdflib.namespace import PROV

from tcps.model import BUCKETS, FAILURES, KINDS, STAGES, enums, maintenance
from tcps.ontology import terms, vocabulary
from tcps.ontology.fields import DERIVED, METRICS, SHAPES, Shape, camel
from tcps.ontology.projection import State
from tests.ontology.records import states, text

TCPS = rdflib.Namespace(terms.NAMESPACE)
VOCABULARY = rdflib.Graph().parse(data=vocabulary.source(), format="turtle")
TERMS = sorted(str(s) for s in set(VOCABULARY.subjects()) if str(s).startswith(terms.NAMESPACE))
PROPERTIES = [
    *VOCABULARY.subjects(RDF.type, OWL.ObjectProperty),
    *VOCABULARY.subjects(RDF.type, OWL.DatatypeProperty),
]
CLASSES = list(VOCABULARY.subjects(RDF.type, OWL.Class))
_SCHEMES = {
    name: kind
    for module in (enums, maintenance)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
}
_NOT_STORED = {"SlaStatus"}
"""What depends on the time of the question is in no graph."""


def test_both_engines_read_the_same_vocabulary_without_blank_nodes() -> None:
    read = {str(t) for t in ox.parse(vocabulary.source(), format=ox.RdfFormat.TURTLE)}
    assert len(read) == len(VOCABULARY)
    assert not any(isinstance(node, rdflib.BNode) for triple in VOCABULARY for node in triple)


def test_its_version_is_that_of_the_program() -> None:
    ontology = rdflib.URIRef("https://tcps.dev/ontology")
    assert str(VOCABULARY.value(ontology, OWL.versionInfo)) == vocabulary.VERSION


@pytest.mark.parametrize("name", TERMS)
def test_every_term_has_a_label_and_a_comment(name: str) -> None:
    one = rdflib.URIRef(name)
    for said in (RDFS.label, RDFS.comment, RDFS.isDefinedBy):
        assert len(list(VOCABULARY.objects(one, said))) == 1
    assert str(VOCABULARY.value(one, RDFS.comment)).endswith(".")


@pytest.mark.parametrize("one", PROPERTIES, ids=str)
def test_every_property_has_a_domain_that_is_a_class_and_a_range(one: rdflib.URIRef) -> None:
    (domain,) = VOCABULARY.objects(one, RDFS.domain)
    (range_,) = VOCABULARY.objects(one, RDFS.range)
    assert domain in CLASSES
    is_link = (one, RDF.type, OWL.ObjectProperty) in VOCABULARY
    assert (range_ in CLASSES) == is_link


@pytest.mark.parametrize("one", CLASSES, ids=str)
def test_every_class_is_below_another_one(one: rdflib.URIRef) -> None:
    assert list(VOCABULARY.objects(one, RDFS.subClassOf)) != []


def test_no_class_is_both_an_entity_and_an_activity_of_prov() -> None:
    for one in CLASSES:
        above = set(VOCABULARY.transitive_objects(one, RDFS.subClassOf))
        is_activity = PROV.Activity in above or rdflib.URIRef(terms.PREFIXES["p-plan"] + "Activity") in above
        assert not (PROV.Entity in above and is_activity), one


@pytest.mark.parametrize("prefix", ["prov", "earl", "oslc_cm", "p-plan", "schema", "dcat", "skos", "dcterms"])
def test_it_is_aligned_to_the_vocabularies_of_others(prefix: str) -> None:
    aligned = {
        str(o)
        for said in (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.exactMatch)
        for o in VOCABULARY.objects(None, said)
    }
    assert any(name.startswith(terms.PREFIXES[prefix]) for name in aligned)


@pytest.mark.parametrize("name", sorted(set(_SCHEMES) - _NOT_STORED))
def test_every_value_of_a_closed_vocabulary_is_a_concept_of_its_scheme(name: str) -> None:
    concepts = VOCABULARY.subjects(SKOS.inScheme, TCPS[f"{name}Scheme"])
    found = {str(one).removeprefix(terms.NAMESPACE): VOCABULARY.value(one, SKOS.notation) for one in concepts}
    assert found == {f"{name}-{value}": rdflib.Literal(value) for value in _SCHEMES[name]}
    assert all((TCPS[one], RDF.type, TCPS[name]) in VOCABULARY for one in found)


def test_buckets_stages_and_failure_types_have_the_numbers_of_the_domain() -> None:
    for bucket, rules in BUCKETS.items():
        one = TCPS[f"Bucket-{bucket}"]
        names = ("slaHours", "wipLimit", "lowestPriority", "highestPriority", "fallbackPriority")
        said = [VOCABULARY.value(one, TCPS[name]) for name in names]
        assert [None if value is None else value.toPython() for value in said] == list(rules)
    for stage in STAGES:
        one = TCPS[f"Stage-{stage}"]
        assert VOCABULARY.value(one, TCPS.stageNumber).toPython() == stage.number
        assert (one, TCPS.gate, TCPS[f"QualityGate-{stage}"]) in VOCABULARY
        if stage.following:
            assert (TCPS[f"Stage-{stage.following}"], TCPS.follows, one) in VOCABULARY
    for failure, (severity, stage) in FAILURES.items():
        one = TCPS[f"FailureType-{failure}"]
        assert (one, TCPS.defaultSeverity, TCPS[f"Severity-{severity}"]) in VOCABULARY
        assert (one, TCPS.defaultStage, TCPS[f"Stage-{stage}"]) in VOCABULARY


def test_every_field_of_the_model_is_a_property_and_every_property_is_of_the_model() -> None:
    fields = {camel(field) for kind in _structs() for field in kind.__struct_fields__}
    links = {name for shape in SHAPES.values() for name, _ in shape.links.values()} | {"receipt", "dependsOn"}
    gate = {"gate", "result", "violations", "metric", "operator", "expected", "actual", "reason"}
    constants = {str(one) for one in VOCABULARY.predicates() if str(one).startswith(terms.NAMESPACE)}
    own = {"number", "value", "measure", *map(camel, METRICS), *DERIVED}
    known = {str(one).removeprefix(terms.NAMESPACE) for one in PROPERTIES}
    assert fields <= known
    assert known == fields | links | gate | own | {name.removeprefix(terms.NAMESPACE) for name in constants}


@given(states())
@settings(max_examples=100, deadline=None)
def test_every_term_that_a_record_uses_is_in_the_vocabulary_with_its_range(one: State) -> None:
    graph = rdflib.Graph().parse(data=text([one]), format="nt")
    for _, predicate, value in graph:
        if predicate == RDF.type:
            assert value in CLASSES
            continue
        range_ = VOCABULARY.value(predicate, RDFS.range)
        assert range_ is not None, predicate
        if isinstance(value, rdflib.Literal):
            kinds = {range_, rdflib.XSD.integer if range_ == rdflib.XSD.decimal else range_}
            assert range_ == RDFS.Literal or (value.datatype or rdflib.XSD.string) in kinds
        elif str(value).startswith(terms.NAMESPACE):
            is_a = VOCABULARY.value(value, RDF.type, any=True)
            assert is_a is not None, value


def _structs() -> Iterator[type[msgspec.Struct]]:
    """Every record, and every part of one."""
    waiting: list[type[msgspec.Struct]] = list(KINDS.values())
    while waiting:
        kind = waiting.pop()
        yield kind
        hints = [typing.get_args(hint) or (hint,) for hint in typing.get_type_hints(kind).values()]
        inside = (one for hint in hints for one in hint)
        waiting += [one for one in inside if isinstance(one, type) and issubclass(one, msgspec.Struct)]


def test_the_shapes_are_those_that_the_model_has() -> None:
    every: list[Shape] = list(SHAPES.values())
    assert set(SHAPES) == set(KINDS)
    assert all(TCPS[shape.class_] in CLASSES for shape in every)
