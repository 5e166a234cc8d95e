"""The two engines that keep a graph in a folder: Oxigraph, and rdflib where that is missing.

Each makes a folder from lines of N-Triples, one from another with lines taken away and added, and
gives the lines of one back. A folder is never changed once it is made.
"""

import contextlib
import io
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tcps.errors import TcpsError, Undecided
from tcps.files import storage
from tcps.ontology import vocabulary
from tcps.ontology.terms import term

AGENT = term("agent")
EXTRA = "pip install 'tcps[ontology]'"


class Engine(Protocol):
    """Keeps graphs in folders."""

    name: str
    notices_damage: bool
    """Whether a byte that was changed is noticed when it is read."""

    def build(self, folder: Path, blocks: Iterable[str]) -> None:
        """Make the folder with these statements and those of the vocabulary."""

    def change(self, source: Path, folder: Path, removed: set[str], added: set[str]) -> None:
        """Make the folder from another one. An agent that nothing names any more is forgotten."""

    def lines(self, folder: Path) -> Iterator[str]:
        """The statements that are kept, without their newlines; not those of the vocabulary."""


def chosen(name: str | None = None) -> Engine:
    """The engine of this name, or the best that is installed. Raises Undecided (`no_engine`)."""
    for engine, package in ((Oxigraph(), "pyoxigraph"), (Rdflib(), "rdflib")):
        if name in (None, engine.name) and find_spec(package) is not None:
            return engine
    raise missing("pyoxigraph or rdflib")


def missing(what: str) -> Undecided:
    """The error for a package that is not installed."""
    return Undecided(f"the ontology needs {what}, which is not installed", code="no_engine", hint=EXTRA)


class Oxigraph:
    """A RocksDB folder of Oxigraph."""

    name = "oxigraph"
    notices_damage = True

    def build(self, folder: Path, blocks: Iterable[str]) -> None:
        """Load everything in one go."""
        import pyoxigraph as ox

        with _failures(folder):
            store = ox.Store(folder)
            store.bulk_load(io.BufferedReader(_Stream(blocks), 1 << 20), format=ox.RdfFormat.N_TRIPLES)
            store.bulk_load(vocabulary.source(), format=ox.RdfFormat.TURTLE)
            store.flush()

    def change(self, source: Path, folder: Path, removed: set[str], added: set[str]) -> None:
        """Link the files of the other folder, and write what is different."""
        import pyoxigraph as ox

        with _failures(source):
            _link(source, folder)
            ox.Store.read_only(str(folder))  # opening it to write would make what is not there
            store = ox.Store(folder)
            for triple in ox.parse("".join(removed), format=ox.RdfFormat.N_TRIPLES):
                store.remove(ox.Quad(triple.subject, triple.predicate, triple.object))
            store.load("".join(added), format=ox.RdfFormat.N_TRIPLES)
            for agent in {_agent(line) for line in removed if f" {AGENT} " in line}:
                named = store.quads_for_pattern(None, ox.NamedNode(AGENT[1:-1]), ox.NamedNode(agent))
                if next(iter(named), None) is None:
                    for quad in list(store.quads_for_pattern(ox.NamedNode(agent), None, None)):
                        store.remove(quad)
            store.flush()

    def lines(self, folder: Path) -> Iterator[str]:
        """Everything but the vocabulary, whose subjects are not of a store."""
        import pyoxigraph as ox

        with _failures(folder):
            for quad in ox.Store.read_only(str(folder)):
                if quad.subject.value.startswith("urn:tcps:"):
                    yield f"{quad.triple} ."


class Rdflib:
    """A file of N-Triples, read anew for each query."""

    name = "rdflib"
    notices_damage = False

    def build(self, folder: Path, blocks: Iterable[str]) -> None:
        """Write the lines."""
        with _failures(folder):
            os.mkdir(folder)
            self._write(folder, itertools.chain(blocks, (f"{line}\n" for line in vocabulary_lines())))

    def change(self, source: Path, folder: Path, removed: set[str], added: set[str]) -> None:
        """Write the other lines."""
        with _failures(source):
            lines = (set(self._read(source)) - removed) | added
            named = {_agent(line) for line in lines if f" {AGENT} " in line}
            gone = {_agent(line) for line in removed if f" {AGENT} " in line} - named
            os.mkdir(folder)
            self._write(folder, sorted(line for line in lines if line[1:].partition(">")[0] not in gone))

    def lines(self, folder: Path) -> Iterator[str]:
        """Everything but the vocabulary, whose subjects are not of a store."""
        with _failures(folder):
            yield from (line[:-1] for line in self._read(folder) if line.startswith("<urn:tcps:"))

    def _read(self, folder: Path) -> Iterator[str]:
        with open(folder / "graph.nt", encoding="utf-8", newline="\n") as file:
            yield from file

    def _write(self, folder: Path, pieces: Iterable[str]) -> None:
        with open(folder / "graph.nt", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)


class _Stream(io.RawIOBase):
    """Text that is made while it is read."""

    def __init__(self, pieces: Iterable[str]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as it goes."""
        size = len(buffer)
        if len(self._rest) < size:
            gathered, length = [self._rest], len(self._rest)
            for piece in self._pieces:
                gathered.append(piece.encode())
                length += len(gathered[-1])
                if length >= size:
                    break
            self._rest = b"".join(gathered)
        taken, self._rest = self._rest[:size], self._rest[size:]
        buffer[: len(taken)] = taken
        return len(taken)


def vocabulary_lines() -> list[str]:
    """The statements of the vocabulary, sorted, without their newlines."""
    if find_spec("pyoxigraph") is not None:
        import pyoxigraph as ox

        triples = ox.parse(vocabulary.source(), format=ox.RdfFormat.TURTLE)
        return sorted({f"{quad.triple} ." for quad in triples})
    if find_spec("rdflib") is None:
        raise missing("pyoxigraph or rdflib")
    import rdflib

    text = rdflib.Graph().parse(data=vocabulary.source(), format="turtle").serialize(format="nt")
    return sorted({line for line in text.split("\n") if line})


def _agent(line: str) -> str:
    """The agent that a line names as its object."""
    return line.rpartition(" <")[2].partition(">")[0]


def _link(source: Path, folder: Path) -> None:
    """A second folder with the same content, the first untouched: tables never change, and are linked."""
    os.mkdir(folder)
    for entry in os.scandir(source):
        if entry.name.endswith(".sst"):
            try:
                os.link(entry.path, folder / entry.name)
            except OSError:  # a file system without hard links
                shutil.copyfile(entry.path, folder / entry.name)
        elif not entry.name.startswith("LO"):  # LOCK and logs for people
            shutil.copyfile(entry.path, folder / entry.name)


@contextlib.contextmanager
def _failures(folder: Path) -> Iterator[None]:
    """Errors of the file system, of RocksDB and of a parser as `storage_error`."""
    try:
        with storage("use the graph", folder):
            yield
    except (RuntimeError, ValueError, SyntaxError) as error:
        message = f"cannot use the graph {folder}: {error}"
        raise TcpsError(message, details={"path": str(folder)}) from error
