"""The examples run, and say what they promise."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tcps.evidence import sarif
from tcps.evidence.source import Kind, Source

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are bash scripts")


def run(script: Path, *arguments: str | Path, path: str | None = None) -> str:
    """The output of an example, which must end well."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TCPS_", "COV"))}
    env |= {"PATH": path or env["PATH"], "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", script, *arguments],
        cwd=script.parent,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def commands(output: str) -> list[str]:
    """What was shown as run, without its options."""
    lines = (line.split() for line in output.splitlines() if line.startswith("$ tcps "))
    words = ((word for word in line[2:] if not word.startswith("-")) for line in lines)
    return [next(word) for word in words]


def test_the_small_example_takes_an_order_through_a_stop_to_a_chain_in_ten_commands() -> None:
    output = run(ROOT / "examples" / "small.sh", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert len(commands(output)) == 10
    wanted = [
        "RCPT-1: shacl_validation of hello-1.0.0 is pass",
        "RCPT-2: compilation of hello-1.0.0 is fail",
        "ANDON-1 stops the line (compilation_failure, critical)",
        "ANDON-1 stops hello-1.0.0 at compilation",
        "ANDON-1 is resolved",
        "RCPT-3: compilation of hello-1.0.0 is pass",
        "hello-1.0.0: intact, incomplete (2 of 10 stages passed), 3 receipts",
    ]
    places = [output.find(text) for text in wanted]
    assert -1 not in places, output
    assert places == sorted(places), output


@pytest.mark.deep
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="it builds from a commit of a git clone")
def test_tcps_goes_through_its_own_line_from_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], check=True)
    output = run(clone / "examples" / "itself.sh", "--keep", tmp_path / "work")
    chain = tmp_path / "work" / ".tcps" / "records" / "skus"
    receipts = sorted(path.name for path in chain.glob("*/*/receipts/*.json"))
    assert [name.split("-")[1] for name in receipts] == [
        "shacl_validation.json",
        "compilation.json",
        "test_execution.json",
        "security_scan.json",
        "deterministic_build.json",
        "quality_metrics.json",
        "release_verification.json",  # stopped the line
        "release_verification.json",
        "smoke_test.json",
        "marketplace_validation.json",
        "publication.json",
    ]
    assert "ANDON-1 stops the line (release_failure, high)" in output
    assert ": intact, complete, 11 receipts" in output
    assert ": broken, complete, 11 receipts" in output
    assert "== Done in " in output
    untidy = subprocess.run(
        ["git", "-C", clone, "status", "--porcelain", "--ignored"], check=True, capture_output=True, text=True
    )
    assert untidy.stdout.split() == ["!!", ".venv/"]


def test_the_security_scan_of_the_example_finds_nothing_that_blocks(tmp_path: Path) -> None:
    pytest.importorskip("bandit", reason="it comes with the example extra")
    pytest.importorskip("sarif_om", reason="it comes with the example extra")
    scan = [sys.executable, ROOT / "examples" / "itself" / "security.py", ROOT, tmp_path]
    done = subprocess.run(scan, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    log = Source("bandit.sarif", Kind.SARIF, (tmp_path / "bandit.sarif").read_bytes())
    assert sarif.read(log).total() == 0, done.stdout
