"""What the words of a root cause suggest (domain 11): a table of patterns, each with its text.

A pattern matches as whole words in any case, with a plural s. A space or a hyphen in it stands for any
run of white space and hyphens.
"""

import re
from collections.abc import Mapping

from tcps.model import Suggestions

SHACL = {
    "shacl": "Add a SHACL shape for the affected class",
    "validation": "Add a validation shape with the required properties",
    "invalid data": "Add a datatype constraint",
    "missing property": "Add a minCount 1 constraint",
    "type mismatch": "Add a class or datatype constraint",
    "cardinality": "Add minCount and maxCount constraints",
    "format": "Add a pattern constraint",
    "range": "Add minInclusive and maxInclusive constraints",
}
TESTS = {
    "race condition": "Add a concurrency test",
    "edge case": "Add tests of boundary values",
    "error handling": "Add negative tests of the error path",
    "timeout": "Add a timeout test",
    "memory leak": "Add a memory growth test",
    "non-deterministic": "Add a property-based test",
    "integration": "Add an integration test",
}
TEMPLATES = {
    "boilerplate": "Move the boilerplate into a helper",
    "inconsistent": "Standardise the template",
    "hard-coded": "Extract the value into a variable",
    "duplicated": "Make a reusable component",
    "complex": "Simplify the template",
}
_JOINED = ("hard-coded",)
"""The patterns whose parts may also be written as one word."""
_PIN = re.compile(
    r"\bdependency\s+(?P<name>[a-z0-9][a-z0-9_.-]*)\s+version\s+(?P<number>[0-9]+(?:\.[0-9]+)*)(?!\.?\w)"
)


def suggestions(root_cause: str) -> Suggestions:
    """What a root cause suggests; each text once, in the order of the tables."""
    return Suggestions(
        shacl_additions=_matching(SHACL, root_cause),
        test_additions=_matching(TESTS, root_cause),
        template_improvements=_matching(TEMPLATES, root_cause),
        dependency_pins={found["name"]: found["number"] for found in _PIN.finditer(root_cause.lower())},
    )


def _matching(table: Mapping[str, str], text: str) -> tuple[str, ...]:
    return tuple(added for words, added in table.items() if _pattern(words).search(text))


def _pattern(words: str) -> re.Pattern[str]:
    between = r"[\s-]*" if words in _JOINED else r"[\s-]+"
    return re.compile(rf"\b{between.join(re.split('[ -]', words))}s?\b", re.IGNORECASE)
