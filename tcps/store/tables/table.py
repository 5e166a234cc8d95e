"""One kind of records in memory: looked up by id, matched by fields, selected by secondary indexes.

A table is in one of two states, and which one decides only how fast it answers:

- **whole**: it holds every record of its kind, and answers everything from memory. It becomes whole with the
  first `select` or `match`, if there is room for all.
- **a cache**: it holds what was looked up last. What it lacks is read from the store, and so is every answer
  to `select` and `match`, by the store's own index: they are complete however few records are held.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from tcps.errors import invalid_field
from tcps.model import Record, WorkOrder
from tcps.store.filters import Filter
from tcps.store.tables.plans import Indexed, Plan
from tcps.store.tables.secondary import Secondary
from tcps.store.view import View

R = TypeVar("R", bound=Record)
Given = Mapping[str, Any]
_ALL = ""
"""The name of the secondary index in which all records have one value."""


class Source(Protocol):
    """Where a table's records come from."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held by whoever changes or asks a table."""

    def catch_up(self) -> None:
        """Bring every table to the ledger's head, if this process has committed since."""

    def view(self) -> AbstractContextManager[View]:
        """A snapshot, to which every table is brought first."""


class Asked(NamedTuple):
    """A condition: what `of` gives for a record is one of the values; None of them is no condition."""

    name: str
    of: Callable[[Any], Any]
    values: list[Any]
    indexed: Indexed | None


class Table(Generic[R]):
    """The records of one kind, as they are committed. At most `limit` of them are held.

    What is in `_direct` may be given without the lock: it is what is held, while the table is whole and this
    process has committed nothing since.

    Records are shared with everybody who gets them: the mappings inside them must not be changed.
    """

    def __init__(self, plan: Plan[R], source: Source, limit: int, store: Callable[[R | Given], R]) -> None:
        self._plan = plan
        self._source = source
        self._limit = limit
        self._store = store
        self.clear()

    def __len__(self) -> int:
        """How many records are held."""
        return len(self._held)

    def lookup(self, record_id: str) -> R | None:
        """The record, or None. Raises IntegrityError as `Store` does when it has to read its file."""
        try:
            return self._direct[record_id]
        except KeyError:
            return self._looked_up(record_id)

    def select(
        self, index: str, *values: object, limit: int | None = None, newest_first: bool = False
    ) -> list[R]:
        """The records that have one of the values in a secondary index, oldest first; no values: all.

        Raises InvalidInput for an index that is none, and for a value that its vocabulary has not.
        """
        if index not in self._plan.indexes:
            raise invalid_field("index", f"must be one of: {', '.join(self._plan.indexes)}")
        return self._answer([self._asked(index, values)], limit, newest_first)

    def match(self, *, limit: int | None = None, newest_first: bool = False, **fields: object) -> list[R]:
        """The records whose fields have these values, oldest first; no fields: all of them.

        Raises InvalidInput for a field that these records have not.
        """
        asked = [self._asked(name, (value,)) for name, value in fields.items()]
        return self._answer(asked, limit, newest_first)

    def insert(self, record: R | Given) -> R:
        """Create a record, in a transaction of the store, as its `store_*` method does."""
        return self._store(record)

    def clear(self) -> None:
        """Forget every record. Like what follows, it is for `Tables`, which holds the lock."""
        self._direct: Mapping[str, R] = {}
        self._whole = self._full = False
        self._held: OrderedDict[str, R] = OrderedDict()
        self._secondary: dict[str, Secondary[R]] = {}

    def settle(self, *, current: bool) -> None:
        """Say whether what is held is all that this process has committed."""
        self._direct = self._held if current and self._whole else {}

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known that a change of the store could make wrong."""
        return not self._whole and not self._held

    def wants(self, record_id: str) -> bool:
        """Whether a change of this record matters to what is held."""
        return self._whole or record_id in self._held

    def take(self, record_id: str, record: R | None) -> None:
        """Take a committed change that the table wants; None: the record was deleted."""
        before = self._held.get(record_id)
        known = record or before
        if self._whole and known is not None:
            entry = self._plan.order(known)
            for secondary in self._secondary.values():
                secondary.move(entry, before, record)
        if record is None:
            self._held.pop(record_id, None)
        else:
            self._hold(record)

    def _looked_up(self, record_id: str) -> R | None:
        with self._source.lock:
            self._source.catch_up()
            record = self._held.get(record_id)
            if record is None and not self._whole:
                with self._source.view() as view:
                    record = view.get(self._plan.kind, record_id)
                    if record is not None:
                        self._hold(record)
            elif record is not None:
                self._held.move_to_end(record_id)
            return record

    def _hold(self, record: R) -> None:
        self._held[record.id] = record
        if len(self._held) > self._limit:
            self._whole, self._full = False, True
            self._secondary = {}
            self._held.popitem(last=False)

    def _answer(self, asked: list[Asked], limit: int | None, newest_first: bool) -> list[R]:
        with self._source.lock:
            self._source.catch_up()
            if not self._whole and not self._full:
                with self._source.view() as view:
                    self._fill(view)
            if self._whole:
                return list(islice(self._in_memory(asked, newest_first), limit))
            with self._source.view() as view:
                return list(islice(self._in_store(view, asked, limit, newest_first), limit))

    def _fill(self, view: View) -> None:
        """Hold every record, if there is room for all; else never try again."""
        ids = view.ids(self._plan.kind.kind, Filter(), self._plan.oldest, self._limit + 1)
        if len(ids) > self._limit:
            self._full = True
            return
        held: OrderedDict[str, R] = OrderedDict()
        secondary = {name: Secondary[R](one.of) for name, one in self._plan.indexes.items()}
        secondary[_ALL] = Secondary[R](lambda _: None)
        for record in self._read(view, ids):
            held[record.id] = record
            for one in secondary.values():
                one.move(self._plan.order(record), None, record)
        self._held, self._secondary = held, secondary
        self._whole = True

    def _asked(self, name: str, values: Iterable[object]) -> Asked:
        indexed = self._plan.indexes.get(name)
        if indexed is not None:
            return Asked(name, indexed.of, [indexed.read(value) for value in values], indexed)
        if name not in self._plan.kind.__struct_fields__:
            raise invalid_field(name, f"is no field of a {self._plan.kind.kind}")
        return Asked(name, attrgetter(name), list(values), None)

    def _in_memory(self, asked: list[Asked], newest_first: bool) -> Iterator[R]:
        """From the secondary index that names the fewest records."""
        found = [
            (self._secondary[one.name].entries(one.values), one)
            for one in asked
            if one.indexed is not None and one.values
        ]
        every = (self._secondary[_ALL].entries([None]), None)
        entries, chosen = min(found, key=lambda pair: len(pair[0]), default=every)
        held = self._held
        records = (held[record_id] for _, record_id in (reversed(entries) if newest_first else entries))
        return _meeting(records, [one for one in asked if one is not chosen])

    def _in_store(self, view: View, asked: list[Asked], limit: int | None, newest_first: bool) -> Iterator[R]:
        """By the store's own index; conditions on other fields are looked at record by record."""
        where, others = Filter(), []
        for one in asked:
            if one.indexed is None:
                others.append(one)
            else:
                where.one_of(one.indexed.column, map(one.indexed.stored, one.values))
        sort = self._plan.newest if newest_first else self._plan.oldest
        ids = view.ids(self._plan.kind.kind, where, sort, None if others else limit)
        return _meeting(self._read(view, ids), others)

    def _read(self, view: View, ids: Iterable[str]) -> Iterator[R]:
        """The records with these ids: those that are held, and the others from the store."""
        for record_id in ids:
            record = self._held.get(record_id) or view.get(self._plan.kind, record_id)
            if record is not None:
                yield record


class WorkOrders(Table[WorkOrder]):
    """The work orders, which alone can be deleted."""

    def __init__(
        self,
        plan: Plan[WorkOrder],
        source: Source,
        limit: int,
        store: Callable[[WorkOrder | Given], WorkOrder],
        delete: Callable[[str], WorkOrder],
    ) -> None:
        super().__init__(plan, source, limit, store)
        self._delete = delete

    def delete(self, work_order_id: str) -> WorkOrder:
        """Remove a work order, in a transaction of the store as `delete_work_order`; gives it as it was."""
        return self._delete(work_order_id)


def _meeting(records: Iterator[R], asked: list[Asked]) -> Iterator[R]:
    conditions = [one for one in asked if one.values]
    if not conditions:
        return records
    return (record for record in records if all(one.of(record) in one.values for one in conditions))
