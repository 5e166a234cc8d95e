"""What the documents say of commands, exit codes and error codes is what the program has."""

import ast
import builtins
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcps import errors
from tests.docs import reference
from tests.docs.documents import DOCUMENTS, ROOT, name, prose

INTERFACE = ROOT / "docs" / "interface.md"
_CODE = re.compile(r"[a-z][a-z_]+")
_OPERATORS = {"|", "||", "&&", ";", "<", ">", ">>"}


def test_generated_documents_are_current() -> None:
    assert reference.stale() == [], "run python -m tests.docs.reference"


def test_exit_codes_of_the_interface_are_those_of_the_error_tree() -> None:
    table = re.findall(r"^\| ([0-9]+) \| `(\w+)` \|", INTERFACE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {kind: int(code) for code, kind in table} == reference.exit_codes()


def test_every_error_code_is_documented_and_every_documented_one_exists() -> None:
    section = prose(INTERFACE).partition("### 2.6 ")[2].partition("\n### ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
    documented = {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}
    constants, used = _constants(), set(_codes_in_use())
    assert used - documented == set(), "used by the program, not documented"
    assert documented - constants == set(), "documented, not in the program"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_error_classes_named_in_documents_exist(document: Path) -> None:
    named = set(re.findall(r"`(?:tcps\.errors\.)?([A-Z]\w*Error|LockTimeout|NoStore)`", prose(document)))
    unknown = {kind for kind in named if not hasattr(errors, kind) and not hasattr(builtins, kind)}
    assert unknown == set()


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in reference.commands()])
def test_every_command_has_examples_and_each_can_be_parsed(path: str, command: object) -> None:
    shown = reference.examples(command)
    assert any(line.startswith(path) for line in shown)
    for line in shown:
        arguments = _arguments(line)
        assert arguments is not None, f"no tcps command in {line!r}"
        _parse(arguments)


def _arguments(line: str) -> list[str] | None:
    """The arguments of the tcps command in a line of shell."""
    words = shlex.split(line)
    if "tcps" not in words:
        return None
    own = words[words.index("tcps") + 1 :]
    end = next((place for place, word in enumerate(own) if word in _OPERATORS), len(own))
    return own[:end]


def _parse(arguments: list[str]) -> None:
    """Parse a command line as the program does, without doing it; raises what the program would report."""
    command = reference.root()
    ctx = command.make_context("tcps", list(arguments))
    rest = [*ctx._protected_args, *ctx.args]
    while hasattr(command, "resolve_command") and rest:
        word, command, rest = command.resolve_command(ctx, rest)
        ctx = command.make_context(word, rest, parent=ctx)
        rest = [*ctx._protected_args, *ctx.args] if hasattr(command, "resolve_command") else []


def _codes_in_use() -> Iterator[str]:
    """The error codes that the program's sources give to errors."""
    for node in _nodes():
        if isinstance(node, ast.Call):
            yield from _codes_of_call(node)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if getattr(target, "id", "") == "default_code":
                yield from _texts(node.value)


def _constants() -> set[str]:
    """Every text in the program's sources."""
    texts = (node.value for node in _nodes() if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def _nodes() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "tcps").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _codes_of_call(call: ast.Call) -> Iterator[str]:
    called = getattr(call.func, "id", getattr(call.func, "attr", ""))
    for keyword in call.keywords:
        if keyword.arg == "code":
            yield from _texts(keyword.value)
    if called == "invalid_field" and len(call.args) > 2:
        yield from _texts(call.args[2])
    if called == "_Name":
        yield from _texts(call.args[2])


def _texts(node: ast.expr | None) -> Iterator[str]:
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _CODE.fullmatch(part.value):
            yield part.value
