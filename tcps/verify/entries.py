"""What one entry of the ledger says, and whether an entry can say that (format 4.2, 4.3)."""

import re
from datetime import datetime
from typing import NamedTuple

import msgspec

from tcps.canonical import file_bytes, sha256_hex
from tcps.ledger import SALVAGE, Change, Entry
from tcps.model import KINDS, AndonEvent, Policy, Receipt, Record, Sku, Timestamp, WorkOrder, to_ms
from tcps.model.text import is_id
from tcps.rules.policy import setting
from tcps.verify.rows import AnyRow, Promise, SkuState, Span, State, shard_of, shard_of_sku

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
Line = tuple[int, int, int]
"""Where a line is: segment, offset, length."""
Where = tuple[str, int, int, int, int]
"""The first fields of a row: of which record, by which entry, in which line."""


class Salvaged(NamedTuple):
    """An entry that a salvage made: so many records, and receipts among them, rest on its actor's word."""

    sequence: int
    time: Timestamp
    actor: str
    records: int
    receipts: int


class RolledBack(NamedTuple):
    """An entry by which a restore says that it gave up entries, up to `given_up` as far as anybody knew."""

    sequence: int
    time: Timestamp
    actor: str
    given_up: int


class Told(NamedTuple):
    """What an entry says: rows, each with its shard; what its policy says of gaps; what it says of itself."""

    rows: list[tuple[int, AnyRow]]
    max_gap_hours: float | None
    itself: Salvaged | RolledBack | None


def told(entry: Entry, line: Line, wanted: frozenset[str] | None, *, proven: bool = False) -> Told:
    """What an entry says of the `wanted` SKUs, or (None) of everything.

    `proven`: each digest in it is known to be that of its record. Raises ValueError when no entry can
    say so, whatever of it is wanted.
    """
    _require_sound(entry)
    rows: list[tuple[int, AnyRow]] = []
    hours: float | None = None
    for change in entry.changes:
        record = _record(change, entry.action, proven)
        where = (change.id, entry.seq, *line)
        if isinstance(record, Receipt | AndonEvent):
            row = _promise(record, change, where) if isinstance(record, Receipt) else _span(record, where)
            if wanted is None or row.sku_id in wanted:
                rows.append((shard_of_sku(row.sku_id), row))
        elif isinstance(record, Policy):
            hours = _max_gap_hours(record)
        if _is_kept(change, wanted):
            rows.append((shard_of(change.kind, change.id), _state(change, record, where, entry)))
    return Told(rows, hours, _itself(entry))


def _state(change: Change, record: Record | None, where: Where, entry: Entry) -> State:
    values = (change.kind, change.sha256, change.revision, entry.action == SALVAGE)
    if isinstance(record, WorkOrder | Sku):
        _require_times(record)
    if isinstance(record, Sku):
        return SkuState(*where, *values, record.receipt_count, record.head)
    return State(*where, *values)


def _is_kept(change: Change, wanted: frozenset[str] | None) -> bool:
    """Whether the state of a record is of interest; that of a receipt is a promise already."""
    if wanted is None:
        return change.kind != "receipt"
    return change.kind == "sku" and change.id in wanted


def _itself(entry: Entry) -> Salvaged | RolledBack | None:
    if entry.given_up is not None:
        return RolledBack(entry.seq, entry.time, entry.actor, entry.given_up)
    if entry.action != SALVAGE:
        return None
    receipts = sum(change.kind == "receipt" for change in entry.changes if change.record is not None)
    return Salvaged(entry.seq, entry.time, entry.actor, len(entry.changes), receipts)


def _require_sound(entry: Entry) -> None:
    _require_time(entry.time)
    changed = {(change.kind, change.id) for change in entry.changes}
    if not changed and entry.action != SALVAGE and entry.given_up is None:
        raise ValueError("it changes nothing")
    if len(changed) != len(entry.changes):
        raise ValueError("it changes a record twice")


def _record(change: Change, action: str, proven: bool) -> Record | None:
    """The record of a change; raises ValueError when it is none, or has another digest than stated."""
    kind = KINDS.get(change.kind)
    if kind is None:
        raise ValueError(f"it changes a record of the unknown kind {change.kind}")
    if not is_id(change.id):
        raise ValueError(f"it changes {change.id!r}, which is no id")
    if change.record is None:
        if (change.is_reservation and action != SALVAGE) or change.sha256 is not None:
            raise ValueError(f"it deletes {change.id}, and so no entry does")
        return None
    if not proven and sha256_hex(file_bytes(change.record)) != change.sha256:
        raise ValueError(f"the digest that it states of {change.id} is not that of the record")
    record = msgspec.convert(change.record, kind)
    if (record.id, record.revision) != (change.id, change.revision):
        raise ValueError(f"it holds {record.id}, revision {record.revision}, as another")
    return record


def _max_gap_hours(policy: Policy) -> float:
    hours = setting(policy, "max_gap_hours")
    if not isinstance(hours, int | float):
        raise ValueError(f"it sets max_gap_hours to {hours!r}")
    return hours


def _promise(receipt: Receipt, change: Change, where: Where) -> Promise:
    assert change.sha256 is not None
    if change.revision != 1:
        raise ValueError(f"it changes {change.id}, and no receipt ever changes")
    if not is_id(receipt.sku_id):
        raise ValueError(f"it holds a receipt of {receipt.sku_id!r}, which is no id")
    _require_time(receipt.timestamp)
    return Promise(
        *where,
        change.sha256,
        receipt.sku_id,
        receipt.sequence,
        receipt.stage,
        receipt.status,
        receipt.timestamp,
        receipt.previous,
    )


def _span(andon: AndonEvent, where: Where) -> Span:
    end = None if andon.resolution is None else _ms(andon.resolution.resolved_at)
    return Span(*where, andon.sku_id, _ms(andon.created_at), end)


def _require_times(record: WorkOrder | Sku) -> None:
    """The times that an index rests on."""
    times = (record.created_at, record.completed_at, getattr(record, "sla_deadline", None))
    for time in times:
        if time is not None:
            _require_time(time)


def _ms(time: Timestamp) -> int:
    _require_time(time)
    return to_ms(time)


def _require_time(time: Timestamp) -> None:
    """Raises ValueError for a time that is not written as the store writes times."""
    if not _TIME.fullmatch(time):
        raise ValueError(f"{time!r} is not a time in UTC with milliseconds")
    datetime.fromisoformat(time)
