"""After an attack: every command ends in order, and what is mended loses no evidence (format 5.6, 5.7)."""

import random
from pathlib import Path

import pytest

from tests.attacks.levels import by_command
from tests.attacks.scene import Scene, scene
from tests.attacks.stores import Genuine, genuine
from tests.attacks.table import Case, load
from tests.conftest import DEEP
from tests.store import shop

CASES = list(load())
SAMPLE = CASES if DEEP else random.Random(4).sample(CASES, 40)
COMMANDS = (
    ["work-order", "list"],
    ["sku", "show", "app-1"],
    ["receipt", "list"],
    ["log"],
    ["stats"],
    ["work-order", "create", "--title", "afterwards"],
    ["checkpoint"],
)
LEFT = {
    "chain of another genesis": "the ledger says so",
    "receipt dropped from history": "the ledger says so",
    "newest receipt dropped from history": "the ledger says so",
    "receipt recorded twice": "the ledger says so",
    "time of a receipt ahead": "the ledger says so",
    "time of a receipt rewritten": "the ledger says so",
    "identity a pipe": "the store's id is only in a copy",
    "identity bit flipped": "the store's id is only in a copy",
    "identity of another store": "the store's id is only in a copy",
    "identity removed": "the store's id is only in a copy",
    "future format": "only a newer program knows it",
    "ledger a link": "whoever made the link can put the folder back",
}
"""What neither a repair nor a salvage can mend."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Genuine:
    return genuine(tmp_path_factory.mktemp("genuine"))


@pytest.fixture
def attacked(made: Genuine, tmp_path: Path) -> Scene:
    return scene(made, tmp_path / "scene")


def run(attacked: Scene, *arguments: str) -> int:
    """The exit code of a command of somebody who knows nothing from outside."""
    return by_command(attacked, "ledger", [*arguments, "--wait", "1"]).code


def evidence(root: Path) -> set[bytes]:
    """Every ledger line, and what each other file holds that is more than a position, an index, a graph."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    plain = [path for path in files if path.name not in ("lock", "records.lock", *shop.INDEX_FILES)]
    kept = [path for path in plain if "ontology" not in path.relative_to(root).parts]
    ledger = [path for path in kept if "ledger" in path.relative_to(root).parts]
    lines = {line for path in ledger for line in path.read_bytes().splitlines()}
    return lines | {path.read_bytes() for path in kept if path not in ledger}


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_no_command_ends_in_an_unforeseen_way(attacked: Scene, case: Case) -> None:
    case.attack(attacked)
    assert {run(attacked, *command) for command in COMMANDS} <= {0, 1, 4, 12, 13}


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_what_can_be_mended_is_and_no_evidence_is_lost(attacked: Scene, case: Case) -> None:
    case.attack(attacked)
    before = evidence(attacked.root)
    run(attacked, "repair")
    run(attacked, "repair", "--salvage")
    assert (run(attacked, "verify") == 0) == (case.name not in LEFT)
    assert before <= evidence(attacked.root)
    if case.name not in LEFT:
        assert run(attacked, "work-order", "create", "--title", "afterwards") == 0
        assert run(attacked, "verify") == 0
