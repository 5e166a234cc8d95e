"""`tcps query` and `tcps ontology` (interface 3)."""

import csv
import io
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.cli.conftest import Tcps, process
from tests.ontology import servers

TITLES = "SELECT ?t { ?o a tcps:WorkOrder ; tcps:title ?t }"


def test_a_query_gives_a_table(on_the_line: Tcps) -> None:
    done = on_the_line("query", TITLES)
    assert (done.code, done.out, done.err) == (0, "t\nAn order\n", "")
    assert on_the_line("query", TITLES, "-o", "table").out == done.out
    assert on_the_line("query", TITLES, "-q").out == ""


def test_every_commit_is_in_the_next_answer(on_the_line: Tcps) -> None:
    for n in range(3):
        assert on_the_line("query", TITLES, "-o", "csv").out.count("\r\n") == n + 2
        on_the_line("work-order", "create", "--title", f"order {n}", "-q")


@pytest.mark.parametrize(
    ("form", "starts"),
    [
        ("json", '{"head":{"vars":["t"]}'),
        ("jsonl", '{"t":"An order"}\n'),
        ("csv", "t\r\nAn order\r\n"),
        ("tsv", '?t\n"An order"\n'),
        ("xml", '<?xml version="1.0"?>\n<sparql'),
        ("md", "| t |\n"),
    ],
)
def test_results_have_the_forms_of_the_standard(on_the_line: Tcps, form: str, starts: str) -> None:
    assert on_the_line("query", TITLES, "-o", form).out.startswith(starts)
    assert on_the_line("-o", form, "query", TITLES).out.startswith(starts)


def test_a_query_comes_from_a_file_or_standard_input(on_the_line: Tcps, tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text(TITLES)
    assert on_the_line("query", "@q.rq").out == "t\nAn order\n"
    assert process(tmp_path, "query", "-", stdin=TITLES).out == "t\nAn order\n"


def test_ask_and_describe(on_the_line: Tcps) -> None:
    assert on_the_line("query", "ASK { ?s a tcps:Sku }").out == "true\n"
    assert on_the_line("query", "ASK { ?s a tcps:Receipt }", "--json").json == {"head": {}, "boolean": False}
    describe = "DESCRIBE ?s { ?s a tcps:Sku }"
    for form, read in (("turtle", "TURTLE"), ("ntriples", "N_TRIPLES"), ("jsonld", "JSON_LD")):
        written = on_the_line("query", describe, "-o", form).out
        assert len(list(ox.parse(written, format=getattr(ox.RdfFormat, read)))) > 10
    assert on_the_line("query", describe, "-o", "xml").code == 2
    assert on_the_line("query", TITLES, "-o", "turtle").code == 2


def test_canned_queries_are_listed_and_asked(on_the_line: Tcps) -> None:
    listed = on_the_line("query", "--list", "--json").json
    assert {row["name"] for row in listed} >= {"active-andons", "chain", "wip"}
    rows = list(csv.DictReader(io.StringIO(on_the_line("query", "--canned", "wip", "-o", "csv").out)))
    assert [row["current"] for row in rows if row["bucket"].endswith("features")] == ["1"]
    on_the_line("run", "--sku", "SKU-1", "--stage", "shacl", "-q", "--", "true")
    chain = on_the_line("query", "--canned", "chain", "--param", "sku=SKU-1", "-o", "csv").out
    assert "RCPT-1" in chain


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        ((), 2, "missing_required_field"),
        ((TITLES, "--list"), 2, "usage"),
        ((TITLES, "--param", "a=b"), 2, "usage"),
        (("--canned", "nothing"), 4, "not_found"),
        (("--canned", "chain"), 2, "missing_required_field"),
        (("--canned", "chain", "--param", "sku"), 2, "invalid_field"),
        (("--canned", "receipts-by-stage", "--param", "stage=none"), 2, "invalid_stage"),
        (("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",), 2, "query_refused"),
        (("INSERT DATA { <a:> <a:> <a:> }",), 2, "query_refused"),
        (("SELECT",), 2, "invalid_query"),
        (("SELECT * { ?s ?p ?o }", "--limit", "3"), 1, "query_limit"),
        ((TITLES, "--timeout", "0"), 2, "usage"),
    ],
)
def test_what_cannot_be_asked_says_why(
    on_the_line: Tcps, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    done = on_the_line("query", *arguments, "-o", "jsonl")
    assert (done.code, done.error["code"], done.out) == (exit_code, code, "")


def test_other_commands_have_no_formats_of_queries(on_the_line: Tcps) -> None:
    assert on_the_line("work-order", "list", "-o", "xml").code == 2
    assert on_the_line("-o", "xml", "work-order", "list").code == 2


def test_the_graph_is_rebuilt_and_compared(on_the_line: Tcps) -> None:
    first = on_the_line("ontology", "rebuild", "--json").json
    assert (first["same"], first["sequence"]) == (None, 2)
    again = on_the_line("ontology", "rebuild", "--json").json
    assert (again["same"], again["digest"]) == (True, first["digest"])
    shown = on_the_line("ontology", "stats", "--json").json
    assert (shown["statements"], shown["classes"]["WorkOrder"]) == (first["statements"], 1)
    assert on_the_line("ontology", "stats").out.startswith(
        f"{first['statements']} statements, kept by oxigraph"
    )


def test_the_graph_is_exported_byte_for_byte_the_same(on_the_line: Tcps, tmp_path: Path) -> None:
    done = on_the_line("ontology", "export", "--as", "ntriples")
    lines = done.out.split("\n")[:-1]
    assert lines == sorted(set(lines))
    assert on_the_line("ontology", "export", "--as", "ntriples", "out.nt").out == ""
    assert (tmp_path / "out.nt").read_text() == done.out
    whole = on_the_line("ontology", "export", "--as", "turtle", "--terms").out
    assert len(list(ox.parse(whole, format=ox.RdfFormat.TURTLE))) > len(lines) + 1000
    assert on_the_line("ontology", "export", "--as", "rdfxml").code == 2
    assert on_the_line("ontology", "export", "none/out.nt").code == 1


def test_records_are_checked_against_the_shapes(proven: Tcps, tmp_path: Path) -> None:
    done = proven("ontology", "validate")
    assert (done.code, done.out) == (0, "4 records: all conform\n")
    assert proven("ontology", "validate", "--json").json["since"] == 4
    assert proven("ontology", "validate", "--report", "report.ttl", "--json").json["since"] == 0
    assert "sh:conforms true" in (tmp_path / "report.ttl").read_text()


def test_the_monthly_maintenance_makes_the_graph_anew(on_the_line: Tcps) -> None:
    done = on_the_line("tpm", "run", "--monthly", "--json").json
    (task,) = [task for task in done["tasks"] if task["task"] == "rebuild_ontology"]
    assert (task["status"], task["issues"], task["details"]["same"]) == ("ok", [], None)


def test_a_server_is_pushed_to_and_asked(on_the_line: Tcps, tmp_path: Path) -> None:
    with servers.oxigraph(tmp_path / "server") as running:
        first = on_the_line("ontology", "push", running.there.store)
        assert (first.code, first.out) == (0, "sent the whole graph in 1 request; it has 2 entries\n")
        assert on_the_line("ontology", "push", running.there.store).out == "it had all 2 entries\n"
        on_the_line("work-order", "create", "--title", "another", "-q")
        assert on_the_line("ontology", "push", running.there.store, "--json").json == {
            "since": 2,
            "sequence": 3,
            "requests": 1,
        }
        asked = on_the_line(
            "query", f"{TITLES} ORDER BY ?t", "--endpoint", running.there.query, "-o", "jsonl"
        )
        assert asked.out == '{"t":"An order"}\n{"t":"another"}\n'
    gone = on_the_line("ontology", "push", "http://127.0.0.1:1/store", "--json", "--login", "a:b")
    assert (gone.code, gone.error["code"]) == (1, "endpoint_error")
    assert on_the_line("ontology", "push", "http://127.0.0.1:1/sparql").code == 2


def test_a_document_is_compared_with_the_store(on_the_line: Tcps, tmp_path: Path) -> None:
    for form, name in (("turtle", "a.ttl"), ("ntriples", "a.nt"), ("jsonld", "a.jsonld")):
        on_the_line("ontology", "export", "--as", form, name)
        done = on_the_line("ontology", "compare", name)
        assert (done.code, done.out.startswith("the same "), done.err) == (0, True, "")
    lines = (tmp_path / "a.nt").read_text().splitlines(keepends=True)
    piped = process(tmp_path, "ontology", "compare", "-", "--as", "ntriples", stdin="".join(lines))
    assert (piped.code, piped.err) == (0, "")
    (tmp_path / "b.nt").write_text("".join([*lines[2:], "<a:b> <a:c> <a:d> .\n"]))
    done = on_the_line("ontology", "compare", "b.nt", "--limit", "1")
    assert (done.code, done.out.splitlines()) == (
        12,
        [
            done.out.splitlines()[0],
            "- … 1 more",
            "+ <a:b> <a:c> <a:d> .",
            f"2 of {len(lines)} statements missing, 1 extra",
        ],
    )
    assert f"{done.out.splitlines()[0].removeprefix('- ')}\n" in lines[:2]
    told = on_the_line("ontology", "compare", "b.nt", "--json").json
    assert (told["same"], told["missing"], told["extra"]) == (False, 2, 1)
    assert sorted(told["first_missing"]) == [line.rstrip("\n") for line in lines[:2]]


@pytest.mark.parametrize(
    ("name", "content", "exit_code", "code", "says"),
    [
        ("a.nt", "<a:b> <a:c> <a:d> .\n<a:b> nothing\n", 2, "invalid_document", "line 2, column "),
        ("a.jsonld", '{"@context": "http://127.0.0.1:1/", "a:b": 1}', 2, "invalid_document", "elsewhere"),
        ("a.rdf", "", 2, "usage", "--as"),
        ("none/a.nt", None, 1, "storage_error", "cannot read the document"),
    ],
)
def test_what_cannot_be_compared_says_why(
    on_the_line: Tcps, tmp_path: Path, name: str, content: str | None, exit_code: int, code: str, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    done = on_the_line("ontology", "compare", name, "-o", "jsonl")
    assert (done.code, done.error["code"], says in done.error["message"]) == (exit_code, code, True)
