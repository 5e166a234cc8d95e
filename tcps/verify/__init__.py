"""Verification of a store against docs/format.md: every byte is read again, no projection is trusted.

Steps:

1. note up to where the ledger was acknowledged and the record files are written, and the checkpoint;
2. take the digest of every file (in this order, so that a store in use is judged fairly: a line is in
   the ledger before its file is on disk);
3. read every ledger line: canonical, numbered without a gap, each record with the digest that is
   stated of it, hashed into the Merkle tree;
4. the root of every checkpoint and anchor is that of the first `size` lines;
5. every record of the ledger has its file with its digest, and there is no other file;
6. every SKU's chain is judged (`rules.chain`).

What is in the ledger and newer than step 1 may still be without its file. Every finding is listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from tcps.canonical import record_bytes
from tcps.errors import not_found
from tcps.files import Disk
from tcps.ledger import Ledger
from tcps.merkle import Checkpoint
from tcps.model import Timestamp
from tcps.projections.records import RecordFiles, is_remnant
from tcps.rules.chain import Chain, Expected, Finding, Verdict, andon_span, judge
from tcps.rules.policy import setting
from tcps.verify import findings
from tcps.verify.anchors import Anchor, Compared, Roots, compare, kept
from tcps.verify.reading import Key, Reading
from tcps.verify.signatures import Signatures, Trust, judged

__all__ = ["Anchor", "Report", "Trust", "verify_chains", "verify_store"]

Found = Mapping[str, str | None]
"""SHA-256 of files by path; None for what is no plain file or cannot be read."""


class Report(NamedTuple):
    """The result of a verification: the chains, what is wrong beside them, and the tree over the ledger.

    `acknowledged` is the tree at the entries that were known as acknowledged when the verification
    began. `consistent` of the anchors outside of the store hold, the newest of size `anchored`;
    `receipts_newer` of the receipts are in no entry that it covers.
    """

    verdicts: list[Verdict]
    findings: list[Finding]
    size: int
    root: bytes
    records_checked: int
    acknowledged: Checkpoint
    consistent: int
    anchored: int | None
    receipts_newer: int
    signatures: Signatures

    @property
    def intact(self) -> bool:
        """Whether nothing is damaged or tampered with, and what was asked for could be decided."""
        return not self.findings and all(verdict.intact for verdict in self.verdicts)

    @property
    def undecided(self) -> bool:
        """Whether nothing is known to be wrong, and a needed key is missing."""
        verdicts_intact = all(verdict.intact for verdict in self.verdicts)
        return self.signatures.undecided and verdicts_intact and self.findings == self.signatures.findings


class _Start(NamedTuple):
    """What was known before the files and the ledger were read (step 1).

    `marked` is what `records.lock` says, `acknowledged` the most that it or a checkpoint says.
    """

    marked: int
    acknowledged: int
    written: int
    settled: bool
    anchors: list[Anchor]
    signatures: Signatures
    findings: list[Finding]

    def sizes(self) -> set[int]:
        """The sizes of the ledger that are of interest."""
        return {self.acknowledged, *(anchor.checkpoint.size for anchor in self.anchors)}


def verify_chains(
    folder: Path,
    disk: Disk,
    origin: str,
    store_id: str,
    sku_ids: Iterable[str] | None,
    now: Timestamp,
    *,
    boot: str | None = None,
    anchors: Sequence[Anchor] = (),
    trust: Trust | None = None,
) -> Report:
    """The verdicts on some SKUs' chains, or (None) on all that the ledger knows.

    Raises NotFound for a SKU that the ledger does not know.
    """
    wanted = None if sku_ids is None else frozenset(sku_ids)
    records = RecordFiles(disk, folder, 0, boot)
    start = _start(records, origin, anchors, trust or Trust())
    found = _receipt_files(records) if wanted is None else {s: records.receipts_of(s) for s in wanted}
    reading = Reading(Ledger(disk, folder / "ledger"), store_id, wanted)
    roots, compared = _read(reading, start, origin)
    wrong = start.findings + reading.findings + compared.findings
    unknown = sorted((wanted or frozenset()) - reading.skus)
    if unknown and not wrong:
        raise not_found("sku", unknown[0])
    judged = sorted(reading.skus if wanted is None else wanted)
    verdicts = [_verdict(reading, records, start, compared, s, found.get(s, {}), now) for s in judged]
    receipts = sum(verdict.receipts_checked for verdict in verdicts)
    return _report(reading, verdicts, wrong, receipts, roots, compared, start.signatures)


def verify_store(
    folder: Path,
    disk: Disk,
    origin: str,
    store_id: str,
    now: Timestamp,
    *,
    boot: str | None = None,
    anchors: Sequence[Anchor] = (),
    trust: Trust | None = None,
) -> Report:
    """The whole store: ledger, checkpoints, every record file, every chain."""
    records = RecordFiles(disk, folder, 0, boot)
    start = _start(records, origin, anchors, trust or Trust())
    found = records.all_files("records")
    reading = Reading(Ledger(disk, folder / "ledger"), store_id, None)
    roots, compared = _read(reading, start, origin)
    receipts, others = _by_sku(found, reading.skus)
    verdicts = [
        _verdict(reading, records, start, compared, sku_id, receipts.get(sku_id, {}), now)
        for sku_id in sorted(reading.skus)
    ]
    wrong = start.findings + reading.findings + compared.findings + _files(reading, records, start, others)
    return _report(reading, verdicts, wrong, len(reading.places), roots, compared, start.signatures)


def _report(
    reading: Reading,
    verdicts: list[Verdict],
    wrong: list[Finding],
    checked: int,
    acknowledged: Checkpoint,
    compared: Compared,
    signatures: Signatures,
) -> Report:
    return Report(
        verdicts=verdicts,
        findings=wrong,
        size=reading.tree.size,
        root=reading.tree.root(),
        records_checked=checked,
        acknowledged=acknowledged,
        consistent=compared.consistent,
        anchored=compared.anchored,
        receipts_newer=sum(verdict.receipts_newer for verdict in verdicts),
        signatures=signatures,
    )


def _read(reading: Reading, start: _Start, origin: str) -> tuple[Checkpoint, Compared]:
    """Steps 3 and 4; gives the tree at the entries that were acknowledged."""
    roots = Roots(start.sizes())
    reading.read(roots, start.acknowledged)
    compared = compare(start.anchors, origin, roots, reading.tree)
    size = reading.tree.size
    if size < start.marked:
        reading.findings.append(findings.rolled_back(size, start.marked))
    root = roots.at(start.acknowledged)
    if root is None:
        return Checkpoint(origin, size, reading.tree.root()), compared
    return Checkpoint(origin, start.acknowledged, root), compared


def _start(records: RecordFiles, origin: str, anchors: Sequence[Anchor], trust: Trust) -> _Start:
    written, settled = records.position(), records.is_settled()
    marked = records.acknowledged()
    own = kept(records.disk, records.root, origin)
    signatures = judged(own.signed, trust)
    compared = [*own.anchors(), *anchors]
    sizes = [anchor.checkpoint.size for anchor in compared if anchor.checkpoint.origin == origin]
    wrong = own.findings + signatures.findings
    return _Start(marked, max([marked, *sizes]), written, settled, compared, signatures, wrong)


def _receipt_files(records: RecordFiles) -> dict[str, dict[str, str | None]]:
    """The files of every receipts folder by SKU."""
    found: dict[str, dict[str, str | None]] = {}
    for path, sha256 in records.all_files("records/skus").items():
        parts = path.split("/")
        if len(parts) >= 6 and parts[4] == "receipts":
            found.setdefault(parts[3], {})[path] = sha256
    return found


def _by_sku(found: Found, skus: set[str]) -> tuple[dict[str, dict[str, str | None]], Found]:
    """The files in receipts folders of known SKUs by SKU, and all other files."""
    receipts: dict[str, dict[str, str | None]] = {}
    others: dict[str, str | None] = {}
    for path, sha256 in found.items():
        parts = path.split("/")
        in_chain = len(parts) >= 6 and parts[1] == "skus" and parts[4] == "receipts" and parts[3] in skus
        (receipts.setdefault(parts[3], {}) if in_chain else others)[path] = sha256
    return receipts, others


def _verdict(
    reading: Reading,
    records: RecordFiles,
    start: _Start,
    compared: Compared,
    sku_id: str,
    found: Found,
    now: Timestamp,
) -> Verdict:
    """Step 6."""
    expected, files = reading.chains.get(sku_id, []), dict(found)
    newer = 0
    for promise in expected:
        place = reading.places["receipt", promise.receipt.id]
        newer += place.seq > (compared.anchored or 0)
        if place.seq > start.written and _may_be_late(records, start, promise, files):
            files[promise.path] = place.sha256
    andons = reading.andons.get(sku_id, {}).values()
    chain = Chain(
        store_id=reading.store_id,
        sku_id=sku_id,
        expected=expected,
        found=files,
        read=records.read_plain,
        andon_spans=[andon_span(andon, now) for andon in andons],
        max_gap_hours=setting(reading.policy, "max_gap_hours"),
    )
    return replace(judge(chain, now), receipts_newer=newer)


def _may_be_late(records: RecordFiles, start: _Start, promise: Expected, found: Found) -> bool:
    """Whether a receipt's file is not written yet, or is a remnant that a power cut left of it."""
    if promise.path not in found:
        return True
    content = None if start.settled else records.read_plain(promise.path)
    return content is not None and is_remnant(content, record_bytes(promise.receipt))


def _files(reading: Reading, records: RecordFiles, start: _Start, found: Found) -> list[Finding]:
    """Step 5 for all records but receipts, which their chains account for."""
    wrong: list[Finding] = []
    places = {place.path: key for key, place in reading.places.items() if key[0] != "receipt"}
    late: dict[str, Key] = {}
    for path, key in places.items():
        place = reading.places[key]
        if found.get(path) == place.sha256 or records.sha256(path) == place.sha256:
            continue  # the second: it was written meanwhile
        if place.seq > start.written:
            late[path] = key
        else:
            wrong.append(_differs(reading, key, found))
    wrong += _never_so(reading, records, start, found, late)
    for path in sorted(found.keys() - places.keys()):
        if reading.removed.get(path, 0) <= start.written:
            wrong.append(findings.extra(path))
    return _decided(reading, wrong)


def _decided(reading: Reading, wrong: list[Finding]) -> list[Finding]:
    """Without those of which a ledger line that cannot be read may be the explanation."""
    doubtful = [f.path or "" for f in wrong if f.class_ in ("EXTRA", "EDITED")] if reading.unreadable else []
    if not doubtful:
        return wrong
    return [*(f for f in wrong if f.path not in doubtful), findings.undecided(doubtful)]


def _never_so(
    reading: Reading, records: RecordFiles, start: _Start, found: Found, late: dict[str, Key]
) -> list[Finding]:
    """Files behind the ledger that show no earlier state of their record, nor a remnant of one."""
    there = {path: key for path, key in late.items() if path in found}
    if not there:
        return []
    known: set[str] = set()
    for path, state in reading.states(frozenset(there.values())):
        content = records.read_plain(path)
        if content is not None and (content == state or (not start.settled and is_remnant(content, state))):
            known.add(path)
    return [_differs(reading, key, found) for path, key in there.items() if path not in known]


def _differs(reading: Reading, key: Key, found: Found) -> Finding:
    place, (_, record_id) = reading.places[key], key
    if place.path not in found:
        return findings.of_file("MISSING", place, record_id, None, "its file is gone")
    got = found[place.path]
    if got is None:
        return findings.of_file("UNREADABLE", place, record_id, None, "its file cannot be read")
    return findings.of_file("EDITED", place, record_id, got, "its file was changed")
