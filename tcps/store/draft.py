"""The workspace of one transaction: a view that can also be changed, until it is sealed or dropped."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from tcps.canonical import checked_bytes, plain, record_bytes, sha256_hex
from tcps.errors import InvalidInput, Refused
from tcps.ledger import Change
from tcps.model import PREFIXES, Json, Receipt, Record, Timestamp, WorkOrder, WorkOrderStatus
from tcps.model.text import RECORD_BYTES
from tcps.projections.records import relative_path
from tcps.rules.chain import Expected
from tcps.rules.heijunka import Recent
from tcps.store.filters import Filter
from tcps.store.loading import Loader
from tcps.store.view import View

R = TypeVar("R", bound=Record)
Key = tuple[str, str]
_KEPT = 10_000
"""How many records that were read are kept at most."""


class Changed(NamedTuple):
    """A record as a transaction left it (None: removed), and the change as the ledger takes it."""

    record: Record | None
    change: Change


class Draft(View):
    """A transaction's own changes over what is committed; what `rules` see as their State."""

    def __init__(
        self,
        loader: Loader,
        store_id: str,
        now: Timestamp,
        actor: str,
        seq: int,
        batch: dict[Key, Changed],
        read: dict[Key, Record | None],
    ) -> None:
        super().__init__(loader, store_id, now, actor)
        self.seq = seq
        self.batch = batch
        self.read = read
        self.changes: dict[Key, Changed] = {}
        self._undo: list[tuple[Key, Changed | None]] = []
        self._given: dict[str, int] = {}
        self._tickets = 0

    def get(self, kind: type[R], record_id: str) -> R | None:
        """The record with this transaction's changes, then the batch's, then what is committed."""
        key = (kind.kind, record_id)
        for own in (self.changes, self.batch):
            if key in own:
                record = own[key].record
                return record if isinstance(record, kind) else None
        if key not in self.read:
            if len(self.read) >= _KEPT:
                self.read.clear()
            self.read[key] = super().get(kind, record_id)
        record = self.read[key]
        return record if isinstance(record, kind) else None

    def put(self, record: R) -> R:
        """Take a new or changed record; gives it with its revision.

        Raises InvalidInput for one that breaks a rule, and (`too_large`) over 1 MiB.
        """
        key = (record.kind, record.id)
        record = replace(record, revision=self._revision(key))
        from tcps.rules import invariants  # a command that reads does not need it

        invariants.require(record)
        _refuse_changed_receipt(record, key in self.changes or record.revision > 1)
        value = plain(record)
        content = checked_bytes(record.kind, value)
        size = len(content)
        if size > RECORD_BYTES:
            name = f"{record.kind.replace('_', ' ')} {record.id}"
            raise InvalidInput(
                f"{name} would take {size} bytes; the limit is {RECORD_BYTES}",
                code="too_large",
                details={"fields": [record.kind], "size": size},
            )
        self._set(key, record, record.revision, sha256_hex(content), value)
        return record

    def remove(self, record: Record) -> None:
        """Delete the record."""
        key = (record.kind, record.id)
        _refuse_changed_receipt(record, True)
        self._set(key, None, self._revision(key), None, None)

    def recent(self) -> Recent:
        """The most recent starts, this transaction's own as its entry will show them (format 10.4)."""
        recent, index = super().recent(), self.loader.index
        orders = (record for record, _ in self.changes.values() if isinstance(record, WorkOrder))
        for order in orders:
            if order.status is WorkOrderStatus.IN_PROGRESS and not index.is_running(order.id):
                recent = recent.then(order.bucket)
        return recent

    def next_id(self, kind: str) -> str:
        """The next id of the kind's counter."""
        used = self._one("SELECT n FROM counter WHERE kind=?", kind) or 0
        self._given[kind] = max(used, self._given.get(kind, 0)) + 1
        return f"{PREFIXES[kind]}-{self._given[kind]}"

    def next_ticket(self) -> str:
        """A number and a count within the transaction: sorts after every earlier one (format 7.1).

        The number is that of the entry, counted on from the largest one that a salvage has seen.
        """
        salvaged = self._one("SELECT n FROM counter WHERE kind='ticket'") or 0
        self._tickets += 1
        return f"{salvaged + self.seq:012d}{self._tickets:06d}"

    def undo(self) -> Callable[[], None]:
        """What forgets the changes from here on; the index's rows are put back by its own savepoint."""
        return partial(self._revert, len(self._undo), dict(self._given))

    def sealed(self) -> tuple[Change, ...]:
        """The changes as the ledger takes them."""
        return tuple(changed.change for changed in self.changes.values())

    def _revert(self, changes: int, given: dict[str, int]) -> None:
        while len(self._undo) > changes:
            key, before = self._undo.pop()
            if before is None:
                del self.changes[key]
            else:
                self.changes[key] = before
        self._given = given

    def _promise(self, record_id: str) -> tuple[Expected, int]:
        """A receipt as this transaction, the batch or the ledger has it."""
        changed = self.changes.get(("receipt", record_id))
        if changed is None or not isinstance(changed.record, Receipt):
            return super()._promise(record_id)
        change = changed.change
        assert change.sha256 is not None
        path = relative_path("receipt", record_id, change.record)
        return Expected.of(changed.record, path, change.sha256), self.seq

    def _content(self, promise: Expected) -> bytes:
        changed = self.changes.get(("receipt", promise.receipt_id))
        if changed is None or changed.record is None:
            return super()._content(promise)
        return record_bytes(changed.record)

    def _ids(self, table: str, where: Filter, limit: int | None, sort: str) -> Iterator[str]:
        yield from list(super()._ids(table, where, limit, sort))  # the caller may change the table

    def _set(
        self, key: Key, record: Record | None, revision: int, sha256: str | None, value: Json | None
    ) -> None:
        kind, record_id = key
        change = Change(kind=kind, id=record_id, revision=revision, sha256=sha256, record=value)
        before = self.changes.get(key)
        self._undo.append((key, before))
        self.changes[key] = Changed(record, change)
        self.loader.index.put(kind, record_id, record, new=before is None and revision == 1)

    def _revision(self, key: Key) -> int:
        """One more than before the transaction, however often it changes the record."""
        if key in self.changes:
            return self.changes[key].change.revision
        if key in self.batch and self.batch[key].record is not None:
            return self.batch[key].change.revision + 1
        row = self.loader.row(*key)
        return 1 if row is None else row.revision + 1


def _refuse_changed_receipt(record: Record, is_there: bool) -> None:
    """A receipt is never changed or deleted (domain 8.1)."""
    if is_there and isinstance(record, Receipt):
        raise Refused(
            f"{record.id} is a receipt: it is never changed or deleted",
            code="receipt_immutable",
            hint="record another run of the stage",
            details={"id": record.id},
        )
