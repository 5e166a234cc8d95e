"""Lines of a batch, for tests: made, given to `tcps batch`, and typed as commands."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.conftest import Tcps

Line = dict[str, Any]


def line(command: str, **options: Any) -> Line:
    """A line as a program would write it."""
    return {"command": command, "options": options}


def text(lines: Sequence[Line | str]) -> str:
    """Lines as standard input has them; a text is a line as it is."""
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines)


def words(line: Line) -> list[str]:
    """The command line that says the same."""
    options, arguments = list[str](), list[str]()
    for name, value in line["options"].items():
        values = [_word(item) for item in (value if isinstance(value, list) else [value])]
        if name.isupper():
            arguments += values
        elif value is True:
            options.append(f"--{name.replace('_', '-')}")
        else:
            options += [word for item in values for word in (f"--{name.replace('_', '-')}", item)]
    return [*line["command"].split(), *options, "--", *arguments]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class Answered(NamedTuple):
    """How a batch ended, and what it answered."""

    code: int
    answers: list[Any]
    err: str


Batch = Callable[..., Answered]


def batch(tcps: Tcps, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Batch:
    """`tcps batch` in this process, with lines that are all there already."""

    def call(lines: Sequence[Line | str], *options: str) -> Answered:
        file = folder.with_name(f"{folder.name}-lines.jsonl")
        file.write_text(text(lines))
        with file.open() as stream, monkeypatch.context() as inside:
            inside.setattr(sys, "stdin", stream)
            done = tcps("batch", *options)
        return Answered(done.code, [json.loads(one) for one in done.out.splitlines()], done.err)

    return call
