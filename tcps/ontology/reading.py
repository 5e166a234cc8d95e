"""Documents of others as statements: Turtle, N-Triples, JSON-LD. Nothing is fetched, nothing is resolved.

A statement is a line of canonical N-Triples without its newline, its literals as they are written.
"""

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from tcps.errors import InvalidInput
from tcps.files import storage
from tcps.model import Json
from tcps.ontology.documents import Form
from tcps.ontology.engines import missing

ENDINGS = {".ttl": Form.TURTLE, ".nt": Form.NTRIPLES, ".jsonld": Form.JSONLD, ".json": Form.JSONLD}
"""What a document's form is by the end of its name."""
ELSEWHERE = "it takes its context from elsewhere, and nothing is fetched"
_PLACED = re.compile(r"Parser error .*?: (?=\D)")
_LONGEST = 200
"""How much of a parser's message is shown: it may quote the document."""


def form_of(name: str) -> Form:
    """The form that a document's name says. Raises InvalidInput (`usage`)."""
    form = ENDINGS.get(Path(name).suffix.lower())
    if form is None:
        known = ", ".join(ENDINGS)
        raise InvalidInput(f"{name} ends with none of {known}; --as says what it is", code="usage")
    return form


def statements(document: IO[bytes], form: Form) -> Iterator[str]:
    """What a document states; a statement may come more than once.

    Raises InvalidInput (`invalid_document`), with the line where it is known; Undecided (`no_engine`).
    """
    engine = next((name for name in READERS if find_spec(_PACKAGES[name]) is not None), None)
    if engine is None:
        raise missing("pyoxigraph or rdflib")
    with storage("read", "the document"):
        yield from READERS[engine](document, form)


def invalid(message: str, line: int | None = None, column: int | None = None) -> InvalidInput:
    """The error for a document that is none."""
    place: Json = {name: n for name, n in (("line", line), ("column", column)) if n}
    where = ", ".join(f"{name} {number}" for name, number in place.items())
    message = message.partition("\n")[0]
    shown = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    return InvalidInput(f"{where}: {shown}" if where else shown, code="invalid_document", details=place)


def _by_oxigraph(document: IO[bytes], form: Form) -> Iterator[str]:
    """Piece by piece; JSON-LD needs all of it."""
    import pyoxigraph as ox

    kinds = {
        Form.TURTLE: ox.RdfFormat.TURTLE,
        Form.NTRIPLES: ox.RdfFormat.N_TRIPLES,
        Form.JSONLD: ox.RdfFormat.JSON_LD,
    }
    try:
        for quad in ox.parse(document, format=kinds[form], without_named_graphs=True):
            yield f"{quad.triple} ."
    except SyntaxError as error:
        message = _PLACED.sub("", str(error.msg), count=1)
        if "LoadDocumentCallback" in message:  # which it has not
            message = ELSEWHERE
        raise invalid(message, error.lineno, error.offset) from None


def _by_rdflib(document: IO[bytes], form: Form) -> Iterator[str]:
    from tcps.ontology import rdflib_reading

    yield from rdflib_reading.statements(document.read(), form)


_PACKAGES = {"oxigraph": "pyoxigraph", "rdflib": "rdflib"}
READERS: dict[str, Callable[[IO[bytes], Form], Iterator[str]]] = {
    "oxigraph": _by_oxigraph,
    "rdflib": _by_rdflib,
}
"""By the engine whose library does it, the best first."""
