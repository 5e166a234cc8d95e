"""A command imports what it needs: start-up is paid for by every call."""

from pathlib import Path

import pytest

from tests.cli.imports import COMMANDS, HEAVY, imported, listed, prepare

NEVER = HEAVY | {"rich", "rdflib", "pyoxigraph", "pyshacl", "cryptography", "botocore", "pyrage", "zstandard"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("imports")
    prepare(place)
    return place


@pytest.mark.parametrize("command", COMMANDS)
def test_a_hot_command_imports_what_the_list_says(command: str, folder: Path) -> None:
    """`python -m tests.cli.imports` writes the list anew: look at what it adds."""
    found = imported(command, folder)
    assert found == listed()[command]
    assert not found & NEVER
