"""Running tcps as a user does: arguments in, exit code and two streams out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tcps.cli.root import run


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)["error"]


Tcps = Callable[..., Done]


def process(
    folder: Path, *arguments: str, stdin: str | bytes = b"", env: dict[str, str] | None = None
) -> Done:
    """Run tcps as a process of its own, without a terminal."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TCPS_")}
    done = subprocess.run(
        [sys.executable, "-m", "tcps", *arguments],
        cwd=folder,
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=clean | {"TCPS_ACTOR": "alice"} | (env or {}),
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to work in, and no settings of the machine's user."""
    for name in list(os.environ):
        if name.startswith("TCPS_") or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("TCPS_ACTOR", "alice")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-state")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path.with_name(f"{tmp_path.name}-data")))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bare(capfd: pytest.CaptureFixture[str]) -> Tcps:
    """tcps in this process, in an empty folder."""

    def call(*arguments: str) -> Done:
        capfd.readouterr()
        code = run(list(arguments))
        return Done(code, *capfd.readouterr())

    return call


@pytest.fixture
def tcps(bare: Tcps) -> Tcps:
    """tcps in this process, in a folder with a store."""
    assert bare("init").code == 0
    return bare


@pytest.fixture
def on_the_line(tcps: Tcps) -> Tcps:
    """tcps with order WO-1 in progress and SKU-1 at its first stage."""
    assert tcps("work-order", "create", "--title", "An order").code == 0
    assert tcps("sku", "create", "--work-order", "WO-1").code == 0
    return tcps


@pytest.fixture
def proven(on_the_line: Tcps) -> Tcps:
    """SKU-1 has receipts of its first two stages, RCPT-1 and RCPT-2; the ledger has four entries."""
    on_the_line("run", "--sku", "SKU-1", "--stage", "shacl", "-q", "--", "true")
    on_the_line("run", "--sku", "SKU-1", "--stage", "compile", "-q", "--", "true")
    return on_the_line
