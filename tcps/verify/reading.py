"""The ledger as a verification reads it: every line from the first, nothing taken on trust."""

import contextlib
from collections.abc import Iterable, Iterator

import msgspec

from tcps.canonical import file_bytes, sha256_hex
from tcps.ledger import Change, Entry, Head, Ledger, Line, parse_line
from tcps.merkle import Tree, leaf_hash
from tcps.model import KINDS, AndonEvent, Policy, Receipt, Record, Sku
from tcps.projections.records import relative_path
from tcps.rules.chain import Expected, Finding
from tcps.verify import findings
from tcps.verify.anchors import Roots
from tcps.verify.findings import Place

Key = tuple[str, str]


class Reading:
    """What the ledger says, line by line; of `wanted` SKUs alone, or (None) of everything."""

    def __init__(self, ledger: Ledger, store_id: str, wanted: frozenset[str] | None) -> None:
        self.ledger = ledger
        self.store_id = store_id
        self.findings: list[Finding] = []
        self.places: dict[Key, Place] = {}
        self.removed: dict[str, int] = {}
        self.skus: set[str] = set()
        self.chains: dict[str, list[Expected]] = {}
        self.andons: dict[str, dict[str, AndonEvent]] = {}
        self.policy = Policy()
        self.tree = Tree()
        self.unreadable = 0
        self._wanted = wanted
        self._last = 0
        self._resync = False

    def read(self, roots: Roots, acknowledged: int) -> None:
        """Read to the end, past what cannot be what was written.

        The bytes of a line that is being written, or was torn before anybody was told, are no finding.
        """
        segment = 1
        for line in self.ledger.lines(Head()):
            try:
                if line.segment not in (segment, self._last + 1) and not self._resync:
                    raise ValueError(f"segment {line.segment} does not follow entry {self._last}")
                segment = line.segment
                self._read_line(line)
            except ValueError as error:
                if self._last >= acknowledged and not (line.whole and self._is_followed(line)):
                    break
                self._damaged(line, str(error))
            self.tree.append(leaf_hash(line.content))
            roots.note(self.tree)

    def states(self, keys: frozenset[Key]) -> Iterator[tuple[str, bytes]]:
        """The path and the file's bytes of every state that some records ever had."""
        for entry in self._entries():
            for change in entry.changes:
                if (change.kind, change.id) in keys and change.record is not None:
                    yield relative_path(change.kind, change.id, change.record), file_bytes(change.record)

    def _entries(self) -> Iterable[Entry]:
        for line in self.ledger.lines(Head()):
            with contextlib.suppress(ValueError):
                yield parse_line(line, None)

    def _is_followed(self, bad: Line) -> bool:
        """Whether a line that can be read stands after a bad one."""
        place = (bad.segment, bad.offset)
        later = (line for line in self.ledger.lines(Head()) if (line.segment, line.offset) > place)
        for line in later:
            try:
                parse_line(line, None)
            except ValueError:
                continue
            return True
        return False

    def _damaged(self, line: Line, reason: str) -> None:
        self.findings.append(findings.of_ledger(self.ledger, line, self._last + 1, reason))
        self.unreadable += 1
        self._resync = True

    def _read_line(self, line: Line) -> None:
        """Take an entry; after a line that cannot be read, one of any later number."""
        entry = parse_line(line, None)
        records = [_record(change) for change in entry.changes]
        if entry.seq != self._last + 1 and not (self._resync and entry.seq > self._last):
            raise ValueError(f"it has sequence number {entry.seq}, not {self._last + 1}")
        self._last, self._resync = entry.seq, False
        for change, record in zip(entry.changes, records, strict=True):
            self._take(change, record, entry.seq)

    def _take(self, change: Change, record: Record | None, seq: int) -> None:
        if record is None or change.sha256 is None:
            gone = self.places.pop((change.kind, change.id), None)
            if gone is not None:
                self.removed[gone.path] = seq
            return
        place = Place(relative_path(change.kind, change.id, change.record), change.sha256, seq)
        self.places[change.kind, change.id] = place
        self._keep(record, place)

    def _keep(self, record: Record, place: Place) -> None:
        if isinstance(record, Sku):
            self.skus.add(record.id)
        elif isinstance(record, Receipt):
            if self._wanted is None or record.sku_id in self._wanted:
                expected = Expected(path=place.path, sha256=place.sha256, receipt=record)
                self.chains.setdefault(record.sku_id, []).append(expected)
        elif isinstance(record, AndonEvent):
            self.andons.setdefault(record.sku_id, {})[record.id] = record
        elif isinstance(record, Policy):
            self.policy = record


def _record(change: Change) -> Record | None:
    """The record of a change; raises ValueError when it is none, or has another digest than stated."""
    kind = KINDS.get(change.kind)
    if kind is None:
        raise ValueError(f"it changes a record of the unknown kind {change.kind}")
    if change.record is None:
        return None
    if sha256_hex(file_bytes(change.record)) != change.sha256:
        raise ValueError(f"the digest that it states of {change.id} is not that of the record")
    record = msgspec.convert(change.record, kind)
    if record.id != change.id:
        raise ValueError(f"it holds {record.id} as {change.id}")
    return record
