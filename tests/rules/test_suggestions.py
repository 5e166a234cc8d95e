"""What the words of a root cause suggest (domain 11): every row of the table, and what does not match."""

import pytest

from tcps.model import Suggestions
from tcps.rules.suggestions import suggestions

TABLE = [
    ("shacl_additions", "shacl", "Add a SHACL shape for the affected class"),
    ("shacl_additions", "validation", "Add a validation shape with the required properties"),
    ("shacl_additions", "invalid data", "Add a datatype constraint"),
    ("shacl_additions", "missing property", "Add a minCount 1 constraint"),
    ("shacl_additions", "type mismatch", "Add a class or datatype constraint"),
    ("shacl_additions", "cardinality", "Add minCount and maxCount constraints"),
    ("shacl_additions", "format", "Add a pattern constraint"),
    ("shacl_additions", "range", "Add minInclusive and maxInclusive constraints"),
    ("test_additions", "race condition", "Add a concurrency test"),
    ("test_additions", "edge case", "Add tests of boundary values"),
    ("test_additions", "error handling", "Add negative tests of the error path"),
    ("test_additions", "timeout", "Add a timeout test"),
    ("test_additions", "memory leak", "Add a memory growth test"),
    ("test_additions", "non-deterministic", "Add a property-based test"),
    ("test_additions", "integration", "Add an integration test"),
    ("template_improvements", "boilerplate", "Move the boilerplate into a helper"),
    ("template_improvements", "inconsistent", "Standardise the template"),
    ("template_improvements", "hard-coded", "Extract the value into a variable"),
    ("template_improvements", "duplicated", "Make a reusable component"),
    ("template_improvements", "complex", "Simplify the template"),
]
NOTHING = Suggestions()


@pytest.mark.parametrize(("table", "words", "added"), TABLE)
@pytest.mark.parametrize("text", ["{}", "A {}.", "{}s", "the ({}), twice: {}", "x-{}-y"])
def test_a_pattern_adds_its_text_once(table: str, words: str, added: str, text: str) -> None:
    wanted = Suggestions(**{table: (added,)})
    cause = text.replace("{}", words)
    assert suggestions(cause) == suggestions(cause.upper()) == wanted


@pytest.mark.parametrize(("table", "words", "added"), [row for row in TABLE if set(row[1]) & {" ", "-"}])
@pytest.mark.parametrize("between", [" ", "-", "  ", " - ", "--"])
def test_spaces_and_hyphens_in_a_pattern_match_any_run_of_them(
    table: str, words: str, added: str, between: str
) -> None:
    written = words.replace(" ", between).replace("-", between)
    assert getattr(suggestions(written), table) == (added,)


@pytest.mark.parametrize("words", [row[1] for row in TABLE if set(row[1]) & {" ", "-"}])
def test_only_hard_coded_may_be_one_word(words: str) -> None:
    joined = words.replace(" ", "").replace("-", "")
    assert bool(suggestions(joined) != NOTHING) is (words == "hard-coded")


@pytest.mark.parametrize(
    "cause",
    [
        *("information", "arrange", "ranged", "strange", "reformat", "formatting", "invalidation"),
        *("timeouted", "complexity", "disintegration", "non deterministically", "race to condition"),
        *("memory_leak", "edge, case", "préformat", ""),
    ],
)
def test_a_part_of_a_word_matches_nothing(cause: str) -> None:
    assert suggestions(cause) == NOTHING


def test_what_matches_is_listed_in_the_order_of_the_table() -> None:
    found = suggestions(
        "Out of range: the format of the SHACL shape. Complex, hardcoded; timeouts, an edge-case."
    )
    assert found == Suggestions(
        shacl_additions=tuple(TABLE[row][2] for row in (0, 6, 7)),
        test_additions=tuple(TABLE[row][2] for row in (9, 11)),
        template_improvements=tuple(TABLE[row][2] for row in (17, 19)),
    )


@pytest.mark.parametrize(
    ("cause", "pins"),
    [
        ("Dependency Requests version 2.31.0 was pulled in.", {"requests": "2.31.0"}),
        ("dependency left-pad version 1.", {"left-pad": "1"}),
        ("dependency a.b_c-d  version\n10.0.0, dependency e version 3", {"a.b_c-d": "10.0.0", "e": "3"}),
        ("dependency orjson version 3.13 and dependency orjson version 3.14", {"orjson": "3.14"}),
        ("dependency _x version 1", {}),
        ("dependency x version v1", {}),
        ("dependency x version 2.x", {}),
        ("dependency x version 2rc1", {}),
        ("dependency x, version 2", {}),
        ("independency x version 2", {}),
        ("dependencies x version 2", {}),
    ],
)
def test_a_dependency_with_its_version_is_a_pin(cause: str, pins: dict[str, str]) -> None:
    assert suggestions(cause) == Suggestions(dependency_pins=pins)
