"""The index that is open now, and how it gets to the ledger's head.

It is opened as it lies on disk when it can be trusted, made anew under the writer's lock when it is
missing, damaged, of another boot of the machine or another schema, and kept in memory where nothing
can be written. So removing it is always a safe repair.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from tcps.errors import IntegrityError, LockTimeout, TcpsError
from tcps.files import Disk
from tcps.ledger import Entry, Head, Ledger
from tcps.locks import Lock
from tcps.merkle import Checkpoint
from tcps.model import Clock
from tcps.projections.index import Index
from tcps.projections.records import RecordFiles
from tcps.store import recovery
from tcps.store.loading import Loader
from tcps.store.location import Identity, boot_id


class Fold:
    """The ledger, its projections, and the writer's lock of one store."""

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        disk: Disk,
        ledger: Ledger,
        records: RecordFiles,
        lock: Lock,
        clock: Clock,
    ) -> None:
        self.folder = folder
        self.identity = identity
        self.disk = disk
        self.ledger = ledger
        self.records = records
        self.clock = clock
        self.notices: list[str] = []
        self._lock = lock
        self._depth = 0
        self._boot = boot_id()
        self._path = folder / "index.sqlite"
        self.index = self._opened()

    def close(self) -> None:
        """Give every descriptor back."""
        self.index.close()
        self.records.close()
        self._lock.close()

    def loader(self) -> Loader:
        """Reads records and entries by way of the index."""
        return Loader(self.index, self.ledger, self.records)

    def entries(self, first: int, last: int) -> Iterable[Entry]:
        """Entries of the ledger by number."""
        return map(self.loader().entry, range(first, last + 1))

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint as it lies on disk."""
        return recovery.read_checkpoint(self.disk, self.folder, self.identity.origin)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the writer's lock, whose file says who holds it; may be nested."""
        if self._depth == 0:
            self._lock.acquire()
        self._depth += 1
        try:
            if self._depth == 1:
                self._lock.write_note(f"pid {os.getpid()} since {self.clock()}\n".encode())
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._lock.release()

    def refresh(self) -> None:
        """Bring the index to the ledger's head as a reader may: without the writer's lock."""
        if self._at_head():
            return
        try:
            self.index.db.execute("BEGIN IMMEDIATE")
            recovery.fold(self.index, self.ledger)
            self.index.db.commit()
        except sqlite3.Error:  # read-only, full, or held by a writer that does not move
            self._swap(self._in_memory())

    def begin(self) -> Head:
        """Open the SQLite transaction of a writer, who holds the lock, at the ledger's head."""
        if self.index.path is None:
            self._swap(self._opened())
        if self.index.path is None:
            raise TcpsError(
                f"the store {self.folder} cannot be written to",
                hint="check the permissions of the folder and the free space",
            )
        self.index.db.execute("BEGIN IMMEDIATE")
        if not self._at_head():
            recovery.confirm(self.index, self.ledger)
            self._fold_and_mend(self.index)
        return self.index.position().head

    def restart(self) -> None:
        """Make the index anew from the ledger, in one SQLite transaction; the lock is held."""
        self._refold(self.index)

    def _at_head(self) -> bool:
        head = self.index.position().head
        return (head.segment, head.offset) == self.ledger.length()

    def _swap(self, index: Index) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.index.db.rollback()
        self.index.close()
        self.index = index

    def _opened(self) -> Index:
        try:
            index = self._connect()
        except sqlite3.Error:
            return self._rebuilt()
        try:
            if index.usable():
                recovery.confirm(index, self.ledger)
                return index
        except sqlite3.Error:
            pass
        except IntegrityError:
            index.close()
            raise
        index.close()
        return self._rebuilt()

    def _rebuilt(self) -> Index:
        """A fresh index on disk, under the writer's lock; in memory where that cannot be."""
        try:
            with self.locked():
                return self._rebuilt_on_disk()
        except (sqlite3.Error, LockTimeout):
            return self._in_memory()
        except TcpsError as error:
            if error.code != "storage_error":
                raise
            return self._in_memory()

    def _rebuilt_on_disk(self) -> Index:
        index = self._reconnect()
        try:
            if not index.usable():  # else another process was faster
                self._refold(index)
                self._replay(index)
        except BaseException:
            index.close()
            raise
        return index

    def _refold(self, index: Index) -> None:
        index.db.execute("BEGIN IMMEDIATE")
        try:
            index.create()
            self._fold_and_mend(index)
            recovery.require_reaches(self.ledger, index.position(), self.checkpoint())
            index.db.commit()
        except BaseException:
            index.db.rollback()
            raise

    def _fold_and_mend(self, index: Index) -> None:
        """Apply what the ledger has; cut off a torn tail. The lock is held."""
        checkpoint = self.checkpoint()
        head, bad, reason = recovery.fold(index, self.ledger, checkpoint)
        if bad is not None:
            covered = 0 if checkpoint is None else checkpoint.size
            recovery.mend_tail(self.ledger, self.records, head, bad, reason, covered)
            self.notices.append(f"cut off an unfinished entry {head.seq + 1}, which nobody was told of")

    def _replay(self, index: Index) -> None:
        """Write the record files again from where they are known to be on the medium (format 5.5)."""
        checkpoint = self.checkpoint()
        head = index.position().head.seq
        self.records.restart(min(checkpoint.size if checkpoint else 0, head))
        loader = Loader(index, self.ledger, self.records)
        self.records.project(lambda first, last: map(loader.entry, range(first, last + 1)), head)

    def _connect(self) -> Index:
        return Index(self._path, self.identity.store_id, self._boot)

    def _reconnect(self) -> Index:
        """The database file if SQLite can read it, else a new one."""
        try:
            index = self._connect()
            index.usable()
            return index
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                self.disk.remove(self._path.with_name(self._path.name + suffix))
            return self._connect()

    def _in_memory(self) -> Index:
        index = Index(None, self.identity.store_id, self._boot)
        index.create()
        recovery.fold(index, self.ledger)
        return index
