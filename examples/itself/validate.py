"""Stage 1. The package's metadata as RDF, validated against shapes.ttl with pySHACL.

Usage: validate.py SOURCE OUT
"""

import sys
from email.message import Message
from pathlib import Path

import reports
from build.util import project_wheel_metadata
from packaging.requirements import Requirement
from pyshacl import validate
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, Namespace, URIRef

PKG = Namespace("urn:example:core-metadata#")
SPDX = Namespace("http://spdx.org/licenses/")
TEXTS = {"Name": "name", "Version": "version", "Summary": "summary", "Requires-Python": "requiresPython"}


def graph_of(metadata: Message) -> Graph:
    """The Core Metadata that the build backend gives, as a graph."""
    graph = Graph()
    graph.bind("pkg", PKG)
    graph.bind("spdx", SPDX)
    package = URIRef(f"urn:example:package:{metadata['Name']}")
    graph.add((package, RDF.type, PKG.Distribution))
    for header, name in TEXTS.items():
        if metadata[header]:
            graph.add((package, PKG[name], Literal(metadata[header], datatype=XSD.string)))
    if metadata["License-Expression"]:
        graph.add((package, PKG.license, SPDX[metadata["License-Expression"]]))
    for author in (metadata["Author"], metadata["Author-email"]):
        if author:
            graph.add((package, PKG.author, Literal(author, datatype=XSD.string)))
    for classifier in metadata.get_all("Classifier", []):
        graph.add((package, PKG.classifier, Literal(classifier)))
    for text in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        if requirement.marker is None or "extra" not in str(requirement.marker):
            add_requirement(graph, package, requirement)
    return graph


def add_requirement(graph: Graph, package: URIRef, requirement: Requirement) -> None:
    node = BNode()
    graph.add((package, PKG.requires, node))
    graph.add((node, RDF.type, PKG.Requirement))
    graph.add((node, PKG.name, Literal(requirement.name)))
    if requirement.specifier:
        graph.add((node, PKG.specifier, Literal(str(requirement.specifier))))
    if requirement.url:
        graph.add((node, PKG.url, Literal(requirement.url)))


def main() -> int:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    data = graph_of(project_wheel_metadata(source, isolated=False))
    data.serialize(out / "metadata.ttl", format="turtle")
    shapes = Graph().parse(Path(__file__).with_name("shapes.ttl"), format="turtle")
    conforms, report, text = validate(data, shacl_graph=shapes)
    (out / "shacl-report.txt").write_text(text, encoding="utf-8")
    violations = sum(1 for _ in report.triples((None, RDF.type, SH.ValidationResult)))
    print(f"pySHACL: {len(data)} triples of package metadata against {len(shapes)} triples of shapes")
    for result in report.subjects(RDF.type, SH.ValidationResult):
        print(f"  violation: {report.value(result, SH.resultMessage)}")
    reports.write(
        out,
        {"shacl_conforms": conforms, "shacl_violations": violations},
        validated="the package's core metadata, as RDF",
    )
    return 0 if conforms else 1


if __name__ == "__main__":
    sys.exit(main())
