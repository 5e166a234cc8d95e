"""Reading and committing (format 8): the protocol that keeps the ledger and its projections together.

A commit, step by step:

1. take the writer's lock; bring the index to the ledger's head, cutting off a torn tail;
2. let the rules decide on a draft, inside one SQLite transaction that nobody else sees;
3. append the line to the ledger, commit the index, release the lock;
4. sync the ledger: the commit point;
5. write the record files from the ledger; then acknowledge.

Readers take no lock: they read a snapshot of the index, after it has applied every line that was in
the ledger when they began.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.ledger import SEGMENT_BYTES, Appended, Entry, Head, Ledger, Line
from tcps.locks import lock
from tcps.merkle import Checkpoint, Tree
from tcps.model import Clock, Record, system_clock
from tcps.projections.records import RecordFiles
from tcps.store import location
from tcps.store.draft import Draft, Key
from tcps.store.folding import Fold
from tcps.store.view import View

CHECKPOINT_EVERY = 4096
"""A checkpoint is written each time the ledger has grown by so many entries (format 4.7)."""


class Batch:
    """Transactions that were decided and wait to be appended under one sync."""

    def __init__(self, start: Head, tree: Tree) -> None:
        self.start = start
        self.head = start
        self.tree = tree
        self.lines: list[Line] = []
        self.entries: list[Entry] = []
        self.records: dict[Key, Record | None] = {}
        self.draft: Draft | None = None


class Engine:
    """One open store: its files, its index, and the one way to change them. Threads may share it."""

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        clock: Clock = system_clock,
        wait: float = 30.0,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        disk = disk or Disk()
        self.clock = clock
        self.identity = location.identify(folder, disk)
        self.fold = Fold(
            folder,
            self.identity,
            disk,
            Ledger(disk, folder / "ledger", segment_bytes),
            RecordFiles(disk, folder, wait),
            lock(folder / "lock", wait),
            clock,
        )
        self.ledger = self.fold.ledger
        self.records = self.fold.records
        self._mutex = threading.RLock()
        self._batch: Batch | None = None

    def close(self) -> None:
        """Give every descriptor back."""
        self.fold.close()

    @contextlib.contextmanager
    def view(self, actor: str = "") -> Iterator[View]:
        """A snapshot with every commit that was acknowledged before; inside a transaction, its draft."""
        with self._mutex:
            if self._batch is not None:
                yield self._batch.draft or self._new_draft(self._batch, actor)
                return
            self.fold.refresh()
            db = self.fold.index.db
            db.execute("BEGIN")
            try:
                yield View(self.fold.loader(), self.identity.store_id, self.clock(), actor)
            finally:
                db.rollback()

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Transactions inside it are appended together, under one sync; none of them if the body raises."""
        with self._mutex:
            if self._batch is not None:
                yield
                return
            with self._writing() as batch:
                yield
                appended = self._append(batch)
        if appended is not None:
            self._settle(batch, appended)

    @contextlib.contextmanager
    def transaction(self, actor: str, action: str, key: str | None = None) -> Iterator[Draft]:
        """One entry of the ledger; inside another transaction, a part of that one that can fail alone."""
        with self.batch():
            batch = self._batch
            assert batch is not None
            if batch.draft is not None:
                with self._part(batch.draft):
                    yield batch.draft
                return
            batch.draft = self._new_draft(batch, actor)
            try:
                with self._part(batch.draft):
                    yield batch.draft
                    self._seal(batch, batch.draft, action, key)
            finally:
                batch.draft = None

    def checkpoint(self) -> Checkpoint:
        """Make the record files durable up to the head and write the checkpoint that says so."""
        disk, folder = self.fold.disk, self.fold.folder
        with self._mutex:
            self.fold.refresh()
            position = self.fold.index.position()
            self.records.project(self.fold.entries, position.head.seq)
        disk.sync_all()
        made = Checkpoint(self.identity.origin, position.head.seq, position.tree.root())
        with self._mutex, self.fold.locked():
            kept = self.fold.checkpoint()
            if kept is None or kept.size < made.size:
                disk.replace_durably(folder / "checkpoint", made.text().encode())
        return made

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Batch]:
        """The writer's lock and an open SQLite transaction at the ledger's head."""
        with self.fold.locked():
            try:
                head = self.fold.begin()
                self._batch = Batch(head, self.fold.index.position().tree)
                yield self._batch
            finally:
                self._batch = None
                if self.fold.index.db.in_transaction:
                    self.fold.index.db.rollback()

    @contextlib.contextmanager
    def _part(self, draft: Draft) -> Iterator[None]:
        """A stretch of a draft that is undone when it raises."""
        db = self.fold.index.db
        mark = draft.mark()
        db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            db.execute("ROLLBACK TO part")
            draft.revert(mark)
            raise
        finally:
            db.execute("RELEASE part")

    def _new_draft(self, batch: Batch, actor: str) -> Draft:
        loader, seq = self.fold.loader(), batch.head.seq + 1
        return Draft(loader, self.identity.store_id, self.clock(), actor, seq, batch.records)

    def _seal(self, batch: Batch, draft: Draft, action: str, key: str | None) -> None:
        """Make the draft's changes the next entry of the batch; no changes, no entry."""
        changes = draft.sealed()
        if not changes:
            return
        entry = Entry(
            seq=draft.seq,
            time=draft.now,
            actor=draft.actor,
            action=action,
            changes=changes,
            idempotency_key=key,
        )
        batch.head, line = self.ledger.place(batch.head, entry.line())
        self.fold.index.place(entry, line, batch.tree)
        batch.lines.append(line)
        batch.entries.append(entry)
        batch.records.update(draft.changes)

    def _append(self, batch: Batch) -> Appended | None:
        """Append the batch to the ledger, then let the index show it."""
        if not batch.lines:
            return None
        appended = self.ledger.append(batch.start, batch.lines)
        try:
            self.fold.index.db.commit()
        except sqlite3.Error as error:  # the next one to come folds the ledger again
            self.fold.notices.append(f"the index is behind: {error}")
        return appended

    def _settle(self, batch: Batch, appended: Appended) -> None:
        """Steps 4 and 5: sync, then project."""
        try:
            self.ledger.sync(appended)
        except TcpsError:
            self._withdraw(batch, appended)
            raise
        first, last = batch.entries[0].seq, batch.entries[-1].seq

        def entries(start: int, end: int) -> Iterable[Entry]:
            return batch.entries[start - first :] if start >= first else self.fold.entries(start, end)

        try:
            with self._mutex:
                self.records.project(entries, last)
            if last // CHECKPOINT_EVERY > (first - 1) // CHECKPOINT_EVERY:
                self.checkpoint()
        except TcpsError as error:  # committed all the same: the ledger has it
            self.fold.notices.append(f"record files are behind the ledger: {error.message}")

    def _withdraw(self, batch: Batch, appended: Appended) -> None:
        """After a failed sync: take the lines back if nobody has built on them."""
        with contextlib.suppress(TcpsError, sqlite3.Error), self._mutex, self.fold.locked():
            if self.ledger.length() == appended.head[1:]:
                self.ledger.undo(batch.start)
                self.fold.restart()
