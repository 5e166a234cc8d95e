"""Every attack of the table ends as the table says, at every level of knowledge (docs/attacks.md)."""

from pathlib import Path

import pytest

from tests.attacks.levels import by_command, look
from tests.attacks.report import markdown, totals
from tests.attacks.scene import Scene, scene
from tests.attacks.stores import Genuine, genuine
from tests.attacks.table import LEVELS, Case, load

CASES = list(load())
DOCUMENT = Path(__file__).parents[2] / "docs/attacks.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Genuine:
    return genuine(tmp_path_factory.mktemp("genuine"))


@pytest.fixture
def attacked(made: Genuine, tmp_path: Path) -> Scene:
    return scene(made, tmp_path / "scene")


@pytest.mark.parametrize("level", LEVELS)
def test_before_an_attack_nothing_is_found(attacked: Scene, level: str) -> None:
    assert look(attacked, level).code == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_attack_is_found_as_the_table_says(attacked: Scene, case: Case) -> None:
    case.attack(attacked)
    looked = {level: look(attacked, level) for level in LEVELS}
    assert looked == {level: case.cells[level]._replace(why="") for level in LEVELS}
    chains = by_command(attacked, "ledger", ["verify-chain", "--all"])
    assert chains.code == (looked["ledger"].code if case.in_chains else 0)


def test_what_is_not_found_has_its_reason() -> None:
    cells = [case.cells[level] for case in CASES for level in LEVELS]
    assert all((cell.code == 0) == bool(cell.why) for cell in cells)
    assert all(case.says.endswith(".") for case in CASES)


def test_who_knows_more_finds_no_less() -> None:
    for case in CASES:
        for less, more in (("ledger", "key"), ("key", "anchor")):
            assert case.cells[less].classes <= case.cells[more].classes, case.name
    found = [found for found, _ in totals(CASES).values()]
    assert found[1] < found[2] < found[3]


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(CASES)
