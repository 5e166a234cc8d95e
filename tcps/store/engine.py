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
import itertools
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tcps import checkpoints
from tcps.errors import Conflict, TcpsError
from tcps.files import Disk
from tcps.ledger import MAY_BE_THERE, SEGMENT_BYTES, Appended, Entry, Ledger
from tcps.locks import lock
from tcps.merkle import Checkpoint, Signed
from tcps.model import Clock, system_clock
from tcps.projections.records import RecordFiles
from tcps.store import location
from tcps.store.batch import Batch
from tcps.store.draft import Draft
from tcps.store.folding import Fold
from tcps.store.view import View

CHECKPOINT_EVERY = 4096
"""A checkpoint is written each time the ledger has grown by so many entries (format 4.7)."""


class Engine:
    """One open store: its files, its index, and the one way to change them.

    Threads may share it, and take turns; a forked child may go on with it. `boot` names the running
    of the machine. Each of `told` is called when the ledger has changed, before who changed it is told.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        clock: Clock = system_clock,
        wait: float = 30.0,
        segment_bytes: int = SEGMENT_BYTES,
        boot: str | None = None,
    ) -> None:
        disk = disk or Disk()
        self.clock = clock
        self.identity = location.identify(folder, disk)
        self.fold = Fold(
            folder,
            self.identity,
            disk,
            Ledger(disk, folder / "ledger", segment_bytes),
            RecordFiles(disk, folder, wait, boot),
            lock(folder / "lock", wait, disk),
            clock,
        )
        self.ledger = self.fold.ledger
        self.records = self.fold.records
        self.told: list[Callable[[], None]] = []
        self._pid = os.getpid()
        self._mutex = threading.RLock()
        self._batch: Batch | None = None
        self._view: View | None = None
        _all.add(self)

    def close(self) -> None:
        """Give every descriptor back."""
        with self._turn():
            self.fold.close()

    @contextlib.contextmanager
    def view(self, actor: str = "") -> Iterator[View]:
        """A snapshot with every commit that was acknowledged before; inside a transaction, its draft.

        Inside another view it is that one.
        """
        with self._turn():
            if self._batch is not None:
                yield self._batch.draft or self._new_draft(self._batch, actor)
            elif self._view is not None:
                yield self._view
            else:
                with self.in_place(), self._index_errors(), self._snapshot(actor) as self._view:
                    yield self._view

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Transactions inside it are appended together, under one sync; none of them if the body raises.

        Inside another batch it is a part of that one that can fail alone. It cannot begin inside a view.
        """
        with self._joined() as other, self._part(other and (other.draft or other)):
            yield

    @contextlib.contextmanager
    def transaction(self, actor: str, action: str, key: str | None = None) -> Iterator[Draft]:
        """One entry of the ledger; inside another transaction, a part of that one that can fail alone."""
        with self._joined():
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

    def checkpoint(self) -> Signed:
        """Make the record files durable up to the head and write the checkpoint that says so."""
        made = self.settle()
        self.fold.disk.sync_all()
        return self.keep_checkpoint(Signed(made))

    def settle(self) -> Checkpoint:
        """Bring the record files to the ledger's head, all of which is made durable first.

        After it no writer takes a line up to there back (format 8.9).
        """
        with self._turn(), self._writing() as batch:
            self.ledger.sync_end()  # others may have appended, and not synced yet
            loader = self.fold.loader()
            self.records.project(self.fold.entries, batch.start.seq, loader.digests)
            return Checkpoint(self.identity.origin, batch.start.seq, batch.tree.root())

    def keep_checkpoint(self, made: Signed) -> Signed:
        """Write a checkpoint, unless one of its size or a larger one is there; signatures are added to it."""
        with self._turn(), self.fold.locked():
            kept = self.fold.checkpoint()
            if kept is not None and kept.checkpoint == made.checkpoint:
                for signature in made.signatures:
                    kept = kept.signed(signature)
                made = kept
            if kept is None or kept.checkpoint.size <= made.checkpoint.size:
                checkpoints.keep(self.fold.disk, self.fold.folder, made)
        return made

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[View]:
        """Both locks, and a view of the ledger's head, durable, by an index that was made anew."""
        with self._turn(), self.fold.locked():
            self.fold.discard()
            with self._writing(), self.records.locked():
                self.ledger.sync_end()
                yield View(self.fold.loader(), self.identity.store_id, self.clock(), "")

    def tell(self) -> None:
        """Call each of `told`: the ledger has changed."""
        for told in tuple(self.told):
            told()

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """What is read inside is of one store: Conflict when another one was put in its place meanwhile."""
        self.fold.require_in_place()
        try:
            yield
        except TcpsError:
            self.fold.require_in_place()
            raise
        self.fold.require_in_place()

    def before_fork(self) -> None:
        """Close the index if nobody is using it, for a connection must not be carried into a child."""
        if self._mutex.acquire(blocking=False):
            try:
                if self._batch is None and self._view is None:
                    self.fold.pause()
            finally:
                self._mutex.release()

    @contextlib.contextmanager
    def _joined(self) -> Iterator[Batch | None]:
        """The batch that is under way, which ends elsewhere; else (None) its own, appended at the end."""
        with self._turn():
            if self._batch is not None:
                yield self._batch
                return
            with self._writing() as batch:
                yield None
                appended = self._append(batch)
        if appended is not None:
            try:
                self._settle(batch, appended)
            finally:
                self.tell()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """This thread's turn; in a forked child the parent's transactions and threads are gone."""
        if os.getpid() != self._pid:
            self._pid = os.getpid()
            self._mutex = threading.RLock()
            self._batch = self._view = None
            self.fold.after_fork()
        with self._mutex:
            yield

    @contextlib.contextmanager
    def _snapshot(self, actor: str) -> Iterator[View]:
        owner = self._pid
        self.fold.refresh()
        index = self.fold.index
        index.db.execute("BEGIN")
        try:
            index.position()  # SQLite takes its snapshot with the first read
            yield View(self.fold.loader(), self.identity.store_id, self.clock(), actor)
        finally:
            if os.getpid() == self._pid == owner:
                self._view = None
                self.fold.rollback()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Batch]:
        """The writer's lock and an open SQLite transaction at the ledger's head."""
        if self._view is not None or self._batch is not None:
            raise RuntimeError("a transaction cannot begin inside a view, nor a checkpoint inside either")
        owner = self._pid
        with self.fold.locked(), self._index_errors():
            try:
                position = self.fold.begin()
                batch = self._batch = Batch(position.head, position.tree)
                yield batch
            finally:
                if os.getpid() == self._pid == owner:
                    self._end_batch()

    def _end_batch(self) -> None:
        batch, self._batch = self._batch, None
        was_open = self.fold.rollback()
        if batch is not None and not batch.appended and not was_open:
            self.fold.discard()  # SQLite gave the transaction up; what came after that was kept

    @contextlib.contextmanager
    def _index_errors(self) -> Iterator[None]:
        """An error of SQLite as ours; a damaged index is removed, which mends it."""
        try:
            yield
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
            mended = self.fold.mistrust(error)
            raise TcpsError(
                "No space left for the index" if full else f"the index cannot be used: {error}",
                hint="free some space"
                if full
                else "it was damaged and is made anew: try again"
                if mended
                else "try again, or remove it",
                details={"path": str(self.fold.folder / "index.sqlite")},
            ) from error

    @contextlib.contextmanager
    def _part(self, whole: Draft | Batch | None) -> Iterator[None]:
        """A stretch of a draft or of a batch that is undone when it raises; of nothing, it is all."""
        if whole is None:
            yield
            return
        db = self.fold.index.db
        undo = whole.undo()
        db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            undo()
            with contextlib.suppress(sqlite3.Error):  # after an error SQLite may have no transaction left
                db.execute("ROLLBACK TO part")
                db.execute("RELEASE part")
            raise
        db.execute("RELEASE part")

    def _new_draft(self, batch: Batch, actor: str) -> Draft:
        loader, seq = self.fold.loader(batch.entries), batch.head.seq + 1
        return Draft(loader, self.identity.store_id, self.clock(), actor, seq, batch.records, batch.read)

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
        head, line = self.ledger.place(batch.head, entry.line())
        batch.add(entry, line, head, draft, self.fold.index)

    def _append(self, batch: Batch) -> Appended | None:
        """Append the batch to the ledger, then let the index show it."""
        if batch is not self._batch or os.getpid() != self._pid:
            raise RuntimeError("a transaction of the parent cannot be finished in a forked child")
        db = self.fold.index.db
        if not db.in_transaction:
            raise sqlite3.OperationalError("its transaction was given up")
        if not batch.lines:
            return None
        self.fold.index.reach(batch.head, batch.lines[-1], batch.tree)
        appended = self.ledger.append(batch.start, batch.lines)
        batch.appended = True
        try:
            db.commit()
        except sqlite3.Error as error:  # the next one to come folds the ledger again
            self.fold.notice(f"the index is behind: {error}")
        return appended

    def _settle(self, batch: Batch, appended: Appended) -> None:
        """Steps 4 and 5: sync, then project."""
        first, last = batch.entries[0].seq, batch.entries[-1].seq
        try:
            self.ledger.sync(appended)
        except TcpsError as error:
            if not self._withdrawn(batch, appended):
                error.hint = MAY_BE_THERE
            raise

        def entries(start: int, end: int) -> Iterable[Entry]:
            others = self.fold.entries(start, min(end, first - 1)) if start < first else ()
            return itertools.chain(others, batch.entries[max(start - first, 0) :])

        try:
            with self._turn():
                loader = self.fold.loader()  # opened before `records.lock` is taken, as everywhere
                self.records.project(entries, last, loader.digests)
            if last // CHECKPOINT_EVERY > (first - 1) // CHECKPOINT_EVERY:
                self.checkpoint()
        except Conflict as error:  # the ledger that has it was put aside
            error.hint = MAY_BE_THERE
            raise
        except (TcpsError, sqlite3.Error) as error:  # committed all the same: the ledger has it
            self.fold.notice(f"record files are behind the ledger: {error}")

    def _withdrawn(self, batch: Batch, appended: Appended) -> bool:
        """After a failed sync: take the lines back if nobody has built on them; whether that was done."""
        with contextlib.suppress(TcpsError), self._turn(), self.fold.locked():
            alone = self.ledger.length() == appended.head[1:]
            if alone and self.records.acknowledged() < batch.entries[0].seq:
                self.fold.disown()  # first: an index must never be ahead of the ledger
                self.ledger.undo(batch.start)
                return True
        return False


_all: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _before_fork() -> None:
    for engine in list(_all):
        engine.before_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
