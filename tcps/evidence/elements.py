"""XML read as a stream of elements by expat, hardened (ADR 10).

No entity is ever declared or expanded, nothing outside the document is read, its size, depth and number
of elements are bounded. A document type that only names an external DTD, as Cobertura's does, is passed over.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from xml.parsers import expat

from tcps.evidence.source import FormatError, Source

DEPTH = 100
"""How deep elements may be nested."""
ELEMENTS = 2_000_000
"""The most elements of one document."""
_HEAD = 1024 * 1024
"""Within how many bytes a document comes to its root element."""
_ENCODING = re.compile(r"utf-?8|utf-?16|us-ascii|iso-8859-[0-9]{1,2}|windows-125[0-9]", re.IGNORECASE)
_OF_EXPAT = (expat.ExpatError, LookupError, ValueError)
"""What expat raises: for XML that is not well formed, and for an encoding that it cannot decode."""


class Visitor(Protocol):
    """Is told each element. `path` has the local names from the root down to the element itself."""

    def start(self, path: list[str], attributes: dict[str, str]) -> None:
        """An element begins."""

    def text(self, path: list[str], text: str) -> None:
        """A piece of its text."""

    def end(self, path: list[str]) -> None:
        """It ends."""


def walk(source: Source, visitor: Visitor) -> None:
    """Tell the visitor every element of the document; a `FormatError` that it raises gets its line."""
    path: list[str] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        path.append(name.rpartition(" ")[2])
        if len(path) > DEPTH:
            raise FormatError(f"it is nested deeper than {DEPTH} elements")
        if count > ELEMENTS:
            raise FormatError(f"it has more than {ELEMENTS} elements")
        visitor.start(path, attributes)

    def end(_: str) -> None:
        visitor.end(path)
        path.pop()

    parser = _parser(start)
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: visitor.text(path, text)
    try:
        parser.Parse(source.data, True)
    except FormatError as fault:
        raise source.refused(f"{fault} (line {parser.CurrentLineNumber})") from None
    except _OF_EXPAT as error:
        raise source.refused(f"it is cut off or malformed XML ({error})") from None


def root(data: bytes) -> tuple[str, dict[str, str]] | None:
    """The root element's name, after its namespace and a space if it has one, and its attributes.

    None when there is none. Raises `FormatError` for what comes before it and is not taken.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if not found:
            found.append((name, attributes))

    parser = _parser(start)
    with suppress(*_OF_EXPAT):
        parser.Parse(data[:_HEAD])  # at once: what is given bit by bit, expat scans again from the last token
    return found[0] if found else None


def _parser(start: Callable[[str, dict[str, str]], None]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _no_declarations
    parser.XmlDeclHandler = _known_encoding
    return parser


def _no_declarations(name: str, system: str | None, public: str | None, declares: int) -> Any:
    if declares:
        raise FormatError("its document type declares entities or attributes of its own")


def _known_encoding(version: str, encoding: str | None, standalone: int) -> Any:
    if encoding is not None and _ENCODING.fullmatch(encoding) is None:
        raise FormatError(f"its encoding {encoding[:40]!r} is not one that is read")
