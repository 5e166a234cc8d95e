"""Asking a graph: a query is looked at, handed to a process of its own, and ended when it takes too long."""

import ast
import contextlib
import itertools
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from tcps.errors import InvalidInput, TcpsError
from tcps.model import Json
from tcps.ontology import answers, guard
from tcps.ontology.binding import bound
from tcps.ontology.terms import PREFIXES

_WORKER = Path(__file__).with_name("worker.py")
_PLACE = re.compile(r"error at (\d+):(\d+): ")


_FEW = 10
"""So many tables of a graph are all open from the beginning."""


class Limits(NamedTuple):
    """What a query may take: seconds, rows, bytes of its answer, bytes of memory."""

    seconds: float = 30.0
    rows: int = 100_000
    size: int = 64 * 1024 * 1024
    memory: int = 1024 * 1024 * 1024


DEFAULT = Limits()


class Worker:
    """The process that answers one query. One that is started early is ready when the graph is."""

    def __init__(self) -> None:
        import subprocess

        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_WORKER), *(place for place in sys.path if place)],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.__exit__(None, None, None)

    def answer(self, request: str, limits: Limits) -> tuple[Json, bytes]:
        """What it told of a request, and its answer. Raises TcpsError (`query_limit`) after too long."""
        import subprocess

        try:
            out, _ = self._process.communicate(request.encode(), timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            raise too_long(limits) from None
        head, _, content = out.partition(b"\n")
        if not head:
            return {"failed": "memory" if self._process.returncode in (-6, -9) else "ended"}, b""
        return ast.literal_eval(head.decode()), content


class GraphError(TcpsError):
    """The graph could not be read; it is to be made anew."""

    default_code = "storage_error"


def ask(
    engine: str,
    graph: Path,
    query: str,
    bindings: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT,
    worker: Worker | None = None,
) -> answers.Answer:
    """The answer to a query; `bindings` are terms as N-Triples writes them, `worker` is one that waits.

    Raises GraphError when the graph cannot be read, InvalidInput (`query_refused`, `invalid_query`) for
    what is no query, TcpsError (`query_limit`) when it takes more than it may.
    """
    query = bound(query, bindings or {})
    guard.form_of(query)
    return unguarded(engine, graph, query, limits, worker)


def unguarded(
    engine: str, graph: Path, query: str, limits: Limits, worker: Worker | None = None, few: int = _FEW
) -> answers.Answer:
    """The same for a query that nobody has looked at: the sandbox holds it all the same."""
    numbers = (few, limits.size, limits.memory, int(limits.seconds) + 2)
    prefixes = "\0".join(itertools.chain.from_iterable(PREFIXES.items()))
    request = "\0".join((engine, str(graph.absolute()), *map(str, numbers), f"{prefixes}\0\0{query}"))
    with worker or Worker() as process:
        told, content = process.answer(request, limits)
    if "kind" not in told:
        raise _error(told, limits)
    return in_bounds(answers.read(told["kind"], content), limits)


def in_bounds(answer: answers.Answer, limits: Limits) -> answers.Answer:
    """The answer; raises TcpsError (`query_limit`) when it has more rows than it may."""
    if len(answer.rows) > limits.rows:
        raise _over(f"the answer has {len(answer.rows)} rows; {limits.rows} are allowed", "add LIMIT to it")
    return answer


_LONGEST = 160
"""How much of an engine's message is shown: it may list all that could have stood there."""
_NARROWER = "ask for less at once, or allow more with --timeout"


def _error(told: Json, limits: Limits) -> Exception:
    why, message = told["failed"], str(told.get("message", ""))
    if "Too many open files" in message:
        return InvalidInput("a query opens no file and asks no other server", code="query_refused")
    if why in ("graph", "storage"):
        return GraphError(f"the graph cannot be read: {message}", hint="tcps ontology rebuild")
    if why == "size":
        return _over(f"the answer is larger than {limits.size} bytes", "add LIMIT to it")
    if why == "memory":
        return _over(f"the query needs more memory than {limits.memory} bytes", _NARROWER)
    if why in ("depth", "ended"):
        return _over("the query is nested too deeply to be answered", "write it simpler")
    place: Json = {name: told[name] for name in ("line", "column") if name in told}
    if found := _PLACE.match(message):
        place = {"line": int(found[1]), "column": int(found[2])}
        message = message[found.end() :]
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    where = f"line {place['line']}, column {place['column']}: " if place else ""
    return InvalidInput(f"{where}{message}", code="invalid_query", details=place)


def too_long(limits: Limits) -> TcpsError:
    """The error for a query whose time is over."""
    return _over(f"the query took longer than {limits.seconds:g} seconds", _NARROWER)


def _over(message: str, hint: str) -> TcpsError:
    return TcpsError(message, code="query_limit", hint=hint)
