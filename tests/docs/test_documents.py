"""Every example of README.md and docs/ runs and shows what it says."""

import json
import re
import shutil
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from tests.docs.console import Shell, difference, steps
from tests.docs.documents import DOCUMENTS, ROOT, blocks, name

KINDS = ("console", "console no-run", "sh", "python", "json", "jsonl", "text", "toml", "yaml", "mermaid", "")
"""What the examples of our documents are."""
NOT_RUN = (
    "git clone ",
    "git tag ",
    "git push ",
    "pip install ",
    "pipx install ",
    "uv tool install ",
    "python3 -m venv ",
    "python -m build",
    "bash tests/gate.sh",
    "bash examples/",
    ".venv/bin/",
    "TCPS_DEEP=1 ",
    "python -m tests.",
    "tcps log --follow",
    "tcps --install-completion",
    "mv units/",
    "cd ",
    ". .venv/bin/activate",
)
"""How commands begin that need the network, minutes or a person: the only ones that are not run."""


def _console(example: Example) -> None:
    shell: Shell = example.namespace["shell"]
    for step in steps(example.parsed):
        found = difference(step, shell.run(step.command))
        if found is not None:
            raise AssertionError(f"{example.path}, block at line {example.line}:\n{found}")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_examples_do_what_they_show(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("jq", "age-keygen"):
        if program in document.read_text() and shutil.which(program) is None:
            pytest.skip(f"its examples use {program}, which is not installed")
    parsed = Sybil([CodeBlockParser("console", _console), PythonCodeBlockParser()]).parse(document)
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path) if parsed.regions else None
    parsed.namespace["shell"] = shell
    try:
        for example in parsed.examples():
            example.evaluate()
    finally:
        if shell is not None:
            shell.close()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_only_commands_that_cannot_be_run_here_are_not_run(document: Path) -> None:
    for block in blocks(document):
        assert block.info in KINDS, f"line {block.line}: what is a {block.info!r} block?"
        if block.info not in ("console no-run", "sh"):
            continue
        lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.strip()]
        commands = lines if block.info == "sh" else lines[:1]
        escaped = [line for line in commands if not line.startswith((*NOT_RUN, "#"))]
        assert not escaped, f"line {block.line}: can be run, so make it a console block: {escaped}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_json_in_documents_is_json(document: Path) -> None:
    for block in blocks(document):
        if block.info == "json" and "…" not in block.text:
            json.loads(block.text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    dead = [target for target in inside if not (document.parent / target).exists()]
    assert not dead, f"{name(document)} links to files that are not there: {dead}"


def test_there_are_documents() -> None:
    assert {"README.md", "docs/format.md", "docs/interface.md", "docs/cli.md"} <= set(map(name, DOCUMENTS))
    assert ROOT.joinpath("pyproject.toml").exists()
