"""Forked children that do tasks and tell what came of them.

A child ends by itself when nobody reads its results any more, so none outlives the process that
started it, however that one ended.
"""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple

from tcps.errors import TcpsError

Start = Callable[[int], Callable[[Any], Any]]


class Child(NamedTuple):
    """A forked child and the pipe that its results come from."""

    pid: int
    pipe: BinaryIO

    def result(self) -> Any:
        """The next result; raises what the child met instead."""
        try:
            done, outcome = pickle.load(self.pipe)
        except (EOFError, pickle.UnpicklingError):
            raise TcpsError("a process of the verification was ended from outside") from None
        if not done:
            raise outcome
        return outcome

    def kill(self) -> None:
        """Stop it, whatever it is at: it changes nothing."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Read no more from it, and wait until it is gone."""
        self.pipe.close()
        os.waitpid(self.pid, 0)


def forked(start: Start, number: int, tasks: Sequence[Any], others: Sequence[Child]) -> Child:
    """A child that does `tasks`; `others` are those that were forked before it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return Child(pid, open(read, "rb"))
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(read)
        for other in others:  # else they would go on as long as this child could read from them
            other.pipe.close()
        with open(write, "wb") as pipe:
            _work(start, number, tasks, pipe)
    finally:
        os._exit(0)


def _work(start: Start, number: int, tasks: Sequence[Any], pipe: BinaryIO) -> None:
    try:
        work = start(number)
        for task in tasks:
            pickle.dump((True, work(task)), pipe)
            pipe.flush()
    except BrokenPipeError:
        return
    except BaseException as error:
        pipe.write(_pickled(error))


def _pickled(error: BaseException) -> bytes:
    """The error as the parent will raise it, with where it came from."""
    told = traceback.format_exc()
    error.add_note(told)
    try:
        content = pickle.dumps((False, error))
        pickle.loads(content)
    except Exception:  # one that cannot be sent is told of
        return pickle.dumps((False, RuntimeError(told)))
    return content
