"""Answers of a batch, and the transactions that share one sync before they are given."""

import contextlib
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson

from tcps.cli.failures import failure
from tcps.errors import TcpsError
from tcps.model import Json


class LostOutput(TcpsError):  # noqa: N818 - as the others of its tree
    """Answers cannot be written any more."""


class Answer(NamedTuple):
    """What is said of a line: its number, the code that the command alone would exit with, and the text."""

    line: int
    code: int
    failed: bool
    text: bytes

    @classmethod
    def done(cls, line: int, code: int, result: Any, notes: list[str]) -> "Answer":
        """That a command was done; `code` is not 0 where the result is bad news."""
        more: Json = {"exit_code": code} if code else {}
        return cls(line, code, False, _text({"ok": result} | more | ({"notes": notes} if notes else {})))

    @classmethod
    def error(cls, line: int, error: TcpsError) -> "Answer":
        """That a line failed, and nothing was done."""
        return cls(line, error.exit_code, True, _text(error.as_json() | {"line": line}))


class Shared:
    """Transactions that share one sync, and the answers that wait for it; `tell` gives them."""

    def __init__(self, store: Any, tell: Callable[[list[Answer]], None]) -> None:
        self._store = store
        self._tell = tell
        self._stack = contextlib.ExitStack()
        self._begun = False
        self._answers: list[Answer] = []
        self._size = 0

    @property
    def size(self) -> int:
        """How many bytes of answers wait."""
        return self._size

    def begin(self) -> None:
        """From here on, changes wait for the end. Raises LockTimeout."""
        if not self._begun:
            self._stack.enter_context(self._store.batch())
            self._begun = True

    def add(self, answer: Answer) -> None:
        """An answer that is given at the end."""
        self._answers.append(answer)
        self._size += len(answer.text)

    def end(self, error: Exception | None = None) -> None:
        """Make the changes durable and give the answers; after an error, or if that fails, they say so."""
        stack, self._stack = self._stack, contextlib.ExitStack()
        answers, self._answers = self._answers, []
        self._begun, self._size = False, 0
        try:
            stack.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        except Exception as failed:
            error = failed
        if error is not None:
            why = failure(error)
            answers = [one if one.failed else Answer.error(one.line, why) for one in answers]
        self._tell(answers)


def write(answers: Iterable[Answer]) -> None:
    """Put answers on standard output, and let them go there."""
    try:
        sys.stdout.buffer.write(b"".join(answer.text for answer in answers))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LostOutput(f"cannot write the output: {error.strerror}; what was done is done") from error


def _text(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
