"""Streams that are closed, full, gone or cannot show a character (interface 2)."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps

TCPS = f"{sys.executable} -m tcps"


def shell(command: str, *, pass_fds: Sequence[int] = (), **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["bash", "-c", command.replace("tcps", TCPS)],
        env=clean | env,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=pass_fds,
    )


@pytest.mark.parametrize("command", ["tcps log", "tcps --version", "tcps work-order list --json"])
def test_a_reader_that_has_gone_is_141(tcps: Tcps, command: str) -> None:
    for _ in range(3):
        tcps("work-order", "create", "--title", "x", "--description", "y" * 60_000)
    reader, writer = os.pipe()
    os.close(
        reader
    )  # before the command begins: a reader in a pipeline of the shell may come to its end too late
    done = shell(f"{command} >&{writer}", pass_fds=[writer])
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("command", ["tcps --version", "tcps stats", "tcps work-order create --title x"])
def test_an_output_that_is_full_is_an_error_that_says_what_was_done_is_done(tcps: Tcps, command: str) -> None:
    done = shell(f"{command} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == ("error: cannot write the output: No space left on device; what was done is done\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_harm_nothing(tcps: Tcps, closed: str) -> None:
    done = shell(f"tcps work-order create --title x {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert tcps("verify").code == 0


def test_what_the_terminal_cannot_show_is_escaped(tcps: Tcps) -> None:
    done = shell("tcps work-order create --title 日本", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert "\\u65e5\\u672c" in done.stdout
    assert tcps("work-order", "show", "WO-1", "--json").json["title"] == "日本"
    assert shell("tcps work-order list", LC_ALL="C", PYTHONUTF8="0").returncode == 0


def test_characters_that_turn_the_line_around_are_escaped_for_people(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a\u202eb")
    assert "a\\u202eb" in tcps("work-order", "list").out
    assert tcps("work-order", "show", "WO-1", "--json").json["title"] == "a\u202eb"


def test_standard_input_is_read_for_one_option_only(on_the_line: Tcps) -> None:
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    done = shell("echo why | tcps andon resolve ANDON-1 --root-cause - --fix - --prevention p")
    assert done.returncode == 2
    assert "standard input is read for something else already" in done.stderr
    assert Path(".tcps").exists()
