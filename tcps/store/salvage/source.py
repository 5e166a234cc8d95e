"""What a damaged store still says: the ledger's sound beginning, its later lines, the record files."""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from tcps.canonical import parse, record_bytes, sha256_hex
from tcps.ledger import SALVAGE, Change, Entry, Head, Ledger, Line, parse_line
from tcps.merkle import Tree, leaf_hash
from tcps.model import KINDS, PREFIXES, Record, Timestamp, number_of
from tcps.projections.index import Index
from tcps.projections.records import RecordFiles, kind_of, relative_path
from tcps.verify.anchors import Roots
from tcps.verify.entries import told

_MENTIONED = re.compile(rf'[/"]({"|".join(PREFIXES.values())})-([0-9]{{1,12}})(?:"|/|\.json\Z)'.encode())
_DIGEST = re.compile(rb"[0-9a-f]{64}")
_NOWHERE = (0, 0, 0)


class State(NamedTuple):
    """A record as something shows it (None: deleted), as a change in the ledger, and what shows it."""

    change: Change
    record: Record | None
    shown_by: str

    @property
    def key(self) -> tuple[str, str]:
        """Kind and id."""
        return self.change.kind, self.change.id


class Source:
    """A ledger, read as far as it can be.

    `index` and `tree` are folded from the lines up to `head`, which are kept; `reason` says why the
    line after it is not. `later` are the states in the lines after that one which can be read.
    """

    def __init__(self, index: Index, sizes: set[int]) -> None:
        self.index = index
        self.roots = Roots(sizes)
        self.head = Head()
        self.tree = Tree()
        self.last: Line | None = None
        self.reason: str | None = None
        self.later: list[State] = []
        self.keys: list[str] = []
        self.mentioned: dict[str, int] = {}
        self.seen: set[int] = set()
        self.unreadable = 0
        self.digests: set[bytes] = set()
        self.odd: list[int] = []

    def read(self, ledger: Ledger) -> None:
        """Read every segment; those that cannot be one are `odd`."""
        for segment in ledger.segments():
            if ledger.disk.plain_size(ledger.path(segment)) is None:
                self._stop(f"segment {segment} is no plain file")
                self.unreadable += 1
                self.odd.append(segment)
            elif segment == 0 or (segment <= self.head.seq and self.reason is None):
                self.odd.append(segment)  # its entries would have to be there already
            else:
                self._read_lines(ledger.lines_of(segment, 0))

    def usable(self, change: Change, shown_by: str) -> State:
        """The state of a change. Raises ValueError or sqlite3.Error unless a store can have it."""
        told(_alone(change), _NOWHERE, None)
        return self._fitting([_state(change, shown_by)])[0]

    def confirms(self, change: Change) -> str:
        """What a line that cannot be read says for a record's file, if it does."""
        named = (change.sha256 or "").encode() in self.digests
        return ", whose digest stands in a line that cannot be read" if named else " alone"

    def mention(self, content: bytes) -> None:
        """Note the ids that the store has given, by their appearance in some bytes."""
        for prefix, digits in _MENTIONED.findall(content):
            name = prefix.decode()
            self.mentioned[name] = max(int(digits), self.mentioned.get(name, 0))

    def has_lost(self, acknowledged: int) -> bool:
        """Whether something is in no line that can be read: only then record files are evidence."""
        end = max([acknowledged, *self.seen, self.head.seq])
        known = self.head.seq + len([seq for seq in self.seen if seq > self.head.seq])
        return self.unreadable > 0 or known < end or end == 0

    def _read_lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            try:
                entry = parse_line(line, None)
                told(entry, _NOWHERE, None)
                states = [_state(change, f"ledger entry {entry.seq}") for change in entry.changes]
                if self.reason is None:
                    self._keep(entry, line)
                if self.reason is not None:
                    self._take_later(entry, states)
            except (ValueError, sqlite3.Error) as error:
                self._stop(str(error))
                self.unreadable += 1
                self.digests.update(_DIGEST.findall(line.content))
            if self.reason is not None:
                self.mention(line.content)

    def _keep(self, entry: Entry, line: Line) -> None:
        """Fold one more line, or note why the part that is kept ends before it."""
        leaps = [change for change in entry.changes if not self._follows(change)]
        if leaps and entry.action != SALVAGE:
            self._stop(f"it has revision {leaps[0].revision} of {leaps[0].id}, which does not follow")
        elif entry.seq != self.head.seq + 1:
            self._stop(f"it has sequence number {entry.seq}, not {self.head.seq + 1}")
        elif line.offset == 0 and line.segment not in (self.head.segment, entry.seq):
            self._stop(f"segment {line.segment} does not follow entry {self.head.seq}")
        else:
            self._fold(entry, line)

    def _follows(self, change: Change) -> bool:
        """Whether a change is the next one of its record (format 4.3)."""
        row = self.index.db.execute(
            "SELECT revision FROM record WHERE kind=? AND id=?", (change.kind, change.id)
        ).fetchone()
        if row is not None:
            return bool(change.revision == row[0] + 1)
        seen = "SELECT 1 FROM change WHERE kind=? AND id=?"
        gone = self.index.db.execute(seen, (change.kind, change.id)).fetchone()
        return change.revision == 1 and gone is None

    def _fold(self, entry: Entry, line: Line) -> None:
        db = self.index.db
        db.execute("BEGIN")
        try:
            self.index.apply(entry, line)
        except (ValueError, sqlite3.Error) as error:
            db.execute("ROLLBACK")
            self._stop(str(error))
        else:
            db.execute("COMMIT")
            self.tree.append(leaf_hash(line.content))
            self.head, self.last = Head(entry.seq, line.segment, line.end), line
            self.roots.note(self.tree)

    def _fitting(self, states: list[State]) -> list[State]:
        """The states, once it is sure that an index can take them."""
        db = self.index.db
        db.execute("BEGIN")
        try:
            for state in states:
                self.index.put(state.change.kind, state.change.id, state.record, new=False)
        finally:
            db.execute("ROLLBACK")
        return states

    def _stop(self, reason: str) -> None:
        self.reason = self.reason or reason

    def _take_later(self, entry: Entry, states: list[State]) -> None:
        self.later += self._fitting(states)
        self.seen.add(entry.seq)
        if entry.idempotency_key is not None:
            self.keys.append(entry.idempotency_key)


def shown_by_files(records: RecordFiles, paths: Iterable[str], source: Source) -> Iterator[State]:
    """The states that record files show, as far as each is what a writer would have written there."""
    for path in paths:
        source.mention(f"/{path}".encode())
        content = records.read_plain(path)
        if content is not None:
            source.mention(content)
            with contextlib.suppress(ValueError, TypeError, sqlite3.Error):
                change = _of_file(path, content)
                yield source.usable(change, "its file" + source.confirms(change))


def _of_file(path: str, content: bytes) -> Change:
    """The state in a record's file. Raises ValueError unless it is canonical and in its place."""
    kind, value = kind_of(path), parse(content)
    if not kind:
        raise ValueError("no record's file is there")
    record = msgspec.convert(value, KINDS[kind])
    if record_bytes(record) != content or relative_path(kind, record.id, value) != path:
        raise ValueError("it is not what a writer puts there")
    sha256 = sha256_hex(content)
    return Change(kind=kind, id=record.id, revision=record.revision, sha256=sha256, record=value)


def _state(change: Change, shown_by: str) -> State:
    """A change that is sound, with its record. Raises ValueError when its id is none that is given."""
    kind = KINDS[change.kind]
    if change.kind not in ("sku", "policy") and not number_of(change.id, change.kind):
        raise ValueError(f"{change.id} is no id that is given to a {change.kind}")
    record = None if change.record is None else msgspec.convert(change.record, kind)
    return State(change, record, shown_by)


def _alone(change: Change) -> Entry:
    """An entry of one change, to be judged as any entry is."""
    return Entry(seq=1, time=Timestamp("2000-01-01T00:00:00.000Z"), actor="-", action="-", changes=(change,))
