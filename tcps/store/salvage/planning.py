"""What a salvage would do (format 5.7), learned by reading alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from tcps import checkpoints
from tcps.canonical import genesis, line_bytes, plain
from tcps.errors import IntegrityError
from tcps.ledger import LINE_BYTES, SALVAGE, Change, Entry
from tcps.merkle import leaf_hash
from tcps.model import KINDS, PREFIXES, Receipt, Sku, Timestamp, number_of
from tcps.projections.index import Index
from tcps.store.engine import Engine
from tcps.store.loading import Loader
from tcps.store.repair import Step, free_place
from tcps.store.salvage import steps
from tcps.store.salvage.journal import Journal
from tcps.store.salvage.newest import Chains, End, Held, Key, newest
from tcps.store.salvage.source import Source, State, shown_by_files
from tcps.verify.anchors import kept

_KINDS = list(KINDS)
_LINE_BYTES = LINE_BYTES // 4
"""About how large an entry of a salvage gets; what does not fit goes to another one."""


class Plan(NamedTuple):
    """The steps as a person reads them, those for record files apart, and what is done to the ledger."""

    steps: list[Step]
    files: list[Step]
    journal: Journal


def plan(engine: Engine, actor: str) -> Plan:
    """The plan of a salvage by `actor`; nothing is changed."""
    index = Index(None, engine.identity.store_id, engine.records.boot)
    try:
        index.create()
        return _Planner(engine, index).plan(actor)
    finally:
        index.close()


class _Planner:
    """Makes one plan; what the kept lines say is in `index`."""

    def __init__(self, engine: Engine, index: Index) -> None:
        self.engine = engine
        self.index = index
        self.loader = Loader(index, engine.ledger, engine.records)
        self.taken: dict[Key, State] = {}

    def plan(self, actor: str) -> Plan:
        """Read everything and choose; then fold what was chosen, as whoever reads the ledger will."""
        engine, fold, now = self.engine, self.engine.fold, self.engine.clock()
        own = kept(fold.disk, fold.folder, engine.identity.origin)
        anchors = own.anchors()
        sizes = {anchor.checkpoint.size for anchor in anchors}
        source = Source(self.index, sizes)
        place = engine.ledger.directory
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise IntegrityError(
                f"{place} is a link or a file", hint="put the folder itself in its place, or move it away"
            )
        source.read(engine.ledger)
        self._require_own()
        lost = source.has_lost(max([engine.records.acknowledged(), *sizes]))
        found = engine.records.all_files("records")
        files = list(shown_by_files(engine.records, found, source)) if lost else []
        self.taken = newest(self._held, source.later, files)
        chains = Chains(self._held, self._end, self._sku)
        chains.extend(source.later, files)
        self.taken |= chains.taken
        states = sorted(self.taken.values(), key=_order)
        short = list(self._short())
        reserved = list(self._reserved(source, sum(n for _, n in short)))
        changes = [*(state.change for state in states), *reserved]
        entries = list(_entries(source.head.seq, now, actor, changes))
        unfit = {a.name for a in anchors if source.roots.at(a.checkpoint.size) != a.checkpoint.root}
        wrong = unfit | {finding.path for finding in own.findings}
        there = [n for n in checkpoints.names(fold.disk, fold.folder) if (fold.folder / n).exists()]
        odd = [f"ledger/{engine.ledger.path(segment).name}" for segment in source.odd]
        aside = (*(name for name in there if name in wrong), *odd)
        where = {"aside": free_place(fold.disk, fold.folder, now), "moved": aside}
        journal = Journal.made(source.head, source.tree, [entry.line() for entry in entries], **where)
        said = [
            *steps.cut(engine.ledger, source, aside),
            *map(steps.take, states),
            *map(steps.lose, chains.lost),
            *(steps.missing(sku, n) for sku, n in short),
            *map(steps.reserve, reserved),
            *map(steps.forget, source.keys),
            *map(steps.append, entries),
        ]
        self._fold(source, entries)
        return Plan(said, list(steps.files(found, self._expected())), journal)

    def _require_own(self) -> None:
        """Raise IntegrityError when every chain of the kept lines began in another store."""
        firsts = self.index.db.execute("SELECT id, sku_id FROM receipt WHERE sequence=1").fetchall()
        for record_id, sku_id in firsts:
            row = self.loader.row("receipt", record_id)
            assert row is not None
            receipt = msgspec.json.decode(self.loader.from_ledger(row), type=Receipt)
            if receipt.previous == genesis(self.engine.identity.store_id, sku_id):
                return
        if firsts:
            raise IntegrityError(
                f"no chain of the ledger begins with the store {self.engine.identity.store_id}",
                hint="put store.json back from a copy; checkpoints, if there are any, name the store's id",
            )

    def _held(self, key: Key) -> Held | None:
        row = self.loader.row(*key)
        if row is not None:
            return Held(row.revision, row.sha256)
        sql = "SELECT 1 FROM change WHERE kind=? AND id=? LIMIT 1"
        return None if self.index.db.execute(sql, key).fetchone() is None else Held(0, None)

    def _end(self, sku_id: str) -> End:
        sql = """SELECT r.sequence, f.sha256 FROM receipt r JOIN record f ON f.kind='receipt' AND f.id=r.id
                 WHERE r.sku_id=? ORDER BY r.sequence DESC LIMIT 1"""
        row = self.index.db.execute(sql, (sku_id,)).fetchone()
        if row is None:
            return End(0, genesis(self.engine.identity.store_id, sku_id))
        return End(row[0], f"sha256:{row[1]}")

    def _sku(self, sku_id: str) -> Sku | None:
        state = self.taken.get(("sku", sku_id))
        if state is not None:
            return state.record if isinstance(state.record, Sku) else None
        row = self.loader.row("sku", sku_id)
        return None if row is None else msgspec.json.decode(self.loader.from_ledger(row), type=Sku)

    def _short(self) -> Iterator[tuple[Sku, int]]:
        """The SKUs that had more receipts than are known now, and how many more."""
        records = [state.record for state in self.taken.values()]
        added = Counter(record.sku_id for record in records if isinstance(record, Receipt))
        for sku in records:
            if isinstance(sku, Sku):
                known = self._end(sku.id).length + added[sku.id]
                if known < sku.receipt_count:
                    yield sku, sku.receipt_count - known

    def _reserved(self, source: Source, unknown_receipts: int) -> Iterator[Change]:
        """Deletions of the largest ids that were given and of which nothing is known."""
        for kind, prefix in PREFIXES.items():
            used = self.index.db.execute("SELECT n FROM counter WHERE kind=?", (kind,)).fetchone()
            numbers = [number_of(record_id, kind) for k, record_id in self.taken if k == kind]
            known = max([used[0] if used else 0, *numbers])
            given = source.mentioned.get(prefix, 0)
            if kind == "receipt" and unknown_receipts:
                given = max(given, known + unknown_receipts)
            if given > known:
                yield Change(kind=kind, id=f"{prefix}-{given}", revision=1, sha256=None, record=None)

    def _fold(self, source: Source, entries: Iterable[Entry]) -> None:
        head = source.head
        for entry in entries:
            head, line = self.engine.ledger.place(head, entry.line())
            self.index.apply(entry, line)
            source.tree.append(leaf_hash(line.content))

    def _expected(self) -> dict[str, str]:
        return dict(self.index.db.execute("SELECT path, sha256 FROM record"))


def _order(state: State) -> tuple[int, int, str]:
    kind, record_id = state.key
    return _KINDS.index(kind), number_of(record_id, kind), record_id


def _entries(seq: int, now: Timestamp, actor: str, changes: list[Change]) -> Iterator[Entry]:
    """The entries that hold the changes: one, unless it would be too long."""
    parts: list[list[Change]] = [[]]
    size = 0
    for change in changes:
        size += len(line_bytes(plain(change)))
        if size > _LINE_BYTES and parts[-1]:
            parts.append([])
            size = 0
        parts[-1].append(change)
    for n, part in enumerate(parts, start=seq + 1):
        yield Entry(seq=n, time=now, actor=actor, action=SALVAGE, changes=tuple(part))
