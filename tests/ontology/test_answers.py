"""Answers in their standard forms, as others read them."""

import csv
import io

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql.results.tsvresults import TSVResultParser

from tcps.model import Json
from tcps.ontology import answers, terms
from tcps.ontology.answers import Answer
from tests.ontology.records import TEXT

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=8
).map(str.strip)
"""What XML can hold; Oxigraph's reader takes white space at the ends away."""
XSD = terms.PREFIXES["xsd"]
NUMBERS = ("0", "-1", "+1", "0.5", "-.5", "5.", "1e3", "1.5E-3", ".5e3", "INF", "NaN", "1" * 5000, "true", "")


def nodes(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """Any term of an answer."""
    return st.one_of(
        st.just({"type": "uri", "value": "https://example.org/a?b=c&d=e"}),
        texts.map(lambda value: {"type": "literal", "value": value}),
        texts.map(lambda value: {"type": "literal", "value": value, "xml:lang": "en"}),
        texts.map(lambda value: {"type": "literal", "value": value, "datatype": "https://example.org/t"}),
        st.builds(
            lambda value, kind: {"type": "literal", "value": value, "datatype": f"{XSD}{kind}"},
            st.integers().map(str) | st.sampled_from(NUMBERS) | texts,
            st.sampled_from(["integer", "decimal", "double", "boolean"]),
        ),
    )


def tables(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Answer]:
    row = st.dictionaries(st.sampled_from(["a", "b"]), nodes(texts))
    return st.lists(row, max_size=3).map(lambda rows: Answer(("a", "b"), tuple(rows)))


def by_oxigraph(content: str, form: ox.QueryResultsFormat) -> list[dict[str, str]]:
    found = ox.parse_query_results(content.encode(), format=form)
    assert isinstance(found, ox.QuerySolutions)
    assert [one.value for one in found.variables] == ["a", "b"]
    return [{name: str(row[name]) for name in ("a", "b") if row[name] is not None} for row in found]


def as_terms(answer: Answer) -> list[dict[str, str]]:
    return [{name: _term(one) for name, one in row.items()} for row in answer.rows]


def _term(one: Json) -> str:
    if one["type"] == "uri":
        return f"<{one['value']}>"
    if "xml:lang" in one:
        return str(ox.Literal(one["value"], language=one["xml:lang"]))
    kind = one.get("datatype")
    return str(ox.Literal(one["value"], datatype=ox.NamedNode(kind)) if kind else ox.Literal(one["value"]))


@given(tables(TEXT))
@settings(deadline=None)
def test_json_and_tsv_are_read_by_another_parser_as_they_were_meant(answer: Answer) -> None:
    assert by_oxigraph(answers.json(answer), ox.QueryResultsFormat.JSON) == as_terms(answer)
    assert by_oxigraph(answers.tsv(answer), ox.QueryResultsFormat.TSV) == as_terms(answer)
    assert answers.read("table", answers.json(answer).encode()) == answer


@given(tables(XML_TEXT))
@settings(deadline=None)
def test_xml_is_read_by_two_other_parsers_as_it_was_meant(answer: Answer) -> None:
    written = answers.xml(answer)
    assert by_oxigraph(written, ox.QueryResultsFormat.XML) == as_terms(answer)
    found = rdflib.query.Result.parse(io.BytesIO(written.encode()), format="xml")
    assert len(found) == len(answer.rows)


@given(tables(TEXT))
def test_xml_is_well_formed_whatever_a_text_holds(answer: Answer) -> None:
    rdflib.query.Result.parse(io.BytesIO(answers.xml(answer).encode()), format="xml")


@given(tables(XML_TEXT))
def test_csv_has_the_values(answer: Answer) -> None:
    head, *rows = csv.reader(io.StringIO(answers.csv(answer), newline=""))
    assert head == ["a", "b"]
    assert rows == [[row.get(name, {"value": ""})["value"] for name in head] for row in answer.rows]


def test_tsv_is_read_by_rdflib_too() -> None:
    answer = Answer(("a",), ({"a": {"type": "literal", "value": 'a\t"b"\n'}},))
    found = TSVResultParser().parse(io.BytesIO(answers.tsv(answer).encode()))
    assert [str(row[0]) for row in found] == ['a\t"b"\n']


@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_has_its_own_forms(truth: bool) -> None:
    answer = Answer(truth=truth)
    for written, form in (
        (answers.json(answer), ox.QueryResultsFormat.JSON),
        (answers.xml(answer), ox.QueryResultsFormat.XML),
    ):
        assert bool(ox.parse_query_results(written.encode(), format=form)) is truth
    assert answers.csv(answer).strip() == answers.tsv(answer).strip() == str(truth).lower()


def test_values_for_people_are_numbers_truths_and_names() -> None:
    row = {
        "n": {"type": "literal", "value": "7", "datatype": f"{XSD}integer"},
        "d": {"type": "literal", "value": "0.5", "datatype": f"{XSD}decimal"},
        "b": {"type": "literal", "value": "true", "datatype": f"{XSD}boolean"},
        "c": {"type": "uri", "value": f"{terms.NAMESPACE}Stage-compilation"},
    }
    (shown,) = Answer(("n", "d", "b", "c", "none"), (row,)).values()
    assert shown == {"n": 7, "d": 0.5, "b": True, "c": "Stage-compilation", "none": None}


def test_a_number_that_is_none_is_shown_as_it_is_written() -> None:
    written = [
        {"n": {"type": "literal", "value": "x", "datatype": f"{XSD}{kind}"}} for kind in ("integer", "double")
    ]
    assert Answer(("n",), tuple(written)).values() == [{"n": "x"}, {"n": "x"}]
