"""What a writer has decided and not yet appended."""

from collections.abc import Callable
from functools import partial

from tcps.ledger import Entry, Head, Line
from tcps.merkle import Tree, leaf_hash
from tcps.model import Record
from tcps.projections.index import Index
from tcps.store.draft import Changed, Draft, Key


class Batch:
    """Transactions that were decided and wait to be appended under one sync."""

    def __init__(self, start: Head, tree: Tree) -> None:
        self.start = start
        self.head = start
        self.tree = tree
        self.lines: list[Line] = []
        self.entries: list[Entry] = []
        self.records: dict[Key, Changed] = {}
        self.read: dict[Key, Record | None] = {}
        """What was read of what is committed, which nobody changes while the writer's lock is held."""
        self.draft: Draft | None = None
        self.appended = False

    def add(self, entry: Entry, line: Line, head: Head, draft: Draft, index: Index) -> None:
        """Take one more entry, whole or, when the index cannot, not at all."""
        index.place(entry, line)
        self.head = head
        self.tree.append(leaf_hash(line.content))
        self.lines.append(line)
        self.entries.append(entry)
        self.records.update(draft.changes)

    def undo(self) -> Callable[[], None]:
        """What forgets the entries from here on; the index's rows are put back by its own savepoint."""
        tree = Tree(self.tree.size, list(self.tree.frontier))
        return partial(self._revert, len(self.entries), self.head, tree, dict(self.records))

    def _revert(self, entries: int, head: Head, tree: Tree, records: dict[Key, Changed]) -> None:
        del self.lines[entries:], self.entries[entries:]
        self.head, self.tree, self.records = head, tree, records
