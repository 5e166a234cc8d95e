"""Completion in the shell, ids included (interface 2)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps

PROGRAM = Path(sys.executable).with_name("tcps")


def completed(shell: str, words: str, current: str = "") -> list[str]:
    """What the shell would offer after these words."""
    if shell == "bash":
        spoken = {"COMP_WORDS": words + current, "COMP_CWORD": str(len(words.split()))}
    else:
        spoken = {"_TYPER_COMPLETE_ARGS": words + current}
        if shell == "fish":
            spoken["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    env = {**os.environ, **spoken, "_TCPS_COMPLETE": f"complete_{shell}"}
    done = subprocess.run([PROGRAM], env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_ids_of_the_store_are_offered(on_the_line: Tcps, shell: str) -> None:
    on_the_line("work-order", "create", "--title", "b")
    assert {"WO-1", "WO-2"} <= set(
        " ".join(completed(shell, "tcps work-order show ")).replace('"', " ").split()
    )
    assert "SKU-1" in " ".join(completed(shell, "tcps sku show ", "SK"))
    assert "SKU-1" in " ".join(completed(shell, "tcps run --sku "))


def test_commands_and_options_are_offered(on_the_line: Tcps) -> None:
    assert "work-order" in completed("bash", "tcps ", "wor")
    assert "create" in completed("bash", "tcps work-order ", "cr")
    assert "--bucket" in completed("bash", "tcps work-order create ", "--bu")


def test_values_of_the_vocabularies_are_offered(bare: Tcps) -> None:
    assert completed("bash", "tcps run --stage ", "te") == ["test_execution"]
    assert completed("bash", "tcps work-order create --bucket ", "tech") == ["technical_debt"]
    assert "test_failure" in completed("bash", "tcps andon trigger --type ", "test")


def test_ids_of_the_store_that_is_named_are_offered(bare: Tcps) -> None:
    bare("init", "other")
    bare("work-order", "create", "--title", "x", "--store", "other")
    assert completed("bash", "tcps --store other work-order show ") == ["WO-1"]


def test_without_a_store_nothing_is_offered_and_nothing_is_said(bare: Tcps) -> None:
    assert completed("bash", "tcps work-order show ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_shell_is_printed(bare: Tcps, shell: str) -> None:
    env = {**os.environ, "_TCPS_COMPLETE": f"source_{shell}"}
    done = subprocess.run([PROGRAM], env=env, capture_output=True, text=True, check=False)
    assert "_TCPS_COMPLETE" in done.stdout
