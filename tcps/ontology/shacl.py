"""Whether statements conform to shapes.ttl, judged by pySHACL on rdflib."""

import warnings
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from tcps.ontology import vocabulary
from tcps.ontology.answers import shown
from tcps.ontology.engines import missing
from tcps.ontology.terms import NAMESPACE, PREFIXES


class Breach(NamedTuple):
    """One thing that is not as a shape says: where, which property, what was found, why."""

    record: str
    property: str | None
    value: str | None
    shape: str
    message: str


class Conformance(NamedTuple):
    """The verdict; `report` is the standard's own, as Turtle."""

    conforms: bool
    breaches: tuple[Breach, ...]
    report: str


def shapes() -> bytes:
    """shapes.ttl."""
    return Path(__file__).with_name("shapes.ttl").read_bytes()


def judge(blocks: Iterable[str]) -> Conformance:
    """The verdict on statements in N-Triples. Raises Undecided (`no_engine`) without pySHACL."""
    if find_spec("pyshacl") is None:
        raise missing("pyshacl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rdflib, about itself
        import pyshacl
        import rdflib

        graph = rdflib.Graph().parse(data="".join(blocks), format="nt")
        graph.parse(data=vocabulary.source(), format="turtle")
        rules = rdflib.Graph().parse(data=shapes(), format="turtle")
        conforms, report, _ = pyshacl.validate(graph, shacl_graph=rules, advanced=True, inplace=True)
    assert isinstance(report, rdflib.Graph)
    for prefix, namespace in PREFIXES.items():
        report.bind(prefix, namespace)
    found = sorted(_breaches(report, rules), key=lambda one: tuple(text or "" for text in one))
    return Conformance(bool(conforms), tuple(found), report.serialize(format="turtle"))


def _breaches(report: Any, rules: Any) -> Iterable[Breach]:
    from rdflib import RDF, SH, BNode

    for result in report.subjects(RDF.type, SH.ValidationResult):
        shape = report.value(result, SH.sourceShape)
        if isinstance(shape, BNode):
            shape = rules.value(None, SH.property, shape) or shape
        yield Breach(
            _text(report.value(result, SH.focusNode)) or "",
            _text(report.value(result, SH.resultPath)),
            _text(report.value(result, SH.value)),
            _text(shape) or "",
            str(report.value(result, SH.resultMessage)),
        )


def _text(node: Any) -> str | None:
    """A node for a person: our terms by name, a record by its kind and id."""
    if node is None:
        return None
    text = str(shown({"type": "uri", "value": str(node)}))
    return text.split(":", 3)[-1] if text.startswith("urn:tcps:") else text.removeprefix(NAMESPACE)
