"""The SQLite index: what lists, counts and look-ups need, folded from the ledger; disposable.

It holds nothing that the ledger does not. The writer brings it forward in the same moment as the
ledger, under the writer's lock (ADR 4); its position names the last line that it has applied, with
that line's leaf hash, so that an index of another ledger, or of lines that were lost, is noticed.
"""

import re
import sqlite3
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tcps.ledger import SALVAGE, Change, Entry, Head, Line
from tcps.merkle import Tree, leaf_hash
from tcps.model import (
    KINDS,
    Analysis,
    AndonEvent,
    Bucket,
    Improvement,
    Receipt,
    Record,
    Sku,
    TpmRun,
    WorkOrder,
    WorkOrderStatus,
    number_of,
)
from tcps.model.text import is_id
from tcps.projections import rows
from tcps.projections.records import relative_path
from tcps.rules.heijunka import Recent

SCHEMA_VERSION = 9
_OPENING_SECONDS = 5.0
"""How long SQLite waits for another process that is opening or closing the file."""
_TURN_MS = 25
"""How long it waits for one that writes, in each turn of `begin`."""
_TICKET = re.compile(r"([0-9]{12})[0-9]{6}", re.ASCII)


_FORGET_WORK_ORDER = (
    "DELETE FROM label WHERE id=?",
    "DELETE FROM dependency WHERE id=?",
    "DELETE FROM source_key WHERE id=?",
    "DELETE FROM work_order WHERE id=?",
)


class Position(NamedTuple):
    """Up to where the index has been folded, and the tree over those lines."""

    head: Head
    line_offset: int
    leaf: bytes
    tree: Tree


class Index:
    """One index database, on disk or (`path` None) in memory; `new` makes the file."""

    def __init__(self, path: Path | None, store_id: str, boot: str, *, new: bool = False) -> None:
        self.path = path
        self.store_id = store_id
        self.boot = boot
        mode = "rwc" if new else "rw"
        self.db = sqlite3.connect(
            ":memory:" if path is None else f"{path.absolute().as_uri()}?mode={mode}",
            timeout=_OPENING_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            uri=path is not None,
        )
        try:
            self.db.execute("PRAGMA synchronous=OFF")
            self.db.execute("PRAGMA temp_store=MEMORY")  # else savepoints write temporary files
            if new:
                self.db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error:
            self.db.close()
            raise

    def take_turns(self) -> None:
        """Let `begin` do the waiting from now on, for SQLite's own is deaf to signals."""
        self.db.execute(f"PRAGMA busy_timeout={_TURN_MS}")

    def begin(self, wait: float = 0) -> None:
        """Open a transaction that writes.

        Raises sqlite3.OperationalError when another one goes on for longer than one turn and `wait` seconds.
        """
        end = time.monotonic() + wait
        while True:
            try:
                self.db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                    raise

    def is_empty(self) -> bool:
        """Whether nothing was committed to it yet."""
        return bool(self.db.execute("PRAGMA user_version").fetchone()[0] == 0)

    def usable(self) -> bool:
        """Whether this index is of this program's schema, this store and this boot of the machine."""
        if self.db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            return False
        row = self.db.execute("SELECT boot, store FROM position").fetchone()
        return bool(row == (self.boot, self.store_id))

    def create(self) -> None:
        """Make the tables of an empty ledger in an empty database. The caller commits."""
        run = self.db.execute
        self._run_file("schema.sql")
        run("INSERT INTO position VALUES (0, 1, 0, 0, x'', x'', ?, ?)", (self.boot, self.store_id))
        run(f"PRAGMA user_version={SCHEMA_VERSION}")

    def add_lookups(self) -> None:
        """Make the tables fast to search, if they are not yet: cheapest once they are filled."""
        self._run_file("lookups.sql")

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def position(self) -> Position:
        """Up to where the index is. Raises sqlite3.DatabaseError when its row makes no sense."""
        row = self.db.execute(
            'SELECT seq, segment, "offset", line_offset, leaf, frontier FROM position'
        ).fetchone()
        try:
            seq, segment, offset, line_offset, leaf, frontier = row
            return Position(Head(seq, segment, offset), line_offset, leaf, Tree.unpacked(seq, frontier))
        except (TypeError, ValueError) as error:
            raise sqlite3.DatabaseError(f"the index's position is damaged: {error}") from error

    def apply(self, entry: Entry, line: Line) -> None:
        """Fold one ledger line into every table; raises ValueError, with nothing done, for no record.

        `reach` is for after the last line.
        """
        records = [_record(change, entry.action) for change in entry.changes]
        for change, record in zip(entry.changes, records, strict=True):
            self.put(change.kind, change.id, record, new=change.revision == 1)
        if entry.action == SALVAGE:
            self._count_salvaged(entry, records)
        self.place(entry, line)

    def place(self, entry: Entry, line: Line) -> None:
        """Note where the line is and which records it changed."""
        run = self.db.execute
        run("INSERT INTO entry VALUES (?,?,?,?)", (entry.seq, line.segment, line.offset, len(line.content)))
        for number, change in enumerate(entry.changes):
            run("INSERT INTO change VALUES (?,?,?)", (change.kind, change.id, entry.seq))
            if change.is_reservation:
                continue
            if change.record is None:
                run("DELETE FROM record WHERE kind=? AND id=?", (change.kind, change.id))
            else:
                path = relative_path(change.kind, change.id, change.record)
                row = (change.kind, change.id, change.revision, change.sha256, entry.seq, path)
                run("INSERT OR REPLACE INTO record VALUES (?,?,?,?,?,?)", row)
            if change.kind == WorkOrder.kind:
                self._place_start(entry.seq, number, change)
        if entry.idempotency_key is not None:
            run("INSERT OR IGNORE INTO idempotency VALUES (?,?)", (entry.idempotency_key, entry.seq))

    def recent(self) -> Recent:
        """The bucket of the most recent start in the ledger, and how many starts in a row were in it."""
        row = self.db.execute(
            "SELECT bucket, run FROM start ORDER BY seq DESC, place DESC LIMIT 1"
        ).fetchone()
        return Recent() if row is None else Recent(Bucket(row[0]), row[1])

    def is_running(self, work_order_id: str) -> bool:
        """Whether the last entry that changed the order left it in progress."""
        sql = "SELECT 1 FROM start WHERE id=? AND ended IS NULL"
        return self.db.execute(sql, (work_order_id,)).fetchone() is not None

    def _place_start(self, seq: int, number: int, change: Change) -> None:
        """Note a start, or its end: by what entries leave, so that replay gives the same (format 10.4)."""
        begun = (change.record or {}).get("status") == WorkOrderStatus.IN_PROGRESS
        if change.revision == 1 and not begun:
            return
        running, order = self.is_running(change.id), _record(change, "") if begun else None
        if isinstance(order, WorkOrder) and not running:
            recent = self.recent().then(order.bucket)
            row = (seq, number, change.id, recent.bucket, recent.run)
            self.db.execute("INSERT INTO start VALUES (?,?,?,?,?,NULL)", row)
        elif running and not begun:
            self.db.execute("UPDATE start SET ended=? WHERE id=? AND ended IS NULL", (seq, change.id))

    def reach(self, head: Head, last: Line, tree: Tree) -> None:
        """Note that everything up to `head` is applied, whose last line and tree these are."""
        self.db.execute(
            'UPDATE position SET seq=?, segment=?, "offset"=?, line_offset=?, leaf=?, frontier=?',
            (*head, last.offset, leaf_hash(last.content), tree.packed()),
        )

    def put(self, kind: str, record_id: str, record: Record | None, *, new: bool) -> None:
        """Make the tables' rows of one record those of its new state (None: removed).

        One that is `new` has no rows yet.
        """
        if kind == "work_order":
            self._put_work_order(record_id, record, new)
        elif isinstance(record, Sku):
            self._replace("sku", rows.sku(record))
        elif isinstance(record, Receipt):
            self._replace("receipt", rows.receipt(record))
        elif isinstance(record, AndonEvent):
            self._replace("andon_event", rows.andon(record))
        elif isinstance(record, Analysis):
            self._replace("analysis", rows.analysis(record))
        elif isinstance(record, Improvement):
            self._replace("improvement", rows.improvement(record))
        elif isinstance(record, TpmRun):
            self._replace("tpm_run", rows.tpm_run(record))
        if new:
            self._count(kind, number_of(record_id, kind))

    def _run_file(self, name: str) -> None:
        for statement in Path(__file__).with_name(name).read_text().split(";"):
            self.db.execute(statement)

    def _count(self, name: str, n: int) -> None:
        """Let a counter go on after `n`."""
        if n:
            self.db.execute(
                "INSERT INTO counter VALUES (?,?) ON CONFLICT (kind) DO UPDATE SET n=max(n, excluded.n)",
                (name, n),
            )

    def _count_salvaged(self, entry: Entry, records: list[Record | None]) -> None:
        """The numbers of ids and tickets that lost entries gave, so that none is given again (format 5.7)."""
        for change, record in zip(entry.changes, records, strict=True):
            self._count(change.kind, number_of(change.id, change.kind))
            if isinstance(record, WorkOrder):
                self._count("ticket", max(map(int, _TICKET.findall(record.queue_key or "")), default=0))

    def _put_work_order(self, record_id: str, record: Record | None, new: bool) -> None:
        if not new:
            for statement in _FORGET_WORK_ORDER:
                self.db.execute(statement, (record_id,))
        if not isinstance(record, WorkOrder):
            return
        self._replace("work_order", rows.work_order(record))
        many = self.db.executemany
        many("INSERT OR IGNORE INTO label VALUES (?,?)", ((label, record_id) for label in record.labels))
        many("INSERT OR IGNORE INTO dependency VALUES (?,?)", ((record_id, on) for on in record.depends_on))
        keys = record.pull_signal.source_keys
        many("INSERT OR IGNORE INTO source_key VALUES (?,?)", ((key, record_id) for key in keys))

    def _replace(self, table: str, row: tuple[Any, ...]) -> None:
        marks = ",".join("?" * len(row))
        self.db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)


def code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; errors that are Python's own mean a damaged index."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _record(change: Change, action: str) -> Record | None:
    kind = KINDS.get(change.kind)
    if kind is None:
        raise ValueError(f"it changes a record of the unknown kind {change.kind}")
    if not is_id(change.id):
        raise ValueError(f"it changes {change.id!r}, which is no id")
    if change.record is not None:
        record = msgspec.convert(change.record, kind)
        if isinstance(record, Receipt) and not is_id(record.sku_id):
            raise ValueError(f"it holds a receipt of {record.sku_id!r}, which is no id")
        return record
    if change.is_reservation and action != SALVAGE:
        raise ValueError(f"it deletes {change.id}, and so no entry does")
    return None
