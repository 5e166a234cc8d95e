"""The graphs that are kept: every byte of what is named, and the entry that it was made of (format 10.5).

What is not used is not looked at: a graph of another boot or program is made anew by who asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tcps.files import Disk
from tcps.ontology.generations import File, Generations, Pointer, places
from tcps.projections.records import RecordFiles
from tcps.rules.findings import Finding
from tcps.verify import findings

Leaves = Mapping[int, bytes | None]
_TURNS = 10
"""How often one that was replaced while it was looked at is looked at again."""


class Named(NamedTuple):
    """A graph that is used, as it was before the ledger was read."""

    place: Generations
    pointer: Pointer

    @property
    def path(self) -> str:
        """The file that names it, below the store's folder."""
        return _path(self.place, "current")


def named(records: RecordFiles, store_id: str) -> list[Named]:
    """The graphs that are used."""
    found = [(place, place.current()) for place in places(records.disk, records.root)]
    return [Named(place, one) for place, one in found if one and one.is_of(store_id, records.boot)]


def judged(
    graphs: Sequence[Named],
    leaves: Leaves,
    size: int,
    chosen: Callable[[], bool],
    told: Callable[[int, int], None],
) -> list[Finding]:
    """What is wrong with them beside a ledger of so many entries; `leaves` are the hashes of their lines."""
    return [
        found for graph in graphs for found in (*_origin(graph, leaves, size), *_files(graph, chosen, told))
    ]


def _origin(graph: Named, leaves: Leaves, size: int) -> Iterator[Finding]:
    """Whether the ledger has the entry that a graph was made of; one that was forgotten since is let be."""
    seq, wanted = graph.pointer.seq, graph.pointer.leaf
    leaf = leaves.get(seq) or b""
    if (seq <= size and leaf.hex() == wanted) or graph.place.current() != graph.pointer:
        return
    if seq > size:
        yield findings.graph_ahead(graph.path, seq, size)
    else:
        yield findings.graph_forked(graph.path, seq, wanted, leaf.hex())


def _files(graph: Named, chosen: Callable[[], bool], told: Callable[[int, int], None]) -> list[Finding]:
    pointer: Pointer | None = graph.pointer
    wrong: list[Finding] = []
    for _ in range(_TURNS):
        if pointer is None:
            return []
        with _Opened(graph.place, pointer) as opened:
            wrong = [*opened.misfits(), *opened.damaged(chosen, told)]
        before, pointer = pointer, graph.place.current()
        if not wrong or pointer == before:
            break
    return wrong


class _Opened:
    """A generation with all of its files open: it can then be read in peace, though it may be removed."""

    def __init__(self, place: Generations, pointer: Pointer) -> None:
        self._place = place
        self._folder = place.path(pointer.generation)
        self._files = pointer.files
        self._disk: Disk = place.disk
        self._fds: dict[str, int] = {}

    def __enter__(self) -> "_Opened":
        try:
            self._there = dict(self._place.entries(self._folder.name))
            for name in self._files:
                fd = self._disk.open_plain(self._folder / name)
                if fd is not None:
                    self._fds[name] = fd
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for fd in self._fds.values():
            self._disk.close(fd)

    def misfits(self) -> Iterator[Finding]:
        """What is not there, is no plain file, or does not belong there."""
        if self._folder.name not in (name for name, _ in self._disk.entries(self._place.folder)):
            yield findings.graph_missing(_path(self._place, self._folder.name))
            return
        for name in self._files:
            if name not in self._fds:
                yield (findings.graph_unreadable if name in self._there else findings.graph_missing)(
                    self._named(name)
                )
        yield from (
            findings.graph_extra(self._named(name)) for name in self._there if name not in self._files
        )

    def damaged(self, chosen: Callable[[], bool], told: Callable[[int, int], None]) -> Iterator[Finding]:
        """The files whose bytes are not those that were written; of a sample, the others by their length."""
        done, total = 0, sum(file.size for file in self._files.values())
        for name, fd in self._fds.items():
            wanted, path = self._files[name], self._folder / name
            if chosen():
                size, sha256 = self._disk.measured(fd, path)
                got = File(size=size, sha256=sha256)
            else:
                got = File(size=self._disk.size(path), sha256=wanted.sha256)
            if got != wanted:
                yield findings.graph_edited(self._named(name), wanted.sha256, got.sha256)
            done += wanted.size
            told(done, total)

    def _named(self, name: str) -> str:
        return _path(self._place, self._folder.name, name)


def _path(place: Generations, *names: str) -> str:
    return "/".join((place.folder.parent.name, place.folder.name, *names))
