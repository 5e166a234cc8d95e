"""Whether statements conform to shapes.ttl, judged by pySHACL on rdflib."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from tcps.ontology import vocabulary
from tcps.ontology.answers import shown
from tcps.ontology.engines import missing
from tcps.ontology.terms import NAMESPACE, PREFIXES

Told = Callable[[str, int, int], None]
"""Is told what is looked at, how much of it is done, and how much there is."""
_TOGETHER = 2000
"""So many subjects are read at once."""


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


def judge(blocks: Iterable[str], told: Told | None = None) -> Conformance:
    """The verdict on statements in N-Triples; `told` is told of each shape that was looked at.

    Raises Undecided (`no_engine`) without pySHACL.
    """
    if find_spec("pyshacl") is None:
        raise missing("pyshacl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rdflib, about itself
        import rdflib

        graph = rdflib.Graph()
        pieces = iter((blocks,) if isinstance(blocks, str) else blocks)
        while some := "".join(islice(pieces, _TOGETHER)):
            graph.parse(data=some, format="nt")
        graph.parse(data=vocabulary.source(), format="turtle")
        rules = rdflib.Graph().parse(data=shapes(), format="turtle")
        report = _reported(graph, rules, told or _silent)
    found = sorted(_breaches(report, rules), key=lambda one: tuple(text or "" for text in one))
    return Conformance(not found, tuple(found), report.serialize(format="turtle"))


def _reported(graph: Any, rules: Any, told: Told) -> Any:
    """The standard's report on all shapes, each of which is looked at alone."""
    import pyshacl
    import rdflib
    from rdflib import RDF, SH

    report, whole = rdflib.Graph(), rdflib.BNode()
    for prefix, namespace in PREFIXES.items():
        report.bind(prefix, namespace)
    names = sorted(rules.subjects(RDF.type, SH.NodeShape))
    for done, name in enumerate(names, 1):
        options = {"shacl_graph": rules, "advanced": True, "inplace": True, "use_shapes": [str(name)]}
        _, part, _ = pyshacl.validate(graph, **options)
        assert isinstance(part, rdflib.Graph)
        (own,) = part.subjects(RDF.type, SH.ValidationReport)
        for subject, predicate, value in part:
            if subject != own:
                report.add((subject, predicate, value))
            elif predicate == SH.result:
                report.add((whole, predicate, value))
        told("shapes", done, len(names))
    report.add((whole, RDF.type, SH.ValidationReport))
    conforms = (whole, SH.result, None) not in report
    report.add((whole, SH.conforms, rdflib.Literal(conforms)))
    return report


def _silent(what: str, done: int, total: int) -> None:
    pass


def _breaches(report: Any, rules: Any) -> Iterator[Breach]:
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
