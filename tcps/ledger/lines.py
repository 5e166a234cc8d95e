"""A line of the ledger and the entry that it is (format 4.2)."""

import re
from typing import NamedTuple

import msgspec
from msgspec.structs import asdict

from tcps.canonical import line_bytes, parse
from tcps.model import Json, Part, Timestamp

SALVAGE = "repair.salvage"
"""The action of an entry that a salvage made: what it holds rests on the word of its actor (format 5.7)."""

ROLLBACK = "restore.rollback"
"""Begins the action of an entry that says that the ledger was put back to the entry before (format 14.3)."""

_ROLLBACK = re.compile(rf"{re.escape(ROLLBACK)} ([1-9][0-9]{{0,17}})", re.ASCII)


class Change(Part, frozen=True, kw_only=True):
    """One record as a transaction left it; `record` and `sha256` are null for a deletion."""

    kind: str
    id: str
    revision: int
    sha256: str | None
    record: Json | None

    @property
    def is_reservation(self) -> bool:
        """Whether it only says that a receipt's id was given (format 5.7): receipts are never deleted."""
        return self.kind == "receipt" and self.record is None


class Entry(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One transaction: who did what when, and every record that it changed."""

    seq: int
    time: Timestamp
    actor: str
    action: str
    changes: tuple[Change, ...]
    idempotency_key: str | None = None

    @property
    def given_up(self) -> int | None:
        """Up to which entry the ledger was known that a restore gave up; None for any other entry."""
        match = _ROLLBACK.fullmatch(self.action)
        return None if match is None or self.changes else int(match[1])

    @classmethod
    def of_rollback(cls, seq: int, time: Timestamp, actor: str, given_up: int) -> "Entry":
        """The entry by which a restore says what it gave up."""
        return cls(seq=seq, time=time, actor=actor, action=f"{ROLLBACK} {given_up}", changes=())

    def line(self) -> bytes:
        """The canonical line, without its newline: the leaf of the Merkle tree."""
        value = asdict(self)  # not a deep copy: records are JSON already, and may be large
        value["changes"] = [asdict(change) for change in self.changes]
        if self.idempotency_key is None:
            del value["idempotency_key"]
        return line_bytes(value)


class Head(NamedTuple):
    """Up to where the ledger has been read: the last sequence number, its segment, the byte after it."""

    seq: int = 0
    segment: int = 1
    offset: int = 0


class Line(NamedTuple):
    """Bytes of the ledger between newlines; not `whole` when the newline is missing."""

    segment: int
    offset: int
    content: bytes
    whole: bool = True

    @property
    def end(self) -> int:
        """The offset of the byte after the newline."""
        return self.offset + len(self.content) + 1


def parse_line(line: Line, seq: int | None) -> Entry:
    """The entry of a line, every rule of format 4 checked; raises ValueError with the reason.

    `seq` is the number that it must have; None takes any.
    """
    if not line.whole:
        raise ValueError("its newline is missing")
    value = parse(line.content)
    if _written(value) != line.content:
        raise ValueError("it is not in canonical form")
    return read_entry(value, seq)


def read_entry(value: Json, seq: int | None) -> Entry:
    """The entry of a line whose value is known, as `parse_line` gives it."""
    entry = msgspec.convert(value, Entry)
    if seq is not None and entry.seq != seq:
        raise ValueError(f"it has sequence number {entry.seq}, not {seq}")
    return entry


def _written(value: object) -> bytes | None:
    try:
        return line_bytes(value)
    except TypeError:  # nested deeper than anything that is written
        return None
