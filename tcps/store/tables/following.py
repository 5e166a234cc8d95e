"""The tables of a store, and how they follow the ledger (ADR 18).

They have an engine of their own, which only reads. So they show what is committed even inside a transaction
of the store, and no thread that writes holds them up. All of them are at one entry of the ledger, and every
step to a later one is checked by the Merkle tree: what was folded is dropped when the ledger did not go on
from there.
"""

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from tcps.ledger import Line, parse_line
from tcps.merkle import Tree, leaf_hash
from tcps.model import KINDS
from tcps.projections.index import Position
from tcps.store.engine import Engine
from tcps.store.tables import plans
from tcps.store.tables.table import Table, WorkOrders
from tcps.store.view import View

if TYPE_CHECKING:
    from tcps.store.store import Store

LIMIT = 100_000
"""How many records a table holds at most, unless told otherwise."""
_END = 4096
"""How many bytes of the ledger's end are compared to see that it is the same."""


class Tables:
    """The tables of one store. Threads may share them; a forked child begins with empty ones.

    What this process commits through the store is seen by whatever is asked next; what others commit, after
    `refresh`. One answer is of one moment: it shows a transaction whole or not at all.
    """

    def __init__(self, store: "Store", limit: int = LIMIT) -> None:
        if limit < 1:
            raise ValueError("a table holds at least one record")
        self._start()
        own = store.engine
        fold = own.fold
        self._engine = Engine(
            fold.folder, disk=fold.disk, clock=own.clock, wait=fold.wait, boot=own.records.boot
        )
        fold.require_in_place()  # so the engine is of the same store
        self._position: Position | None = None
        self._end = b""
        self.work_orders = WorkOrders(
            plans.WORK_ORDERS, self, limit, store.store_work_order, store.delete_work_order
        )
        self.skus = Table(plans.SKUS, self, limit, store.store_sku)
        self.receipts = Table(plans.RECEIPTS, self, limit, store.store_receipt)
        self.andon_events = Table(plans.ANDON_EVENTS, self, limit, store.store_andon_event)
        self._all: dict[str, Table[Any]] = {
            "work_order": self.work_orders,
            "sku": self.skus,
            "receipt": self.receipts,
            "andon_event": self.andon_events,
        }
        self._told = own.told
        self._told.append(self._committed)
        _every.add(self)

    def close(self) -> None:
        """Forget everything, and give every descriptor back."""
        with self.lock:
            self._drop()
            self._engine.close()
            if self._committed in self._told:
                self._told.remove(self._committed)

    def refresh(self) -> None:
        """Take what every process has committed. Cheap when that is nothing: the ledger's end is looked at.

        Raises Conflict (`store_replaced`) when another store was put in the place of this one.
        """
        with self.lock, self._following() as seen:
            self._engine.fold.require_in_place()
            if not self._is_current():
                with self._engine.view() as view:
                    self._forward(view)
            self._settle(seen)

    def catch_up(self) -> None:
        """`refresh`, if this process has committed something since."""
        if self._behind:
            self.refresh()

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        """A snapshot of the store, to which every table is brought first."""
        with self._following() as seen, self._engine.view() as view:
            self._forward(view)
            yield view
            self._settle(seen)

    def _start(self) -> None:
        self.lock = threading.RLock()
        self._flags = threading.Lock()
        self._commits = 0
        self._behind = True

    def _committed(self) -> None:
        """This process has committed: what is asked from now on must show it."""
        with self._flags:
            self._commits += 1
            self._mark(behind=True)

    @contextlib.contextmanager
    def _following(self) -> Iterator[int]:
        """How often this process had committed before; if the body raises, nothing counts as current."""
        seen = self._commits
        try:
            yield seen
        except BaseException:
            with self._flags:
                self._mark(behind=True)
            raise

    def _settle(self, seen: int) -> None:
        with self._flags:
            self._mark(behind=self._commits != seen)

    def _mark(self, *, behind: bool) -> None:
        self._behind = behind
        for table in self._all.values():
            table.settle(current=not behind)

    def _is_current(self) -> bool:
        if self._position is None or self._engine.ledger.length() != self._position.head[1:]:
            return False
        return self._read_end(self._position) == self._end

    def _read_end(self, position: Position) -> bytes:
        """The end of the last line that was folded: of most lines, all of it."""
        head = position.head
        start = max(position.line_offset, head.offset - _END)
        return self._engine.ledger.line_at(head.segment, start, head.offset - start)

    def _forward(self, view: View) -> None:
        """Bring every table to the snapshot."""
        position = view.loader.index.position()
        try:
            if not all(table.is_blank for table in self._all.values()):
                self._fold(position)
        except BaseException:
            self._drop()
            raise
        self._end = self._read_end(position)
        self._position = position

    def _fold(self, position: Position) -> None:
        before = self._position
        if before is None or not self._goes_on(before, position):
            self._drop()
            return
        for seq, line in enumerate(self._lines(before, position), start=before.head.seq + 1):
            for change in parse_line(line, seq).changes:
                table = self._all.get(change.kind)
                if table is None or change.is_reservation or not table.wants(change.id):
                    continue
                record = change.record
                table.take(change.id, None if record is None else msgspec.convert(record, KINDS[change.kind]))

    def _goes_on(self, before: Position, position: Position) -> bool:
        """Whether the ledger that was folded is a beginning of the one that is there."""
        tree = Tree.unpacked(before.tree.size, before.tree.packed())
        for line in self._lines(before, position):
            tree.append(leaf_hash(line.content))
        return (tree.size, tree.packed()) == (position.tree.size, position.tree.packed())

    def _lines(self, before: Position, position: Position) -> Iterator[Line]:
        return islice(self._engine.ledger.lines(before.head), max(position.head.seq - before.head.seq, 0))

    def _drop(self) -> None:
        self._position = None
        for table in self._all.values():
            table.clear()

    def after_fork(self) -> None:
        """In a child: a thread of the parent may have had the lock, and been in the middle of a change."""
        self._start()
        self._drop()


_every: "weakref.WeakSet[Tables]" = weakref.WeakSet()


def _after_fork() -> None:
    for tables in list(_every):
        tables.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
