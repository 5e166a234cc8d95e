"""Licences (domain 9): OR complies if any side does, AND only if all do; an unknown one is a violation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.rules import licences
from tcps.rules.thresholds import LICENCES

GOOD = st.sampled_from([*LICENCES, "mit", "apache-2.0"])
BAD = st.sampled_from(["GPL-3.0-only", "LicenseRef-house", "Apache-2.0+", "Apache-2.0 WITH LLVM-exception"])


def expressions() -> st.SearchStrategy[tuple[str, bool]]:
    """An expression in brackets where it has two sides, and whether it complies."""
    leaf = GOOD.map(lambda text: (text, True)) | BAD.map(lambda text: (text, False))
    return st.recursive(
        leaf,
        lambda side: (
            st.tuples(side, side).map(lambda two: (f"({two[0][0]} OR {two[1][0]})", two[0][1] or two[1][1]))
            | st.tuples(side, side).map(
                lambda two: (f"({two[0][0]} and {two[1][0]})", two[0][1] and two[1][1])
            )
        ),
        max_leaves=12,
    )


@given(expressions())
def test_an_expression_complies_as_its_sides_do(case: tuple[str, bool]) -> None:
    expression, complies = case
    assert licences.complies(expression, LICENCES) is complies


@pytest.mark.parametrize("licence", LICENCES)
def test_each_allowed_licence_complies(licence: str) -> None:
    assert licences.complies(licence, LICENCES)
    assert not licences.complies(licence, [other for other in LICENCES if other != licence])


@pytest.mark.parametrize(
    ("expression", "complies"),
    [
        ("GPL-3.0-only AND MIT OR ISC", True),
        ("ISC OR MIT AND GPL-3.0-only", True),
        ("GPL-3.0-only OR ISC AND GPL-2.0-only", False),
    ],
)
def test_and_binds_closer_than_or(expression: str, complies: bool) -> None:
    assert licences.complies(expression, LICENCES) is complies


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "NONE", "NOASSERTION", "Shareware", "MIT License", "MIT OR Shareware"),
        *("MIT OR", "(MIT", "MIT/ISC", "()"),
        "MIT" + " OR MIT" * 1000,
        "(" * 300 + "MIT" + ")" * 300,
    ],
)
def test_what_is_no_expression_of_known_licences_does_not_comply(text: str) -> None:
    assert not licences.complies(text, LICENCES)


def test_every_licence_of_a_component_applies_and_none_is_not_enough() -> None:
    assert licences.comply(["MIT", "ISC"], LICENCES)
    assert not licences.comply(["MIT", "GPL-3.0-only"], LICENCES)
    assert not licences.comply([], LICENCES)
