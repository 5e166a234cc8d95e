"""The file index.sqlite: opened when it can be trusted, made, removed, told from one put in its place."""

import sqlite3
from pathlib import Path

from tcps.files import Disk
from tcps.ledger import Ledger
from tcps.locks import Inode, identity
from tcps.projections.index import Index
from tcps.store import recovery

_inherited: dict[Inode, Index] = {}
"""Connections of the parent of this process, by file. SQLite keeps their locks in mind and forbids to
use or to close them, so a child that inherited one makes the index anew, in another file."""


class IndexFile:
    """The index's file of one store; `index` is the connection that this process has to it, if any.

    `being_made` says that `open` met a file that somebody is making.
    """

    def __init__(self, disk: Disk, path: Path, store_id: str, boot: str, ledger: Ledger) -> None:
        self.disk = disk
        self.path = path
        self.index: Index | None = None
        self.being_made = False
        self._store_id = store_id
        self._boot = boot
        self._ledger = ledger
        self._inode: Inode | None = None

    def open(self) -> Index:
        """The index that lies there. Raises sqlite3.Error when it is none, not ours, or was replaced
        meanwhile; IntegrityError when the ledger has not what it has applied."""
        inode, self.being_made = self._named(), False
        if inode in _inherited:
            raise sqlite3.DatabaseError("the index is in use by the process that forked this one")
        index = Index(self.path, self._store_id, self._boot)
        try:
            self.being_made = index.is_empty()
            if not index.usable() or self._named() != inode:
                raise sqlite3.DatabaseError("it is of another store, schema or boot")
            recovery.confirm(index.position(), self._ledger)
        except BaseException:
            index.close()
            raise
        return self._keep(index)

    def make(self) -> Index:
        """A new file with an empty index, in a SQLite transaction; the writer's lock is held."""
        self.remove()
        self.disk.close(self.disk.open_append(self.path))  # private to the user, as all files
        index = self._keep(Index(self.path, self._store_id, self._boot, new=True))
        index.begin()
        index.create()
        return index

    def in_memory(self) -> Index:
        """An empty index that needs no file."""
        self.close()
        index = Index(None, self._store_id, self._boot)
        index.create()
        return self._keep(index)

    def copied(self) -> Index:
        """The open index in memory, as it is at this moment, whoever is writing to it. Raises as `open`."""
        assert self.index is not None
        index = Index(None, self._store_id, self._boot)
        try:
            self.index.db.backup(index.db)
            recovery.confirm(index.position(), self._ledger)
        except BaseException:
            index.close()
            raise
        self.close()
        return self._keep(index)

    def is_stale(self) -> bool:
        """Whether the open index is no longer the file that lies there."""
        return self.index is not None and self.index.path is not None and self._named() != self._inode

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.index is not None:
            self.index.close()
        self.index = None

    def remove(self) -> None:
        """Remove the file, so that whoever comes next makes it anew; the writer's lock is held."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.disk.remove(self.path.with_name(self.path.name + suffix))

    def after_fork(self) -> None:
        """In a child: leave the parent's connection alone."""
        if self.index is not None and self._inode is not None:
            _inherited[self._inode] = self.index
        self.index = None

    def _keep(self, index: Index) -> Index:
        index.take_turns()
        self.index = index
        self._inode = None if index.path is None else self._named()
        return index

    def _named(self) -> Inode | None:
        return identity(self.path)
