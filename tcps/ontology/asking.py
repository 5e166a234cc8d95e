"""Asking a graph: a query is looked at, handed to a process of its own, and ended when it takes too long."""

import contextlib
import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from tcps.errors import InvalidInput, TcpsError
from tcps.model import Json
from tcps.ontology import answers, guard
from tcps.ontology.binding import bound
from tcps.ontology.limits import DEFAULT, NARROWER, Limits, in_bounds, over, too_long
from tcps.ontology.process import Worker
from tcps.ontology.terms import PREFIXES

_PLACE = re.compile(r"error at (\d+):(\d+): ")


_FEW = 10
"""So many tables of a graph are all open from the beginning."""


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
    setup = setup_of(engine, graph, limits, few)
    request = f"{limits.size}\0{int(limits.seconds) + 2}\0{query}"
    with contextlib.ExitStack() as stack:
        process = worker or stack.enter_context(Worker())
        try:
            told, content = process.answer(setup, request, limits.seconds)
        except TimeoutError:
            raise too_long(limits) from None
    if "kind" not in told:
        raise _error(told, limits)
    return in_bounds(answers.read(told["kind"], content), limits)


def setup_of(engine: str, graph: Path, limits: Limits, few: int = _FEW) -> str:
    """What a worker is told once: where the graph is, and what it may take."""
    prefixes = itertools.chain.from_iterable(PREFIXES.items())
    return "\0".join((engine, str(graph.absolute()), str(few), str(limits.memory), *prefixes))


_LONGEST = 160
"""How much of an engine's message is shown: it may list all that could have stood there."""


def _error(told: Json, limits: Limits) -> Exception:
    why, message = told["failed"], str(told.get("message", ""))
    if "Too many open files" in message:
        return InvalidInput("a query opens no file and asks no other server", code="query_refused")
    if why in ("graph", "storage"):
        return GraphError(f"the graph cannot be read: {message}", hint="tcps ontology rebuild")
    if why == "size":
        return over(f"the answer is larger than {limits.size} bytes", "add LIMIT to it")
    if why == "memory":
        return over(f"the query needs more memory than {limits.memory} bytes", NARROWER)
    if why in ("depth", "ended"):
        return over("the query is nested too deeply to be answered", "write it simpler")
    place: Json = {name: told[name] for name in ("line", "column") if name in told}
    if found := _PLACE.match(message):
        place = {"line": int(found[1]), "column": int(found[2])}
        message = message[found.end() :]
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    where = f"line {place['line']}, column {place['column']}: " if place else ""
    return InvalidInput(f"{where}{message}", code="invalid_query", details=place)
