"""A document, an array or JSON lines, read piece by piece (interface 3, `work-order create --from`)."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.canonical import parse_input
from tcps.errors import InvalidInput
from tcps.service.items import ITEM_BYTES, items


class Trickle(io.BytesIO):
    """A stream that gives little at a time, as a pipe does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(3 if size is None or size < 0 else min(3, size))


def read(text: str | bytes, stream: type[io.BytesIO] = io.BytesIO) -> tuple[bool, list[tuple[str, Any]]]:
    """Whether there are several, and each place with its value."""
    several, found = items(stream(text.encode() if isinstance(text, str) else text), "it")
    return several, [(item.place, parse_input(item.text, item.place)) for item in found]


@pytest.mark.parametrize(
    ("text", "several", "values"),
    [
        ("", False, []),
        (" \n\n", False, []),
        ("{}", False, [("it", {})]),
        (' {"a":\n\n 1}\n', False, [("it", {"a": 1})]),
        ("{}\n{}", True, [("line 1", {}), ("line 2", {})]),
        ("\n\r\n{}\r\n \n[1]\n", True, [("line 3", {}), ("line 5", [1])]),
        ('{"a": "\u2028"}\n{"b": "\x85"}', True, [("line 1", {"a": "\u2028"}), ("line 2", {"b": "\x85"})]),
        ("[]", True, []),
        ("\n [ ]\n", True, []),
        ("[{}]", True, [("signal 1", {})]),
        (
            '[{"a": [1, "]"]},\n 2, "x,é"]',
            True,
            [("signal 1", {"a": [1, "]"]}), ("signal 2", 2), ("signal 3", "x,é")],
        ),
        ("5", False, [("it", 5)]),
    ],
)
@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
def test_values_come_with_their_places(
    text: str, several: bool, values: list[tuple[str, Any]], stream: type[io.BytesIO]
) -> None:
    assert read(text, stream) == (several, values)


def test_the_first_line_of_json_lines_may_be_broken() -> None:
    several, found = items(io.BytesIO(b'{"a": \n{"b": 1}\n'), "it")
    assert several
    assert [item.place for item in found] == ["line 1", "line 2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b"}', "it is not valid JSON: Expecting ':' delimiter: line 2 column 5"),
        ("{}{}", "it is not valid JSON: Extra data"),
        (b'{"a": "\xff"}', "it is not valid JSON: byte 7 is not UTF-8"),
        ("[", "signal 1 is not valid JSON: Expecting value"),
        ("[{}", "it is not valid JSON: its end follows signal 1"),
        ("[{} {}]", "it is not valid JSON: { follows signal 1"),
        ("[{},]", "signal 2 is not valid JSON: Expecting value at its character 0"),
        ('[{}, {"a": nope}]', "signal 2 is not valid JSON: Expecting value at its character 6"),
        ('[{}, {"a": "b]', "signal 2 is not valid JSON: Unterminated string"),
        ("[{}] {}", "it is not valid JSON: something follows the array"),
        (b'[{"a": "\xff"}]', "it is not valid JSON: it is not UTF-8"),
        (b'[{"a": "\xc3', "it is not valid JSON: it is not UTF-8"),
        ("[" * 100_000, "signal 1 is not valid JSON: it is nested deeper than 64 levels"),
        ("{}\n" + "[" * 100_000, "line 2 is not valid JSON: it is nested deeper than 64 levels"),
        ("[" + "9" * 5000 + "]", "signal 1 is not valid JSON"),
    ],
)
@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
def test_where_a_text_breaks_off_it_says_so(
    text: str | bytes, message: str, stream: type[io.BytesIO]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text, stream)
    assert caught.value.message.startswith(message)


def test_a_fault_within_a_long_array_is_found_without_reading_on() -> None:
    rest = io.BytesIO(b'[{"a" 1}, ' + b"{}, " * 1_000_000)
    with pytest.raises(InvalidInput):
        list(items(rest, "it")[1])
    assert rest.tell() < 1_000_000


@pytest.mark.parametrize("text", [b"{}\n%s", b"[%s]", b"[{},%s]", b"%s", b'{\n"a":%s}'])
def test_a_value_that_is_too_long_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text % (b'"%s"' % (b"x" * ITEM_BYTES)))
    assert caught.value.code == "too_large"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=5), st.sampled_from([None, 2]), st.booleans())
def test_an_array_gives_its_items_however_it_is_written(
    values: list[Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
    assert read(text, Trickle) == (True, [(f"signal {n}", value) for n, value in enumerate(values, 1)])


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=2, max_size=5))
def test_json_lines_give_their_values(values: list[Any]) -> None:
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    assert read(text) == (True, [(f"line {n}", value) for n, value in enumerate(values, 1)])


@given(st.binary() | st.text('[]{},:"\\ 1e\n').map(str.encode))
def test_any_bytes_are_values_or_invalid(content: bytes) -> None:
    try:
        read(content, Trickle)
    except InvalidInput:
        return
