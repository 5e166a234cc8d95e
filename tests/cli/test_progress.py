"""How far a long command has come is shown on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tcps.store import Store
from tests.cli.conftest import process
from tests.store import shop


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A store with more records than a judgement takes a moment for."""
    with Store.create(tmp_path, actor="alice") as store, store.transaction("many"):
        for n in range(310):
            shop.order(store, f"order {n}")
    return tmp_path


def on_a_terminal(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code and the two streams of a process whose stderr is a terminal."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "tcps", *arguments]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=its, text=True, env=environment
    ) as done:
        os.close(its)
        seen = b""
        while piece := _read(ours):
            seen += piece
        out = done.stdout.read() if done.stdout else ""
    os.close(ours)
    return done.returncode, out, seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # so a terminal ends
        return b""


def test_a_judgement_of_all_records_shows_how_far_it_is_on_a_terminal_alone(many: Path) -> None:
    code, out, seen = on_a_terminal(many, "ontology", "validate", "--full")
    assert (code, out) == (0, "310 records: all conform\n")
    assert "records" in seen
    assert "shapes" in seen
    assert "100%" in seen
    assert on_a_terminal(many, "ontology", "validate", "--full", "-q") == (0, "", "")
    piped = process(many, "ontology", "validate", "--full")
    assert (piped.code, piped.out, piped.err) == (0, out, "")


def test_a_short_command_shows_no_bar(many: Path) -> None:
    code, out, seen = on_a_terminal(many, "ontology", "rebuild")
    assert (code, seen) == (0, "")
    assert "statements" in out
