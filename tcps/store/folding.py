"""The index that is open now, and how it gets to the ledger's head.

It is opened as it lies on disk when it can be trusted; made anew under the writer's lock when it is
missing, damaged, of another boot of the machine or another schema; and kept in memory where nothing
can be written. So removing it is always a safe repair, while others have it open too.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tcps import checkpoints
from tcps.errors import IntegrityError, LockTimeout, TcpsError
from tcps.files import Disk
from tcps.ledger import Entry, Ledger
from tcps.locks import Lock, require_same
from tcps.locks import identity as inode
from tcps.merkle import Signed
from tcps.model import Clock
from tcps.projections.index import Index, Position, code
from tcps.projections.records import RecordFiles
from tcps.store import recovery
from tcps.store.loading import Loader
from tcps.store.location import Identity
from tcps.store.opening import IndexFile

_TURNS = 4
"""How many turns a reader asks for the index before it goes on without."""
_PATIENCE_SECONDS = 5.0
"""How long a writer waits at least for a reader that brings the index forward."""


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
        self._inode = inode(folder)
        self._depth = 0
        self._sound = False
        self._file = IndexFile(disk, folder / "index.sqlite", identity.store_id, records.boot, ledger)

    @property
    def index(self) -> Index:
        """The index, opened when it is first needed: what checks the ledger itself does without."""
        return self._file.index or self._opened()

    def close(self) -> None:
        """Give every descriptor back."""
        self.pause()
        self.records.close()
        self._lock.close()

    def pause(self) -> None:
        """Close the index until it is needed again."""
        self._file.close()

    def after_fork(self) -> None:
        """In a child: start afresh, without an index that the parent was using."""
        self._file.after_fork()
        self._depth = 0

    def loader(self, pending: Sequence[Entry] = ()) -> Loader:
        """Reads records and entries by way of the index; `pending` ones are not in the ledger yet."""
        return Loader(self.index, self.ledger, self.records, pending)

    def entries(self, first: int, last: int) -> Iterable[Entry]:
        """Entries of the ledger by number."""
        return map(self.loader().entry, range(first, last + 1))

    def checkpoint(self) -> Signed | None:
        """The newest checkpoint as it lies on disk."""
        return checkpoints.newest(self.disk, self.folder, self.identity.origin)

    def notice(self, text: str) -> None:
        """Note what a person should know though nothing failed."""
        if text not in self.notices:
            self.notices.append(text)

    def require_in_place(self) -> None:
        """Raise Conflict when another store was put in this one's place since it was opened."""
        require_same(self.folder, self._inode)

    @property
    def wait(self) -> float:
        """How many seconds a lock is waited for."""
        return self._lock.wait

    @contextlib.contextmanager
    def locked(self, wait: float | None = None) -> Iterator[None]:
        """Hold the writer's lock, whose file says who holds it; may be nested."""
        owner = os.getpid()
        if self._depth == 0:
            self._lock.acquire(wait)
        self._depth += 1
        try:
            if self._depth == 1:
                with contextlib.suppress(TcpsError):  # who holds it is for people to know (format 8.5)
                    self._lock.write_note(f"pid {os.getpid()} since {self.clock()}\n".encode())
            yield
        finally:
            if os.getpid() == owner:  # a forked child does not have it
                self._depth -= 1
                if self._depth == 0:
                    self._lock.release()

    def refresh(self) -> None:
        """Bring the index to the ledger's head as a reader may: without a lock, and waiting for nobody."""
        for again in (True, False):
            try:
                self._follow()
                return
            except IntegrityError:  # lines may have been taken back meanwhile; if not, opening says so
                if not again:
                    raise
                self.pause()
            except sqlite3.Error as error:
                if not (again and self.mistrust(error)):  # read-only, full, or held by one who does not move
                    self._in_memory(copied=code(error) == sqlite3.SQLITE_BUSY)
                    return

    def begin(self) -> Position:
        """Open the SQLite transaction of a writer, who holds the lock, at the ledger's head."""
        try:
            return self._begun()
        except sqlite3.Error as error:
            if not self.mistrust(error):
                raise
        return self._begun()

    def rollback(self) -> bool:
        """End the SQLite transaction without effect; whether there was one."""
        index = self._file.index
        if index is None or not index.db.in_transaction:
            return False
        index.db.rollback()
        return True

    def discard(self) -> None:
        """Remove the index, so that whoever comes next makes it anew; the lock is held."""
        self._file.remove()

    def disown(self) -> None:
        """Remove the index and let no graph be named: the ledger is about to lose lines. The lock is held.

        Neither must ever be ahead of the ledger.
        """
        from tcps.ontology.generations import places

        self.discard()
        for place in places(self.disk, self.folder):
            place.forget()

    def mistrust(self, error: sqlite3.Error) -> bool:
        """Remove the index if the error means that it is damaged; whether it did."""
        if code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        with contextlib.suppress(TcpsError), self.locked(0):
            self.discard()
            return True
        return False

    def _follow(self) -> None:
        if self._file.is_stale():
            self.pause()
        if not self._began():
            return
        try:
            acknowledged = self._acknowledged()
            recovery.confirm(self.index.position(), self.ledger)
            reached = recovery.fold(self.index, self.ledger)
            self.index.db.commit()
        finally:
            self.rollback()
        recovery.require_sound(self.ledger, reached, acknowledged)

    def _began(self) -> bool:
        """Open a transaction to apply what is missing; False when nothing is.

        Most often it is missing because a writer has just appended it and is about to commit the index.
        """
        turns = _TURNS
        while not self._at_head(self.index.position()):
            try:
                self.index.begin()
                return True
            except sqlite3.OperationalError as error:
                turns -= 1
                if code(error) != sqlite3.SQLITE_BUSY or turns == 0:
                    raise
        return False

    def _begun(self) -> Position:
        if self._file.is_stale() or self.index.path is None:
            self.pause()
        if self.index.path is None:
            raise TcpsError(
                f"the store {self.folder} cannot be written to",
                hint="check the permissions of the folder and the free space",
            )
        patience = max(self._lock.wait, _PATIENCE_SECONDS)
        self.index.begin(patience)
        position = self.index.position()
        if not self._at_head(position):
            recovery.confirm(position, self.ledger)
            self._fold_and_mend(self.index)
            self.index.db.commit()  # so that readers need not fold it, however long this transaction is
            self.index.begin(patience)
            position = self.index.position()
        if not self._sound:
            recovery.require_sound(self.ledger, recovery.Reached(position.head), self._acknowledged())
            self._sound = True
        return position

    def _at_head(self, position: Position) -> bool:
        return position.head[1:] == self.ledger.length()

    def _acknowledged(self) -> int:
        signed = self.checkpoint()
        return max(self.records.acknowledged(), 0 if signed is None else signed.checkpoint.size)

    def _opened(self) -> Index:
        with contextlib.suppress(sqlite3.Error, IntegrityError):
            return self._file.open()
        try:
            with self.locked(None if self._file.being_made else 0):
                return self._opened_or_new()
        except (sqlite3.Error, LockTimeout):
            return self._in_memory()
        except TcpsError as error:
            if error.code != "storage_error":
                raise
            return self._in_memory()

    def _opened_or_new(self) -> Index:
        with contextlib.suppress(sqlite3.Error):  # another process may have been faster
            return self._file.open()
        try:
            index = self._file.make()
            self._fold_and_mend(index)
            index.db.commit()
        except BaseException:
            self.discard()
            raise
        self._project(index)
        return index

    def _fold_and_mend(self, index: Index) -> None:
        """Apply what the ledger has; cut off a torn tail. The lock is held."""
        acknowledged = self._acknowledged()
        signed = self.checkpoint()
        reached = recovery.fold(index, self.ledger, None if signed is None else signed.checkpoint)
        recovery.require_sound(self.ledger, reached, acknowledged)
        if reached.bad is not None:
            recovery.mend_tail(self.ledger, self.records, reached, reached.bad)
            self.notice(f"cut off an unfinished entry {reached.head.seq + 1}, which nobody was told of")
        elif self.ledger.length() != reached.head[1:]:
            self.ledger.undo(reached.head)  # a segment that was made and never written to

    def _project(self, index: Index) -> None:
        """Write the record files that a power cut may have lost (format 5.5); durable lines only."""
        loader, last = Loader(index, self.ledger, self.records), index.position().head.seq
        start = self.records.position()
        if start < last and not self.records.is_settled():
            self.notice(f"the record files were written again from entry {start + 1} on")
        try:
            self.ledger.sync_end()
            self.records.project(
                lambda first, end: map(loader.entry, range(first, end + 1)), last, loader.digests, wait=0
            )
        except LockTimeout:  # who has the lock is at it
            return
        except TcpsError as error:
            self.notice(f"record files are behind the ledger: {error.message}")

    def _in_memory(self, copied: bool = False) -> Index:
        """The ledger folded in memory, from the beginning or on from where the index is."""
        acknowledged = self._acknowledged()
        try:
            index = self._file.copied() if copied else self._file.in_memory()
        except (sqlite3.Error, IntegrityError):
            index = self._file.in_memory()
        try:
            recovery.require_sound(self.ledger, recovery.fold(index, self.ledger), acknowledged)
        except BaseException:
            self.pause()
            raise
        return index
