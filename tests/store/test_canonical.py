"""Canonical bytes, and what input is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.canonical import (
    DEPTH,
    checked_bytes,
    digest,
    file_bytes,
    genesis,
    line_bytes,
    parse,
    parse_input,
    sha256_hex,
)
from tcps.errors import InvalidInput

GOLDEN: dict[str, tuple[Any, bytes]] = {
    "keys are sorted by code point": ({"b": 1, "a": 2, "B": 3, "ä": 4}, '{"B":3,"a":2,"b":1,"ä":4}'.encode()),
    "small number": (1e-7, b"1e-7"),
    "just below an exponent": (0.00001, b"0.00001"),
    "plain fraction": (0.1, b"0.1"),
    "whole number": (1.0, b"1.0"),
    "large": (1.5e16, b"1.5e+16"),
    "larger": (1e22, b"1e+22"),
    "long": (123456789012345.678, b"123456789012345.67"),
    "largest": (1.7976931348623157e308, b"1.7976931348623157e+308"),
    "smallest": (5e-324, b"5e-324"),
    "negative zero": (-0.0, b"-0.0"),
    "largest integer": (2**64 - 1, b"18446744073709551615"),
    "smallest integer": (-(2**63), b"-9223372036854775808"),
    "text beyond ASCII stands as it is": ("é\u2028😀\x7f", '"é\u2028😀\x7f"'.encode()),
    "escapes": ('\x00\x01\b\t\n\f\r"\\/', b'"\\u0000\\u0001\\b\\t\\n\\f\\r\\"\\\\/"'),
    "words": ([None, True, False], b"[null,true,false]"),
    "empty": ({"a": [], "b": {}}, b'{"a":[],"b":{}}'),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_never_change(name: str) -> None:
    value, content = GOLDEN[name]
    assert line_bytes(value) == content
    assert line_bytes(parse(content)) == content


def test_a_file_is_indented_by_two_and_ends_with_a_newline() -> None:
    expected = '{\n  "a": {\n    "x": []\n  },\n  "b": [\n    1,\n    "é"\n  ]\n}\n'
    assert file_bytes({"b": [1, "é"], "a": {"x": []}}) == expected.encode()


def test_digests_are_sha256_as_anyone_computes_it() -> None:
    assert digest(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    by_hand = sha256_hex(b"tcps genesis\nstore\nweb-1\n")
    assert genesis("store", "web-1") == f"sha256:{by_hand}"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_reads_back_from_either_form(value: Any) -> None:
    assert parse(line_bytes(value)) == parse(file_bytes(value)) == value
    assert parse_input(line_bytes(value), "a value") == parse_input(json.dumps(value), "a value") == value


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a key twice": ('{"a": 1, "a": 1}', "'a' is given twice"),
    "a key twice, escaped": ('{"a": 1, "\\u0061": 2}', "'a' is given twice"),
    "NaN": ('{"a": NaN}', "NaN is not a JSON number"),
    "infinity": ("[Infinity]", "Infinity is not"),
    "minus infinity": ("[-Infinity]", "-Infinity is not"),
    "a number too large": ("1e999", "1e999 is too large"),
    "an integer over 64 bits": (str(2**64), "does not fit 64 bits"),
    "an integer under 64 bits": (str(-(2**63) - 1), "does not fit 64 bits"),
    "an integer of a million digits": ("9" * 1_000_000, "does not fit 64 bits"),
    "too deep": ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), f"deeper than {DEPTH}"),
    "10,000 levels": ("[" * 10_000 + "]" * 10_000, f"deeper than {DEPTH}"),
    "10,000 objects": ('{"a":' * 10_000 + "1" + "}" * 10_000, f"deeper than {DEPTH}"),
    "cut off": ('{"a": [1, 2', "delimiter|Expecting"),
    "empty": ("", "Expecting value"),
    "more than one value": ("1 2", "Extra data"),
    "bad UTF-8": (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "byte 0 is not UTF-8"),
    "a lone surrogate": ('"\\ud800"', "surrogate"),
    "a lone surrogate as key": ('{"\\udc00": 1}', "surrogate"),
    "a raw control character": ('"\x01"', "control character"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_input_is_refused_with_its_reason(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(InvalidInput, match=reason) as refused:
        parse_input(text, "metrics")
    assert refused.value.message.startswith("metrics is not valid JSON: ")
    assert len(refused.value.message) < 200


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        value = parse_input(content, "input")
    except InvalidInput:
        return
    assert parse_input(line_bytes(value), "input") == value


@pytest.mark.parametrize(
    "value",
    ["\ud800", {"\udc00": 1}, 2**64, {1: 2}],
    ids=["surrogate", "surrogate key", "large integer", "number as key"],
)
def test_a_record_that_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput):
        checked_bytes("policy", {"settings": {"x": value, "y": None}})


def test_a_record_may_hold_null_but_not_nest_without_end() -> None:
    deep: Any = None
    for _ in range(60):
        deep = [deep]
    checked_bytes("policy", {"settings": {"x": deep}})
    with pytest.raises(InvalidInput, match="deeper"):
        checked_bytes("policy", {"settings": {"x": [[[[[[[[[[[[[[deep]]]]]]]]]]]]]]}})
