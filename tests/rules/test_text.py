"""Text, ids and JSON objects from outside (domain 2, ids and text)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.model.text import (
    TITLE,
    checked_id,
    checked_labels,
    checked_new_sku_id,
    checked_object,
    clean,
    required,
)


def refusal(check: Callable[..., object], *args: object) -> tuple[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        check(*args)
    return caught.value.code, caught.value.details["fields"]


@pytest.mark.parametrize("value", ["A", "0", "WO-1", "a.b_c-d", "x" * 128])
def test_an_id_of_the_allowed_form_is_taken_as_it_is(value: str) -> None:
    assert checked_id("sku_id", value) == value


@pytest.mark.parametrize(
    "value", ["", "-a", ".a", "_a", "a b", "a/b", "a\n", "ä", "x" * 129, "..", None, 5, "a\0", "A" * 10_000]
)
def test_any_other_id_is_invalid_as_a_whole(value: object) -> None:
    assert refusal(checked_id, "sku_id", value) == ("invalid_id", ["sku_id"])


@pytest.mark.parametrize("prefix", ["WO", "ANDON", "RCPT", "RCA", "KZ", "SKU"])
@pytest.mark.parametrize("number", ["1", "0", "007", "99999999999999999999"])
def test_an_id_of_a_form_that_the_store_gives_is_reserved(prefix: str, number: str) -> None:
    assert refusal(checked_new_sku_id, f"{prefix}-{number}") == ("reserved_id", ["sku_id"])


@pytest.mark.parametrize("value", ["sku-1", "SKU-1a", "SKU1", "SKU-", "XSKU-1", "WO-1.0"])
def test_an_id_that_only_resembles_a_given_one_may_be_chosen(value: str) -> None:
    assert checked_new_sku_id(value) == value


def test_a_malformed_sku_id_is_invalid_before_it_is_reserved() -> None:
    assert refusal(checked_new_sku_id, "SKU-1\n")[0] == "invalid_id"


def test_text_is_trimmed_and_keeps_newlines_and_tabs_inside() -> None:
    assert clean("title", " \n a\tb\r\nc \n") == "a\tb\nc"


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\r", "\x7f", "\x85", "\ud800"])
def test_text_with_a_control_character_is_refused(character: str) -> None:
    assert refusal(clean, "title", f"a{character}b") == ("invalid_field", ["title"])


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": 1}, b"a"])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert refusal(clean, "title", value) == ("invalid_field", ["title"])


@pytest.mark.parametrize("limit", [128, 256, 2048, 65_536])
def test_text_over_its_limit_is_too_large_and_at_its_limit_is_not(limit: int) -> None:
    assert clean("title", f" {'é' * limit} ", limit) == "é" * limit
    assert refusal(clean, "title", "é" * (limit + 1), limit) == ("too_large", ["title"])
    assert refusal(clean, "title", " " * (limit + 2000), limit) == ("too_large", ["title"])


@pytest.mark.parametrize("value", [None, "", "  ", "\n\t"])
def test_blank_text_is_missing_where_text_is_required(value: object) -> None:
    assert refusal(required, "title", value, "a work order", TITLE) == ("missing_required_field", ["title"])


@given(st.text())
def test_clean_text_is_clean_already(text: str) -> None:
    try:
        once = clean("title", text)
    except InvalidInput:
        return
    assert clean("title", once) == once == once.strip()


def test_labels_are_trimmed_and_kept_once_in_their_order() -> None:
    assert checked_labels([" b ", "a", "b"]) == ("b", "a")


def test_one_hundred_labels_are_taken_and_one_more_is_too_large() -> None:
    assert len(checked_labels([str(n) for n in range(100)])) == 100
    assert refusal(checked_labels, [str(n) for n in range(101)]) == ("too_large", ["labels"])


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ("bug", "invalid_field"),
        (5, "invalid_field"),
        (["x" * 129], "too_large"),
        ([" "], "missing_required_field"),
        ([1], "invalid_field"),
    ],
)
def test_labels_that_are_no_list_of_short_texts_are_refused(labels: object, code: str) -> None:
    assert refusal(checked_labels, labels)[0] == code


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=3))
def test_any_json_object_is_taken_as_it_is(value: dict[str, object]) -> None:
    assert checked_object("metrics", value) is value


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"inner": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "{}",
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": -float("inf")},
        {"a": 2**64},
        {"a": -(2**63) - 1},
        {"a": "\ud800"},
        {"\udfff": 1},
        {1: "a"},
        {"a": {"b": object()}},
        {"a": {1, 2}},
        {"a": b"bytes"},
        nested(65),
    ],
)
def test_what_cannot_be_kept_as_a_json_object_is_refused(value: object) -> None:
    assert refusal(checked_object, "metrics", value) == ("invalid_field", ["metrics"])


def test_an_object_nested_sixty_four_deep_is_taken() -> None:
    assert checked_object("metrics", nested(64))
