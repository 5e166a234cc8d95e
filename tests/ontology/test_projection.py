"""Records as statements: the same for every reader, canonical, and nothing lost."""

import math
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcps.model import KINDS
from tcps.ontology import terms
from tcps.ontology.fields import SHAPES
from tcps.ontology.projection import State
from tests.conftest import DEEP
from tests.ontology.records import TEXT, blocks, by_oxigraph, by_rdflib, states, text

EXAMPLES = 2000 if DEEP else 100
_LINE = re.compile(
    r'<[^\x00-\x20<>"{}|^`\\]*> <[^\x00-\x20<>"{}|^`\\]*> '
    r'(?:<[^\x00-\x20<>"{}|^`\\]*>|"(?:[^"\\\x00-\x1f\x7f\ufffe\uffff]|\\[tbnrf"\\]|\\u00[01][0-9A-F]|\\u007F|\\uFFF[EF])*"'
    r"(?:\^\^<[^\x00-\x20<>\"{}|^`\\]*>)?) \."
)
"""A line of canonical N-Triples, without blank nodes and language tags."""
STORES = st.lists(states(), max_size=3, unique_by=lambda one: (one.kind, one.id))
property_of_records = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(STORES)
@property_of_records
def test_both_engines_read_the_same_graph_and_leave_every_literal_as_it_is(given: list[State]) -> None:
    lines = text(given)
    assert by_rdflib(lines) == by_oxigraph(lines)
    assert len(by_oxigraph(lines)) == lines.count("\n")


@given(STORES)
@property_of_records
def test_the_text_is_sorted_lines_of_canonical_ntriples_each_once(given: list[State]) -> None:
    lines = text(given).split("\n")[:-1]
    assert lines == sorted(set(lines))
    assert all(_LINE.fullmatch(line) for line in lines)


@given(states())
@property_of_records
def test_the_same_record_gives_the_same_bytes(one: State) -> None:
    assert text([one]) == text([one._replace(record=dict(reversed(one.record.items())))])


@given(STORES)
@property_of_records
def test_no_two_blocks_have_a_subject_in_common(given: list[State]) -> None:
    subjects = [block.partition(" ")[0] for block in blocks(given)]
    assert len(subjects) == len(set(subjects))


@given(TEXT)
def test_any_text_comes_back(value: str) -> None:
    line = f"<a:s> <a:p> {terms.text(value)} .\n"
    ((_, _, read),) = by_oxigraph(line)
    assert read == f"{value!r} http://www.w3.org/2001/XMLSchema#string None"
    assert by_rdflib(line) == by_oxigraph(line)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_without_exponent_and_reads_back_as_the_same(value: float) -> None:
    digits = terms.decimal(value).partition("^^")[0].strip('"')
    assert "E" not in digits
    assert float(digits) == value
    assert math.isclose(float(Decimal(digits)), value, rel_tol=0) or value == 0


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("2026-01-20T10:00:00.000Z", "2026-01-20T10:00:00Z"),
        ("2026-01-20T10:00:00.120Z", "2026-01-20T10:00:00.12Z"),
        ("2026-01-20T10:00:00.007Z", "2026-01-20T10:00:00.007Z"),
    ],
)
def test_a_moment_has_no_zeros_that_say_nothing(stored: str, written: str) -> None:
    assert terms.moment(stored).startswith(f'"{written}"^^')


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_record_is_said(kind: str) -> None:
    left = set(KINDS[kind].__struct_fields__) - SHAPES[kind].fields
    assert left == set()
