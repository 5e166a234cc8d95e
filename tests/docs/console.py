"""Console sessions in Markdown: the commands of a console block, run in a shell, their output compared.

A command starts with `$ ` and goes on with lines that start with `> `, and while it is open: a
backslash at the end of the line, a quote, a here-document. What follows is its output, stdout and
stderr as they come. `…` in a line stands for any text, a line of only `…` for any lines.
"""

import difflib
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SECONDS = 30.0
"""How long one command may take."""
_END = "<end of the command>"
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


class Step(NamedTuple):
    """A command and the output that the document shows."""

    command: str
    output: list[str]


class Shell:
    """One bash in one folder for a whole document: `cd` and variables last until its end."""

    def __init__(self, folder: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TCPS_")}
        programs = str(Path(sys.executable).parent)
        own = {
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "TCPS_ACTOR": "alice",
            "TZ": "UTC",
        }
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=clean | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._run("code=0")

    def run(self, command: str) -> list[str]:
        """The lines that a command writes; `$?` in it is the exit code of the one before."""
        return self._run(f"(exit $code); eval {shlex.quote(command)} </dev/null; code=$?")

    def close(self) -> None:
        """End the shell."""
        self._bash.kill()
        self._bash.communicate()

    def _run(self, script: str) -> list[str]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{script}\nprintf '%s\\n' {shlex.quote(_END)}\n")
        self._bash.stdin.flush()
        watch = threading.Timer(SECONDS, self._bash.kill)
        watch.start()
        lines: list[str] = []
        for line in self._bash.stdout:
            text = line.rstrip("\n")
            if text.endswith(_END):
                rest = text.removesuffix(_END)
                watch.cancel()
                return [*lines, rest] if rest else lines
            lines.append(text)
        watch.cancel()
        raise AssertionError("\n".join([f"the shell ended within {SECONDS:g} s:", *lines]))


def steps(block: str) -> Iterator[Step]:
    """The commands of a block, each with its output."""
    lines = block.rstrip("\n").split("\n")
    if not lines[0].startswith("$ "):
        raise AssertionError(f"a console block starts with `$ `, not with {lines[0]!r}")
    place = 0
    while place < len(lines):
        command = lines[place][2:]
        place += 1
        while place < len(lines) and (_is_open(command) or lines[place].startswith("> ")):
            command += "\n" + lines[place].removeprefix("> ")
            place += 1
        start = place
        while place < len(lines) and not lines[place].startswith("$ "):
            place += 1
        yield Step(command, lines[start:place])


def difference(step: Step, got: list[str]) -> str | None:
    """What differs between the output shown and the one got, as a diff; None when nothing does."""
    shown, found = [_trimmed(step.output), _trimmed(got)]
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else f"{_pattern(line)}\n" for line in shown)
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in found)):
        return None
    known = [line for line in shown if line != "…"]
    alike = [next((line for line in known if re.fullmatch(_pattern(line), text)), text) for text in found]
    diff = difflib.ndiff(shown, alike)
    return "\n".join([f"$ {step.command}", *diff, "", "(- shown in the document, + written by the command)"])


def _is_open(command: str) -> bool:
    document = _HEREDOC.search(command)
    if document:
        return document[2] not in command.split("\n")[1:]
    if command.endswith("\\"):
        return True
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return True
    return False


def _pattern(line: str) -> str:
    return ".*".join(map(re.escape, line.split("…")))


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n") if any(lines) else []
