"""The domain reference is not in the repository: tests name its sections, as `domain 10.2` in a docstring."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT, prose

TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if path.parent.name != "docs")
SOURCES = sorted((ROOT / "tcps").rglob("*.py"))
_ROW = re.compile(r"^\| ([0-9]+(?:\.[0-9]+)?) \| [^|]+ \|$", re.MULTILINE)
_CITED = re.compile(r"\b[Dd]omain ([0-9][^()\[\]:;\n\"]*)")
_NUMBER = re.compile(r"(?:^|, |and )([0-9]+(?:\.[0-9]+)?)\b")


def _sections() -> set[str]:
    """The sections that testing.md lists."""
    table = prose(ROOT / "docs" / "testing.md").partition("## Sections of the domain")[2]
    return set(_ROW.findall(table.partition("\n## ")[0]))


def _named(paths: list[Path]) -> Iterator[str]:
    """The sections that files name: `domain 7, 8.1` is two."""
    for path in paths:
        for cited in _CITED.findall(path.read_text(encoding="utf-8")):
            yield from _NUMBER.findall(cited)


def test_every_section_of_the_domain_is_named_by_a_test() -> None:
    sections = _sections()
    assert len(sections) > 20
    assert sorted(sections - set(_named(TESTS))) == []


def test_no_test_and_no_source_names_a_section_that_is_not_there() -> None:
    chapters = {section.partition(".")[0] for section in _sections()}
    named = set(_named(TESTS)) | set(_named(SOURCES))
    assert sorted(named - _sections() - chapters) == []


def test_every_error_code_of_the_program_is_expected_by_a_test() -> None:
    """domain 15"""
    interface = prose(ROOT / "docs" / "interface.md").partition("### 2.6 ")[2].partition("\n### ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", interface, re.MULTILINE)
    codes = {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}
    texts = "\n".join(path.read_text(encoding="utf-8") for path in TESTS)
    assert sorted(code for code in codes if f'"{code}"' not in texts) == []
