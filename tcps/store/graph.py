"""The graph of a store: made from the ledger, kept at its head, asked, compared (ADR 13)."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tcps.errors import LockTimeout, TcpsError
from tcps.ledger import Change
from tcps.merkle import leaf_hash
from tcps.ontology import asking, engines
from tcps.ontology.answers import Answer
from tcps.ontology.canned import Canned
from tcps.ontology.engines import vocabulary_lines
from tcps.ontology.generations import FOLDER, Generations, Pointer, made_with
from tcps.ontology.limits import DEFAULT, Limits
from tcps.ontology.process import Worker
from tcps.ontology.projection import Find, Projection, State, ntriples
from tcps.ontology.terms import PREFIXES
from tcps.store.canned import slots
from tcps.store.engine import Engine
from tcps.store.view import View

if TYPE_CHECKING:
    import rdflib

    from tcps.ontology.shacl import Told

_FEW = 1000
"""So many new entries, and a tenth of the ledger, are applied to what is kept; after more it is made anew."""
_TOLD = 1000
"""After so many statements it is told how far a comparison has come."""
T = TypeVar("T")
Key = tuple[str, str]


class Content(NamedTuple):
    """What a graph holds: how many statements, and a digest of them in any order."""

    statements: int
    digest: str

    @classmethod
    def of(cls, lines: Iterable[str]) -> "Content":
        """The content of lines without newlines, each of which is there once."""
        count = Counted()
        count.add(lines)
        return count.content()


class Counted:
    """Counts statements while they pass."""

    def __init__(self) -> None:
        self._count = self._total = 0

    def add(self, lines: Iterable[str]) -> None:
        """Count lines without newlines."""
        for line in lines:
            self._count += 1
            self._total += int.from_bytes(hashlib.blake2b(line.encode(), digest_size=32).digest())

    def passing(self, blocks: Iterable[str]) -> Iterator[str]:
        """Give the blocks on, counted."""
        for block in blocks:
            self.add(block.split("\n")[:-1])
            yield block

    def content(self) -> Content:
        """What has passed so far."""
        return Content(self._count, f"{self._total % 2**256:064x}")


class Rebuilt(NamedTuple):
    """What a rebuild made, and whether what was kept before was the same; None when nothing usable was."""

    seq: int
    content: Content
    same: bool | None


class Graph:
    """The graph of one store, kept with one engine."""

    def __init__(self, store: Engine, engine: str | None = None, wait: float = 30.0) -> None:
        self.store = store
        self.engine = engines.chosen(engine)
        place = store.fold.folder / FOLDER / self.engine.name
        self.kept = Generations(store.fold.disk, place, wait)
        self._idle: list[Worker] = []

    def ask(
        self,
        query: str,
        bindings: Mapping[str, str] | None = None,
        limits: Limits = DEFAULT,
        worker: Worker | None = None,
    ) -> Answer:
        """The answer to a query, on the graph with every entry that was acknowledged before.

        `worker` is one that was started early. Raises InvalidInput and TcpsError as `asking.ask` does.
        """
        if worker is not None:
            self._idle.append(worker)
        return self.use(lambda graph: self._ask(graph, query, bindings, limits))

    def _ask(self, graph: Path, query: str, bindings: Mapping[str, str] | None, limits: Limits) -> Answer:
        """Ask a worker that waits for this graph, or a new one; the last that answered is kept."""
        setup = asking.setup_of(self.engine.name, graph, limits)
        worker = self._waiting(setup) or Worker()
        try:
            answer = asking.ask(self.engine.name, graph, query, bindings, limits, worker)
        except BaseException:
            worker.close()
            raise
        self._idle.append(worker)
        return answer

    def _waiting(self, setup: str) -> Worker | None:
        """A worker of before that serves this; others are ended."""
        while self._idle:
            worker = self._idle.pop()
            if worker.serves(setup):
                return worker
            worker.close()
        return None

    def close(self) -> None:
        """End the processes that wait for queries."""
        while self._idle:
            self._idle.pop().close()

    def ask_canned(self, query: Canned, values: Mapping[str, Any], limits: Limits = DEFAULT) -> Answer:
        """The answer to a canned query with these values of its parameters."""
        bindings = query.bindings(values, self.store.identity.store_id)
        if query.levelled:
            with self.store.view() as view:
                bindings |= {"slots": slots(view)}
        return self.ask(query.text, bindings, limits)

    def use(self, read: Callable[[Path], T]) -> T:
        """What `read` gives for the folder of the graph; it is made anew when `read` finds it damaged."""
        try:
            with self.at_head() as graph:
                return read(graph)
        except asking.GraphError:
            self.kept.forget()
        with self.at_head() as graph:
            return read(graph)

    @contextlib.contextmanager
    def at_head(self) -> Iterator[Path]:
        """The folder of a graph with all that the ledger has."""
        path = self._current()
        if path is not None:
            yield path
            return
        with contextlib.ExitStack() as stack:
            try:
                with self.kept.making():
                    path = self._current() or self._brought_forward()
            except (LockTimeout, TcpsError) as error:
                if error.code not in ("storage_error", "lock_timeout"):
                    raise
                import tempfile

                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tcps-graph-")))
                path = folder / "graph"
                with self.store.view() as view:
                    self.engine.build(path, statements(view))
            yield path

    def rebuild(self, told: "Told | None" = None) -> Rebuilt:
        """Make the graph anew from the ledger, compare it with what was kept, and keep it.

        `told` is told how many `records` were taken, then how many statements were compared.
        """
        with self.kept.making(), self.store.view() as view:
            before = self._before(view)
            counted = Counted()
            self._built(view, counted.passing, told)
            content = counted.content()
            kept = None if before is None else self._content(before, told, content.statements)
            return Rebuilt(head_of(view), content, None if kept is None else kept == content)

    def content(self) -> Content:
        """What the graph holds."""

        def read(graph: Path) -> Content:
            found = self._content(graph)
            if found is None:
                raise asking.GraphError(f"the graph {graph} cannot be read")
            return found

        return self.use(read)

    def _current(self) -> Path | None:
        """The generation that is named, if it is at the ledger's head."""
        with self.store.view() as view:
            pointer = self._usable(view)
            at_head = pointer is not None and pointer.seq == head_of(view)
            return self.kept.path(pointer.generation) if pointer and at_head else None

    def _usable(self, view: View) -> Pointer | None:
        """What is named, if it is of this ledger and its bytes are those that were written.

        What the engine itself notices when it reads is left to it.
        """
        pointer = self._named(view)
        sound = pointer is not None and (self.engine.notices_damage or self.kept.is_whole(pointer))
        return pointer if sound else None

    def _named(self, view: View) -> Pointer | None:
        """What is named, if it was made of this ledger, in this boot, by this program."""
        pointer = self.kept.current()
        if pointer is None or not pointer.is_of(self.store.identity.store_id, self.store.records.boot):
            return None
        of_ledger = pointer.seq <= head_of(view) and pointer.leaf == leaf_of(view, pointer.seq)
        return pointer if of_ledger and pointer.sizes == self.kept.sizes(pointer.generation) else None

    def _before(self, view: View) -> Path | None:
        """What is kept, brought to the ledger's head; None when nothing usable is."""
        pointer = self._named(view)
        with contextlib.suppress(TcpsError):  # it cannot be read
            return None if pointer is None else self._to_head(view, pointer)
        return None

    def _brought_forward(self) -> Path:
        with self.store.view() as view:
            pointer = self._usable(view)
            if pointer is not None and head_of(view) - pointer.seq <= _FEW + pointer.seq // 10:
                with contextlib.suppress(TcpsError):  # what is kept cannot be read
                    return self._to_head(view, pointer)
            return self._built(view)

    def _built(
        self,
        view: View,
        passing: Callable[[Iterator[str]], Iterator[str]] = lambda blocks: blocks,
        told: "Told | None" = None,
    ) -> Path:
        name = self.kept.new_name(head_of(view))
        self.engine.build(self.kept.path(name), passing(statements(view, told)))
        return self._publish(view, name)

    def _to_head(self, view: View, pointer: Pointer) -> Path:
        """A generation with what the ledger has since the one that is named."""
        if pointer.seq == head_of(view):
            return self.kept.path(pointer.generation)
        removed, added = difference(view, pointer.seq, head_of(view))
        name = self.kept.new_name(head_of(view))
        self.engine.change(self.kept.path(pointer.generation), self.kept.path(name), removed, added)
        return self._publish(view, name)

    def _publish(self, view: View, name: str) -> Path:
        seq = head_of(view)
        self.kept.publish(
            Pointer(
                generation=name,
                store_id=self.store.identity.store_id,
                boot=self.store.records.boot,
                seq=seq,
                leaf=leaf_of(view, seq),
                vocabulary=made_with(),
                files=self.kept.described(name),
            )
        )
        return self.kept.path(name)

    def _content(self, path: Path, told: "Told | None" = None, expected: int = 0) -> Content | None:
        """What a graph holds, where about so many statements are expected; None when it cannot be read."""
        counted = Counted()
        try:
            for done, line in enumerate(self.engine.lines(path), 1):
                counted.add((line,))
                if told is not None and done % _TOLD == 0:
                    told("comparison", min(done, expected), expected)
        except TcpsError:
            return None
        return counted.content()


def difference(view: View, since: int, to: int) -> tuple[set[str], set[str]]:
    """The lines that are said no more, and the new ones, from after one entry up to another."""
    changed = {
        (change.kind, change.id): None
        for seq in range(since + 1, to + 1)
        for change in view.loader.entry(seq).changes
    }
    writer = Projection(view.store_id, finder(view))
    before, now = set[str](), set[str]()
    for kind, record_id in changed:
        for lines, seq in ((before, since), (now, to)):
            last = view.changed_before(kind, record_id, seq + 1)
            lines.update(_lines(writer, state_at(view, kind, record_id, last)))
    gone = {line for line in before - now if ":agent:" not in line.partition(" ")[0]}
    return gone, now - before


def statements(view: View, told: "Told | None" = None) -> Iterator[str]:
    """The statements of every record, by subject (`projection`), in the order of the ledger.

    `told` is told how many `records` were taken.
    """
    rows = view.loader.index.db.execute("SELECT kind, id, seq FROM record ORDER BY seq").fetchall()
    receipts = view.loader.index.db.execute("SELECT sku_id, sequence, id FROM receipt").fetchall()
    found = {(sku_id, sequence): receipt_id for sku_id, sequence, receipt_id in receipts}
    writer = Projection(view.store_id, lambda sku_id, sequence: found.get((sku_id, sequence)))
    wanted: dict[int, set[Key]] = {}
    for kind, record_id, seq in rows:
        wanted.setdefault(seq, set()).add((kind, record_id))
    done = 0
    for seq, keys in wanted.items():
        for change in view.loader.entry(seq).changes:
            if (change.kind, change.id) in keys and (state := state_of(change)) is not None:
                yield from writer.blocks(state)
        done += len(keys)
        if told is not None:
            told("records", done, len(rows))


def exported(store: Engine, *, with_terms: bool = False) -> str:
    """The whole graph as sorted canonical N-Triples; `with_terms` also has the vocabulary."""
    with store.view() as view:
        text = ntriples(statements(view))
    if not with_terms:
        return text
    return "".join(f"{line}\n" for line in sorted({*text.split("\n")[:-1], *vocabulary_lines()}))


def as_rdflib(store: Engine) -> "rdflib.Graph":
    """The whole graph with the vocabulary, read by rdflib. Raises Undecided (`no_engine`)."""
    engines.chosen("rdflib")
    import rdflib

    graph = rdflib.Graph()
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph.parse(data=exported(store, with_terms=True), format="nt")


def head_of(view: View) -> int:
    """The number of the ledger's last entry."""
    return view.loader.index.position().head.seq


def leaf_of(view: View, seq: int) -> str:
    """The hash of a ledger line; empty for none."""
    sql = 'SELECT segment, "offset", length FROM entry WHERE seq=?'
    place = view.loader.index.db.execute(sql, (seq,)).fetchone()
    return "" if place is None else leaf_hash(view.loader.ledger.line_at(*place)).hex()


def finder(view: View) -> Find:
    """Finds receipts by the index."""
    sql = "SELECT id FROM receipt WHERE sku_id=? AND sequence=?"

    def find(sku_id: str, sequence: int) -> str | None:
        row = view.loader.index.db.execute(sql, (sku_id, sequence)).fetchone()
        return None if row is None else str(row[0])

    return find


def state_at(view: View, kind: str, record_id: str, seq: int | None) -> State | None:
    """A record as an entry left it."""
    if seq is None:
        return None
    changes = view.loader.entry(seq).changes
    return next((state_of(c) for c in changes if (c.kind, c.id) == (kind, record_id)), None)


def state_of(change: Change) -> State | None:
    """The record that a change leaves; None for a deletion."""
    if change.record is None or change.sha256 is None:
        return None
    return State(change.kind, change.id, change.sha256, change.record)


def _lines(writer: Projection, state: State | None) -> Iterator[str]:
    if state is not None:
        for block in writer.blocks(state):
            yield from (f"{line}\n" for line in block.split("\n")[:-1])
