"""Verification of a store against docs/format.md: every byte is read again, no projection is trusted.

Steps:

1. store.json names the store and a format that this program knows;
2. note up to where the record files are written, then take the digest of every file (in this order,
   so that a store in use is judged fairly: a line is in the ledger before its file is on disk);
3. read every ledger line: canonical, numbered without a gap, hashed into the Merkle tree;
4. the checkpoint's root is that of the first `size` lines;
5. every record of the ledger has its file with its digest, and there is no other file;
6. every SKU's chain is judged (`rules.chain`).

What is in the ledger and newer than step 2 may still be without its file. Every finding is listed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from tcps.errors import not_found
from tcps.files import Disk
from tcps.ledger import Change, Entry, Head, Ledger, Line, parse_line
from tcps.merkle import Checkpoint, Tree, leaf_hash
from tcps.model import AndonEvent, Json, Policy, Receipt, Timestamp
from tcps.projections.records import RecordFiles, is_temporary, relative_path
from tcps.rules.chain import Chain, Expected, Finding, Verdict, andon_span, judge
from tcps.rules.policy import setting

Key = tuple[str, str]


class Place(NamedTuple):
    """Where a record's file belongs, its digest, and the entry that wrote it last."""

    path: str
    sha256: str
    seq: int


class Report(NamedTuple):
    """The result of a verification: the chains, what is wrong beside them, and the tree over the ledger."""

    verdicts: list[Verdict]
    findings: list[Finding]
    size: int
    root: bytes
    records_checked: int

    @property
    def intact(self) -> bool:
        """Whether nothing is damaged or tampered with."""
        return not self.findings and all(verdict.intact for verdict in self.verdicts)


class Reading:
    """What the ledger says, line by line."""

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
        self.bad: Line | None = None
        self._needles = None if wanted is None else [f'"{sku_id}"'.encode() for sku_id in wanted]
        self._wanted = wanted

    def read(self, checkpoint: Checkpoint | None) -> None:
        """Read to the end; stop at the first line that cannot be what was written."""
        for line in self.ledger.lines(Head()):
            self.tree.append(leaf_hash(line.content))
            try:
                if not line.whole:
                    raise ValueError("its newline is missing")
                if self._concerns(line.content):
                    self._take(parse_line(line, self.tree.size))
            except (ValueError, msgspec.ValidationError) as error:
                self.bad = line
                self.findings.append(_of_ledger(self.ledger, line, self.tree.size, str(error)))
                return
            if checkpoint and checkpoint.size == self.tree.size and checkpoint.root != self.tree.root():
                self.findings.append(_forked(checkpoint, self.tree))

    def _concerns(self, content: bytes) -> bool:
        """Whether the line must be parsed: all of them, or only those that name a wanted SKU or the policy."""
        if self._needles is None:
            return True
        return b'"policy"' in content or any(needle in content for needle in self._needles)

    def _take(self, entry: Entry) -> None:
        for change in entry.changes:
            if change.record is None or change.sha256 is None:
                gone = self.places.pop((change.kind, change.id), None)
                if gone is not None:
                    self.removed[gone.path] = entry.seq
                continue
            path = relative_path(change.kind, change.id, change.record)
            place = Place(path, change.sha256, entry.seq)
            self.places[change.kind, change.id] = place
            self._keep(change, change.record, place)

    def _keep(self, change: Change, record: Json, place: Place) -> None:
        if change.kind == "sku":
            self.skus.add(change.id)
        elif change.kind == "receipt":
            receipt = msgspec.convert(record, Receipt)
            if self._wanted is None or receipt.sku_id in self._wanted:
                expected = Expected(path=place.path, sha256=place.sha256, receipt=receipt)
                self.chains.setdefault(receipt.sku_id, []).append(expected)
        elif change.kind == "andon_event":
            andon = msgspec.convert(record, AndonEvent)
            self.andons.setdefault(andon.sku_id, {})[andon.id] = andon
        elif change.kind == "policy":
            self.policy = msgspec.convert(record, Policy)


def verify_chains(
    folder: Path, disk: Disk, origin: str, store_id: str, sku_ids: Iterable[str], now: Timestamp
) -> Report:
    """The verdicts on some SKUs' chains. Raises NotFound for a SKU that the ledger does not know."""
    wanted = frozenset(sku_ids)
    records = RecordFiles(disk, folder, 0)
    written = records.position()
    found = {sku_id: records.receipts_of(sku_id) for sku_id in wanted}
    reading = Reading(Ledger(disk, folder / "ledger"), store_id, wanted)
    findings = _read(reading, folder, disk, origin, written)
    unknown = sorted(wanted - reading.skus)
    if unknown and not findings:
        raise not_found("sku", unknown[0])
    verdicts = [_verdict(reading, records, sku_id, found[sku_id], written, now) for sku_id in sorted(wanted)]
    receipts = sum(verdict.receipts_checked for verdict in verdicts)
    return Report(verdicts, findings, reading.tree.size, reading.tree.root(), receipts)


def verify_store(folder: Path, disk: Disk, origin: str, store_id: str, now: Timestamp) -> Report:
    """The whole store: ledger, checkpoint, every record file, every chain."""
    records = RecordFiles(disk, folder, 0)
    written = records.position()
    root = folder / "records"
    files = [path for path in disk.walk(root) if not is_temporary(path.name)]
    found = {path.relative_to(folder).as_posix(): disk.sha256(path) for path in files}
    reading = Reading(Ledger(disk, folder / "ledger"), store_id, None)
    findings = _read(reading, folder, disk, origin, written)
    receipts_found: dict[str, dict[str, str | None]] = {}
    for path, sha256 in found.items():
        parts = path.split("/")
        if len(parts) == 6 and parts[1] == "skus" and parts[4] == "receipts":
            receipts_found.setdefault(parts[3], {})[path] = sha256
    verdicts = [
        _verdict(reading, records, sku_id, receipts_found.pop(sku_id, {}), written, now)
        for sku_id in sorted(reading.skus)
    ]
    in_chains = {path for verdict in verdicts for path in _paths_of(reading, verdict.sku_id)}
    strays = {path for files_of in receipts_found.values() for path in files_of}
    others = {
        path: sha256
        for path, sha256 in found.items()
        if path not in in_chains and (path in strays or not _in_receipts(path))
    }
    findings += _files(reading, folder, disk, others, written)
    return Report(verdicts, findings, reading.tree.size, reading.tree.root(), len(reading.places))


def _read(reading: Reading, folder: Path, disk: Disk, origin: str, written: int) -> list[Finding]:
    """Steps 3 and 4."""
    checkpoint, findings = _checkpoint(folder, disk, origin)
    reading.read(checkpoint)
    size = reading.tree.size - (1 if reading.bad else 0)
    acknowledged = max(written, checkpoint.size if checkpoint else 0)
    if reading.bad is not None and size >= acknowledged and not reading.bad.whole:
        reading.findings.pop()  # a line that is being written, or was torn before anybody was told
    elif size < acknowledged and reading.bad is None:
        findings.append(_rolled_back(size, acknowledged))
    return findings + reading.findings


def _checkpoint(folder: Path, disk: Disk, origin: str) -> tuple[Checkpoint | None, list[Finding]]:
    content = disk.read(folder / "checkpoint")
    if content is None:
        return None, []
    try:
        checkpoint = Checkpoint.parsed(content.decode())
        if checkpoint.origin != origin:
            raise ValueError(f"it is of {checkpoint.origin}")
        return checkpoint, []
    except ValueError as error:
        message = f"the checkpoint cannot be read: {error}"
        return None, [
            Finding(
                kind="integrity", class_="UNREADABLE", path="checkpoint", expected=origin, message=message
            )
        ]


def _verdict(
    reading: Reading,
    records: RecordFiles,
    sku_id: str,
    found: dict[str, str | None],
    written: int,
    now: Timestamp,
) -> Verdict:
    expected = reading.chains.get(sku_id, [])
    places = {promise.path: reading.places["receipt", promise.receipt.id] for promise in expected}
    for path, place in places.items():
        if place.seq > written:
            found.setdefault(path, place.sha256)
    andons = reading.andons.get(sku_id, {}).values()
    return judge(
        Chain(
            store_id=reading.store_id,
            sku_id=sku_id,
            expected=expected,
            found=found,
            read=records.read,
            andon_spans=[andon_span(andon, now) for andon in andons],
            max_gap_hours=setting(reading.policy, "max_gap_hours"),
        ),
        now,
    )


def _files(
    reading: Reading, folder: Path, disk: Disk, found: dict[str, str | None], written: int
) -> list[Finding]:
    """Step 5 for all records but receipts, which their chains account for."""
    findings, places = [], {}
    for (kind, record_id), place in reading.places.items():
        if kind == "receipt":
            continue
        places[place.path] = record_id
        got = found.get(place.path)
        if got == place.sha256 or place.seq > written:
            continue
        if disk.sha256(folder / place.path) == place.sha256:  # it was written meanwhile
            continue
        if place.path not in found:
            findings.append(_of_file("MISSING", place, record_id, None, "its file is gone"))
        elif got is None:
            findings.append(_of_file("UNREADABLE", place, record_id, None, "its file cannot be read"))
        else:
            findings.append(_of_file("EDITED", place, record_id, got, "its file was changed"))
    for path in sorted(set(found) - set(places)):
        if reading.removed.get(path, 0) <= written:
            message = f"{path} is in the records folder and in no ledger line"
            findings.append(Finding(kind="integrity", class_="EXTRA", path=path, message=message))
    return findings


def _of_file(name: str, place: Place, record_id: str, got: str | None, why: str) -> Finding:
    return Finding(
        kind="integrity",
        class_=name,
        path=place.path,
        sequence=place.seq,
        expected=f"sha256:{place.sha256}",
        got=None if got is None else f"sha256:{got}",
        message=f"{record_id}: {why}",
    )


def _of_ledger(ledger: Ledger, line: Line, seq: int, reason: str) -> Finding:
    path = f"ledger/{ledger.path(line.segment).name}"
    return Finding(
        kind="integrity",
        class_="EDITED" if line.whole else "TRUNCATED",
        path=path,
        sequence=seq,
        message=f"ledger entry {seq} at byte {line.offset} of {path} is damaged: {reason}",
    )


def _forked(checkpoint: Checkpoint, tree: Tree) -> Finding:
    return Finding(
        kind="integrity",
        class_="FORKED",
        path="checkpoint",
        expected=checkpoint.root.hex(),
        got=tree.root().hex(),
        message=f"the first {checkpoint.size} ledger lines are not those of the checkpoint",
    )


def _rolled_back(size: int, acknowledged: int) -> Finding:
    return Finding(
        kind="integrity",
        class_="ROLLED_BACK",
        path="ledger",
        expected=acknowledged,
        got=size,
        message=f"the ledger ends at entry {size}; {acknowledged} entries were acknowledged",
    )


def _paths_of(reading: Reading, sku_id: str) -> Iterable[str]:
    return (expected.path for expected in reading.chains.get(sku_id, []))


def _in_receipts(path: str) -> bool:
    return "/receipts/" in path
