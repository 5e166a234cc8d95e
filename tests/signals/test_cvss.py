"""CVSS 2.0, 3.x and 4.0 (domain 4): published examples, an independent calculator, bad vectors."""

import itertools
import random
from typing import Any

import pytest
from cvss import CVSS2, CVSS3, CVSS4
from hypothesis import given
from hypothesis import strategies as st

from tcps.model import Severity
from tcps.rules import cvss
from tcps.rules.cvss import v2, v3, v4
from tcps.rules.cvss.metrics import Grammar
from tests.conftest import DEEP

GUIDE_2 = [  # the guide of 2.0, section 3.3
    ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),  # CVE-2002-0392
    ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),  # CVE-2003-0818
    ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),  # CVE-2003-0062
]
EXAMPLES_3 = [  # the examples document of 3.1
    ("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),  # CVE-2013-1937
    ("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),  # CVE-2013-0375
    ("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),  # CVE-2014-3566
    ("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),  # CVE-2012-1516
    ("AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),  # CVE-2009-0783
    ("AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8),  # CVE-2008-1447
    ("AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3),  # CVE-2013-6014
    ("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6),  # CVE-2014-2019
    ("AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", 9.6),  # CVE-2012-5376
]
EXAMPLES_4 = [  # the examples document of 4.0
    ("AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3),  # CVE-2022-41741
    ("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7),  # CVE-2020-3549
    ("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 5.2),
    ("AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3),  # CVE-2023-3089
    (
        "AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/CR:H/IR:L/AR:L/MAV:N/MAC:H/MVC:H/MVI:L/MVA:L",
        8.1,
    ),
    ("AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6),  # CVE-2021-44714
    ("AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1),  # CVE-2022-21830
    ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 6.9),  # CVE-2022-22186
    ("AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 5.9),  # CVE-2023-21989
    ("AV:L/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 9.4),  # CVE-2020-3947
    ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:H/SI:H/SA:H", 9.3),  # CVE-2023-48228
    ("AV:P/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:H/SA:N/S:P/V:D", 8.3),  # CVE-2023-30560
    ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:A", 8.7),  # CVE-2014-0160
    ("AV:N/AC:H/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P", 8.2),  # CVE-2024-6387
]
INVALID_4 = {  # section 7 of the specification of 4.0
    "a value that is none": "CVSS:4.0/AV:F/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "a metric twice": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N/E:A/E:X",
    "a small letter": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/ui:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "no prefix": "AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "a metric too few": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/SC:N/SI:N/SA:N",
    "another order": "CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
}
INVALID = {
    "nothing": "",
    "a prefix alone": "CVSS:3.1/",
    "an unknown version": "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "a number": "7.5",
    "a metric without a value": "CVSS:3.1/AV/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "a slash at the end": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
    "an empty value": "CVSS:3.1/AV:/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "2.0 in another order": "AC:L/AV:N/Au:N/C:N/I:N/A:C",
    "a metric of 3.1 in 2.0": "AV:N/AC:L/Au:N/C:N/I:N/A:C/MAV:N",
}

PARTS = [
    "",
    "AV:N",
    "AC:L",
    "Au:N",
    "C:N",
    "I:P",
    "A:C",
    "PR:N",
    "UI:N",
    "S:U",
    "C:H",
    "I:H",
    "A:H",
    "AV",
    "é:N",
]


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        *GUIDE_2,
        *((f"CVSS:3.1/{vector}", score) for vector, score in EXAMPLES_3),
        *((f"CVSS:4.0/{vector}", score) for vector, score in EXAMPLES_4),
    ],
)
def test_the_published_examples_have_their_published_scores(vector: str, score: float) -> None:
    assert cvss.score(vector).value == score


@pytest.mark.parametrize("vector", [*INVALID.values(), *INVALID_4.values()], ids=[*INVALID, *INVALID_4])
def test_a_vector_that_its_specification_does_not_allow_has_no_score(vector: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        cvss.score(vector)


def every_base(grammar: Grammar) -> list[str]:
    """All vectors of base metrics."""
    names = ([f"{name}:{value}" for value in grammar.values[name]] for name in grammar.needed)
    return ["/".join(parts) for parts in itertools.product(*names)]


def at_random(chance: random.Random, grammar: Grammar) -> str:
    """A vector with every needed metric and some of the others."""
    used = [name for name in grammar.values if name in grammar.needed or chance.random() < 0.4]
    return "/".join(f"{name}:{chance.choice(grammar.values[name])}" for name in used)


def test_every_base_vector_of_2_0_has_the_score_of_an_independent_calculator() -> None:
    for vector in every_base(v2._GRAMMAR):
        assert cvss.score(vector).value == float(CVSS2(vector).scores()[0]), vector


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_every_base_vector_of_3_x_has_the_score_of_an_independent_calculator(version: str) -> None:
    for metrics in every_base(v3._GRAMMAR):
        vector = f"CVSS:{version}/{metrics}"
        assert cvss.score(vector).value == float(CVSS3(vector).scores()[0]), vector


@pytest.mark.parametrize(
    ("prefix", "grammar", "theirs"),
    [
        ("", v2._GRAMMAR, lambda vector: CVSS2(vector).scores()[0]),
        ("CVSS:3.0/", v3._GRAMMAR, lambda vector: CVSS3(vector).scores()[0]),
        ("CVSS:3.1/", v3._GRAMMAR, lambda vector: CVSS3(vector).scores()[0]),
        ("CVSS:4.0/", v4._GRAMMAR, lambda vector: CVSS4(vector).base_score),
    ],
    ids=["2.0", "3.0", "3.1", "4.0"],
)
def test_random_vectors_have_the_score_of_an_independent_calculator(
    prefix: str, grammar: Grammar, theirs: Any
) -> None:
    chance = random.Random(20)
    for _ in range(100_000 if DEEP else 2_000):
        vector = prefix + at_random(chance, grammar)
        assert cvss.score(vector).value == float(theirs(vector)), vector


def test_3_x_takes_metrics_in_any_order() -> None:
    assert cvss.score("CVSS:3.0/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N").value == 9.8


@pytest.mark.parametrize(
    ("version", "value", "severity"),
    [
        *((version, 9.0, "critical") for version in ("3.0", "3.1", "4.0")),
        *((version, 8.9, "high") for version in ("3.0", "3.1", "4.0")),
        *((version, 7.0, "high") for version in cvss.VERSIONS),
        *((version, 6.9, "medium") for version in cvss.VERSIONS),
        *((version, 4.0, "medium") for version in cvss.VERSIONS),
        *((version, 3.9, "low") for version in cvss.VERSIONS),
        *((version, 0.0, "low") for version in cvss.VERSIONS),
        ("2.0", 10.0, "high"),
    ],
)
def test_a_score_has_the_band_of_its_version(version: str, value: float, severity: str) -> None:
    assert cvss.severity(version, value) is Severity(severity)


@given(st.sampled_from(["", "CVSS:3.1/", "CVSS:4.0/"]), st.lists(st.sampled_from(PARTS), max_size=14))
def test_any_text_has_a_score_or_a_reason_why_not(prefix: str, parts: list[str]) -> None:
    vector = prefix + "/".join(parts)
    try:
        scored = cvss.score(vector)
    except ValueError:
        return
    assert 0 <= scored.value <= 10
