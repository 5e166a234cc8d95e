"""What the code cites is there: clauses of docs/format.md, decisions, sections of docs/interface.md."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

SOURCES = sorted((ROOT / "tcps").rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if path.parent.name != "docs")
FORMAT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
INTERFACE = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")
_CLAUSE = re.compile(r"^(?:#+ )?([0-9]+(?:\.[0-9]+)?)\.? ", re.MULTILINE)
_STARTS = re.compile(r"#+ ([0-9]+(?:\.[0-9]+)?)\.? |([0-9]+\.[0-9]+)\. ")


def _cited(word: str, sources: list[Path] = SOURCES) -> set[str]:
    """The numbers that the sources cite after a word: `format 4.6, 8` is two."""
    number = r"[0-9]+(?:\.[0-9]+)?"
    pattern = re.compile(rf"(?i)\b{word} ({number}(?:, {number})*)")
    lists = [found for path in sources for found in pattern.findall(path.read_text(encoding="utf-8"))]
    return {number for numbers in lists for number in numbers.split(", ")}


@pytest.mark.parametrize(("word", "text"), [("format", FORMAT), ("interface", INTERFACE)])
def test_every_clause_that_the_code_cites_exists(word: str, text: str) -> None:
    cited = _cited(word)
    assert cited
    assert cited - set(_CLAUSE.findall(text)) == set()


def test_every_clause_that_says_must_is_named_by_a_test() -> None:
    """A test names the clause that it holds as `format 4.5`, in its docstring."""
    assert sorted(_with_must() - _cited("format", TESTS)) == []


def _with_must() -> set[str]:
    """The clauses of the format that say MUST; the first chapter's own text only says what the word means."""
    clauses, clause = set(), ""
    for line in FORMAT.splitlines():
        found = _STARTS.match(line)
        clause = found[1] or found[2] if found else clause
        if re.search(r"\bMUST\b", line):
            clauses.add(clause)
    return clauses - {"1"}


def test_every_decision_that_the_code_cites_exists() -> None:
    numbers = {path.name.partition("-")[0].lstrip("0") for path in (ROOT / "docs" / "adr").glob("*.md")}
    assert _cited("ADR") <= numbers


@pytest.mark.parametrize("decision", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.name)
def test_a_decision_has_context_decision_and_price_on_one_page(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    number = int(decision.name.partition("-")[0])
    assert text.startswith(f"# {number}. ")
    assert [part in text for part in ("**Context.**", "**Decision.**", "**Price.**")] == [True] * 3
    assert len(text.splitlines()) <= 50
    assert decision.name in (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
