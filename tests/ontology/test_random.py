"""Random stores, with odd texts in them: whoever is asked, the answer is the same, and others can read it."""

import contextlib
import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.sparql.results.jsonresults import JSONResultParser
from rdflib.plugins.sparql.results.xmlresults import XMLResultParser

from tcps.model import STAGES, AndonStatus, Bucket, Severity, WorkOrderStatus
from tcps.ontology import answers, canned
from tcps.ontology.answers import Answer
from tcps.ontology.documents import TURTLE_WRITERS, Form, written
from tcps.ontology.terms import PREFIXES
from tcps.store import Store
from tcps.store.filters import Filter
from tcps.store.graph import Content, Graph, exported
from tests.conftest import DEEP
from tests.ontology.production import grow, whole
from tests.ontology.test_documents import values

ENGINES = ("oxigraph", "rdflib")
SEEDS = range(100) if DEEP else (2,)
TRIES = 3
"""How often each canned query is asked, with other parameters."""
ENUMS: dict[str, Any] = {
    "stage": STAGES,
    "bucket": Bucket,
    "severity": Severity,
    "andon_status": AndonStatus,
    "work_order_status": WorkOrderStatus,
}


@pytest.fixture(scope="module", params=SEEDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with whole(tmp_path_factory.mktemp("random"), request.param) as store:
        yield store


def drawn(store: Store) -> Iterator[tuple[canned.Canned, dict[str, str]]]:
    """Every canned query, some times, with parameters that the store knows something of, mostly."""
    random = Random(exported(store.engine).count("\n"))
    with store.view() as view:
        receipts = list(view.receipts(Filter(), None))
        known: dict[str, list[str]] = {name: list(map(str, enum)) for name, enum in ENUMS.items()}
        known["sku"] = [*view.ids("sku", Filter(), "id"), "elsewhere", "nobody"]
        known["time"] = [store.engine.clock(), "2026-01-20", *(receipt.timestamp for receipt in receipts)]
    for query in map(canned.get, canned.names()):
        for _ in range(TRIES if query.params else 1):
            given = [one for one in query.params if one.needed or random.random() < 0.7]
            yield query, {one.name: random.choice(known[one.type]) for one in given}


def test_the_index_and_both_engines_give_the_same_answers(store: Store) -> None:
    rows = 0
    with contextlib.ExitStack() as stack:
        graphs = [stack.enter_context(contextlib.closing(Graph(store.engine, name))) for name in ENGINES]
        for query, params in drawn(store):
            answer, values = (
                store.canned_query(query.name, params),
                query.values(params, store.engine.clock()),
            )
            for graph in graphs:
                assert graph.ask_canned(query, values) == answer, (query.name, params)
            rows += len(answer.rows)
    assert rows > 30


QUESTIONS = (
    "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o",
    "SELECT ?o ?number { ?s ?p ?o OPTIONAL { ?s tcps:number ?number } } ORDER BY ?s ?p ?o",
)
XSD_STRING = f"{PREFIXES['xsd']}string"
Node = tuple[str, ...] | None


@pytest.fixture(scope="module")
def tables(store: Store) -> Iterator[list[Answer]]:
    """Answers with every text of the store; rdflib leaves literals as they are written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        yield [store.query_ontology(question) for question in QUESTIONS]


def meant(answer: Answer) -> list[list[Node]]:
    return [[_of_answer(row.get(name)) for name in answer.variables] for row in answer.rows]


def _of_answer(node: dict[str, str] | None) -> Node:
    if node is None or node["type"] == "uri":
        return node and (node["value"],)
    return node["value"], node.get("xml:lang") or node.get("datatype", XSD_STRING)


def _of_oxigraph(node: Any) -> Node:
    if isinstance(node, ox.Literal):
        return node.value, node.language or node.datatype.value
    return node and (node.value,)


def _of_rdflib(node: Any) -> Node:
    if isinstance(node, rdflib.Literal):
        small = node.datatype == rdflib.XSD.decimal  # of which its reader of Turtle keeps the value alone
        text = format(Decimal(node), "f") if small else str(node)
        return text, str(node.language or node.datatype or XSD_STRING)
    return None if node is None else (str(node),)


def by_oxigraph(text: str, kind: ox.QueryResultsFormat) -> list[list[Node]]:
    found = ox.parse_query_results(text.encode(), format=kind)
    assert isinstance(found, ox.QuerySolutions)
    return [[_of_oxigraph(row[name]) for name in found.variables] for row in found]


def by_rdflib(text: str, reader: Any) -> list[list[Node]]:
    found = reader().parse(io.BytesIO(text.encode()))
    return [[_of_rdflib(row.get(name)) for name in found.vars] for row in found.bindings]


def test_answers_in_json_are_read_by_two_other_parsers(tables: list[Answer]) -> None:
    for answer in tables:
        assert by_oxigraph(answers.json(answer), ox.QueryResultsFormat.JSON) == meant(answer)
        assert by_rdflib(answers.json(answer), JSONResultParser) == meant(answer)


def test_answers_in_xml_are_read_by_two_other_parsers(tables: list[Answer]) -> None:
    """What XML has no place for is U+FFFD there; Oxigraph's reader leaves out white space at the ends."""
    for answer in tables:
        rows = [[node and (_in_xml(node[0]), *node[1:]) for node in row] for row in meant(answer)]
        assert by_rdflib(answers.xml(answer), XMLResultParser) == rows
        assert _bare(by_oxigraph(answers.xml(answer), ox.QueryResultsFormat.XML)) == _bare(rows)


def _bare(rows: list[list[Node]]) -> list[list[Node]]:
    return [[node and (node[0].strip(), *node[1:]) for node in row] for row in rows]


def _in_xml(value: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", value)


def test_answers_in_tsv_are_terms_of_turtle_as_two_other_parsers_read_them(tables: list[Answer]) -> None:
    for answer in tables:
        text = answers.tsv(answer)
        assert by_oxigraph(text, ox.QueryResultsFormat.TSV) == meant(answer)
        head, *lines = text.removesuffix("\n").split("\n")
        assert head.split("\t") == [f"?{name}" for name in answer.variables]
        cells = [line.split("\t") for line in lines]
        turtle = "".join(
            f"<a:{n}> <a:{m}> {cell} .\n" for n, row in enumerate(cells) for m, cell in enumerate(row) if cell
        )
        graph = rdflib.Graph().parse(data=turtle, format="turtle")
        read = {(str(s), str(p)): _of_rdflib(o) for s, p, o in graph}
        assert [[read.get((f"a:{n}", f"a:{m}")) for m in range(len(row))] for n, row in enumerate(cells)] == (
            meant(answer)
        )


def test_answers_in_csv_are_the_values(tables: list[Answer]) -> None:
    for answer in tables:
        head, *rows = csv.reader(io.StringIO(answers.csv(answer), newline=""))
        assert head == list(answer.variables)
        assert rows == [[node[0] if node else "" for node in row] for row in meant(answer)]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # of rdflib's own reader of JSON-LD
def test_the_three_forms_of_an_export_are_the_same_graph(store: Store) -> None:
    lines = store.export_ontology(with_terms=True)
    whole = values(lines, "nt")
    for write in TURTLE_WRITERS.values():
        assert values(write(lines), "turtle") == whole
    assert values(written(lines, Form.JSONLD), "json-ld") == whole


def test_what_operations_make_conforms_to_the_shapes(store: Store) -> None:
    assert store.validate_ontology(full=True).breaches == ()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_graph_that_is_brought_forward_is_the_one_that_is_made_anew(
    quick_path: Path, engine: str, seed: int
) -> None:
    for store in grow(quick_path, seed):
        graph = Graph(store.engine, engine)
        assert graph.content() == Content.of(exported(store.engine).split("\n")[:-1])
        assert graph.kept.current() is not None
