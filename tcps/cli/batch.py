"""`tcps batch`: commands as JSON lines, one process and one open store for all of them."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from tcps.canonical import parse_input
from tcps.cli.base import LARGEST_INPUT, Host, context, opened, single, whole_input
from tcps.cli.calling import Callee, find
from tcps.cli.failures import failure
from tcps.cli.lines import Line, Lines
from tcps.cli.sharing import Answer, LostOutput, Shared, write
from tcps.config import Format, Settings
from tcps.errors import InvalidInput, Refused, missing
from tcps.model import Json
from tcps.render import Collected

LONGEST_LINE = 16 * 1024 * 1024
"""The most bytes of a line: a record of 1 MiB has room, however it is written in JSON."""
_LINES, _SECONDS, _BYTES = 1000, 0.25, 4 * 1024 * 1024
"""The most lines that share one sync, for how long they may (other writers wait), and the most of answers."""
_NEVER = {
    "batch": "is a batch itself",
    "init": "makes the store that a batch has already",
    "restore": "replaces the store that the batch has open",
    "run": "gives its streams to another program; add the receipt with receipt add",
}
"""Commands that a batch does not have: what is said of them."""


def _names(**groups: str) -> frozenset[str]:
    return frozenset(
        f"{group.replace('_', '-')} {word}" for group, words in groups.items() for word in words.split()
    )


LOOKS = _names(
    andon="check list report show",
    heijunka="schedule",
    kaizen="show",
    kanban="status",
    policy="show",
    quality="gates metrics",
    receipt="list show",
    root_cause="list show",
    sku="list ready show",
    work_order="list report show",
)
"""Commands that look at records alone: inside of a transaction, as they are there."""
CHANGES = _names(
    andon="investigate resolve sweep trigger",
    kaizen="apply measure proposals reject",
    kanban="set-limit",
    policy="set",
    receipt="add",
    root_cause="add-why finalize start",
    sku="abort advance create publish",
    work_order="cancel complete create delete depend next reorder start undepend update",
)
"""Commands that change records alone. Every other has the store for itself, after what was before it."""


class _UndoneError(Exception):
    """Ends a transaction without keeping it."""


def _batch(
    ctx: typer.Context,
    atomic: Annotated[
        bool, typer.Option("--atomic", help="All in one transaction or none of them; all are read first.")
    ] = False,
) -> None:
    """Do commands that come as JSON lines on standard input; each is answered by a line on stdout.

    A line is {"command": "sku show", "options": {"SKU": "SKU-1"}}: options by their long names with _ for -,
    those that may be repeated as arrays, arguments by the names that --help shows. The answer is
    {"ok": RESULT}, or {"error": …, "line": N}, and the batch goes on. It is written when what it says is
    durable; lines that are waiting already share a sync. Exits with what the first command would exit
    with that does not end with 0.
    """
    settings, _ = context(ctx)
    if settings.format not in (Format.TEXT, Format.JSON, Format.JSONL):
        raise InvalidInput("a batch answers in JSON lines alone", code="usage")
    with opened(ctx) as (store, _), whole_input() as fd:
        batch = Batch(ctx.find_root(), store, settings, Lines(fd, LONGEST_LINE))
        if atomic:
            batch.run_atomic()
        else:
            batch.run()
    if batch.code:
        raise typer.Exit(batch.code)


class Batch:
    """The commands of one batch; `code` is what it exits with."""

    def __init__(self, root: Any, store: Any, settings: Settings, lines: Lines) -> None:
        self.code = 0
        self._root = root
        self._store = store
        self._settings = settings
        self._lines = lines
        self._shared = Shared(store, self._tell)
        self._commands: dict[str, Callee] = {}

    def run(self) -> None:
        """Answer every line; those that wait already share a sync, up to a limit."""
        while (line := self._lines.next()) is not None:
            self._together(line)
            self._shared.end()

    def run_atomic(self) -> None:
        """Do all of them or none, as one entry of the ledger."""
        lines = list(self._all())
        answers: list[Answer] = []
        try:
            with self._store.transaction("batch"):
                for line in lines:
                    answers.append(self._answer(line, _require_part))
                    if answers[-1].failed:
                        raise _UndoneError
        except _UndoneError:
            self.code = answers[-1].code
            answers = _undone(lines, answers[-1])
        except Exception as error:
            answers = [Answer.error(line.number, failure(error)) for line in lines]
        self._tell(answers)

    def _together(self, first: Line) -> None:
        """Do a line and those that wait after it; the answers wait for the end."""
        line: Line | None = first
        count, until = 0, time.monotonic() + _SECONDS
        while line is not None:
            try:
                self._shared.add(self._answer(line, self._prepare))
            except sqlite3.Error as error:  # SQLite may have given up all that shares its transaction
                self._shared.add(Answer.done(line.number, 0, None, []))
                self._shared.end(error)
            count += 1
            if count == _LINES or self._shared.size > _BYTES or time.monotonic() > until:
                return
            line = self._lines.next(wait=False)

    def _all(self) -> Iterator[Line]:
        size = 0
        while (line := self._lines.next()) is not None:
            size += len(line.content or b"")
            if size > LARGEST_INPUT:
                raise InvalidInput(f"an atomic batch is larger than {LARGEST_INPUT} bytes", code="too_large")
            yield line

    def _answer(self, line: Line, prepare: Callable[[str, Json], None]) -> Answer:
        """Do one line. Only what ends a batch, or all that shares a transaction, is raised."""
        out, notes = Collected(), list[str]()
        try:
            name, values = _read(line)
            command = self._commands.get(name) or self._found(name)
            prepare(command.name, values)
            code = command.call(values, Host(self._settings, self._store, out, notes))
            return Answer.done(line.number, code, out.value, notes)
        except (BrokenPipeError, LostOutput, sqlite3.Error):
            raise
        except Exception as error:
            return Answer.error(line.number, failure(error))

    def _found(self, name: str) -> Callee:
        if name.strip() in _NEVER:
            why = f"{name.strip()} cannot be part of a batch: it {_NEVER[name.strip()]}"
            raise InvalidInput(why, code="usage", details={"fields": ["command"]})
        return self._commands.setdefault(name, find(self._root, name))

    def _prepare(self, name: str, values: Json) -> None:
        """Changes share a sync; what has the store for itself comes after the end of what was before."""
        if name == "log" and values.get("follow"):
            raise InvalidInput("log cannot follow in a batch: it would never end", code="usage")
        if name in CHANGES:
            self._shared.begin()
        elif name not in LOOKS:
            self._shared.end()

    def _tell(self, answers: list[Answer]) -> None:
        write(answer for answer in answers if answer.code or not self._settings.quiet)
        self.code = next((code for code in (self.code, *(answer.code for answer in answers)) if code), 0)


def _read(line: Line) -> tuple[str, Json]:
    """The command and the values that a line asks for."""
    what = f"line {line.number}"
    if line.content is None:
        raise InvalidInput(f"{what} is longer than {LONGEST_LINE} bytes", code="too_large")
    asked = parse_input(line.content, what)
    if not isinstance(asked, dict):
        raise InvalidInput(f"{what} is no JSON object", code="usage")
    name, options = asked.pop("command", None), asked.pop("options", {})
    key = asked.pop("idempotency_key", None)
    if asked:
        names = sorted(asked)
        raise InvalidInput(
            f"{what} has {names[0]!r}; it takes command, options, idempotency_key",
            code="usage",
            details={"fields": names},
        )
    if name is None:
        raise missing(["command"], what)
    if not isinstance(name, str) or not isinstance(options, dict):
        wrong, kind = ("options", "an object") if isinstance(name, str) else ("command", "a text")
        raise InvalidInput(f"{wrong} of {what} is not {kind}", code="usage", details={"fields": [wrong]})
    if key is not None and options.setdefault("idempotency_key", key) != key:
        raise InvalidInput(f"{what} has two idempotency keys", code="usage")
    return name, options


def _require_part(name: str, values: Json) -> None:
    """What one transaction with others can hold."""
    if name not in LOOKS | CHANGES:
        raise InvalidInput(f"{name} cannot be part of an atomic batch", code="usage")
    if values.get("idempotency_key") is not None:
        raise InvalidInput(
            "an idempotency key names a transaction, and an atomic batch is one",
            code="usage",
            hint="give the orders a source: the same source again makes no second order",
            details={"fields": ["idempotency_key"]},
        )


def _undone(lines: list[Line], failed: Answer) -> list[Answer]:
    """The answers of a batch that one line has undone."""
    why = Refused(
        f"nothing was done: line {failed.line} failed",
        code="batch_undone",
        details={"failed_line": failed.line},
    )
    return [failed if line.number == failed.line else Answer.error(line.number, why) for line in lines]


batch = single(
    _batch,
    """tcps batch < commands.jsonl
    tcps batch --atomic < commands.jsonl
    echo '{"command": "work-order show", "options": {"ID": "WO-1"}}' | tcps batch""",
)
