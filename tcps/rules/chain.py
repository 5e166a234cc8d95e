"""The verdict on a SKU's chain of receipts (domain 8.2), from bytes and the ledger's word alone.

Steps, for one SKU:

1. every receipt that the ledger holds has a file in its place (MISSING, MISFILED, REORDERED);
2. the file's bytes have the digest of the ledger (EDITED, NONCANONICAL, TRUNCATED, UNREADABLE);
3. the folder holds no other file (EXTRA);
4. each receipt names the digest of the one before, the first one the genesis (FORKED);
5. sequences run from 1 without a gap, time does not run backwards or ahead of now;
6. completeness: every stage has a receipt, the newest of each is pass, they are in stage order, and
   no two receipts are further apart than the policy allows, time under an Andon not counted.

Every finding is listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tcps.canonical import digest, file_bytes, genesis, parse, record_bytes
from tcps.model import HOUR_MS, SKEW_MS, STAGES, AndonEvent, Part, Receipt, ReceiptStatus, Timestamp, to_ms


class Finding(Part, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One thing that is wrong, with what was expected and what was got (interface 5)."""

    kind: str
    class_: str
    message: str
    path: str | None = None
    sequence: int | None = None
    stage: str | None = None
    receipt_id: str | None = None
    expected: Any = None
    got: Any = None


class Verdict(Part, frozen=True, kw_only=True):
    """The result of checking a chain; integrity and completeness are independent."""

    sku_id: str
    findings: tuple[Finding, ...]
    receipts_checked: int
    missing_stages: tuple[str, ...]
    head: str

    @property
    def intact(self) -> bool:
        """Whether every receipt is as the ledger says and linked to the one before."""
        return not any(finding.kind == "integrity" for finding in self.findings)

    @property
    def complete(self) -> bool:
        """Whether every stage has its receipt, in order, passed, and close enough in time."""
        return not any(finding.kind == "completeness" for finding in self.findings)


class Expected(Part, frozen=True, kw_only=True):
    """A receipt as the ledger holds it: where its file belongs and the digest of the file's bytes."""

    path: str
    sha256: str
    receipt: Receipt


class Chain(NamedTuple):
    """All that a verdict is made of."""

    store_id: str
    sku_id: str
    expected: Sequence[Expected]
    """By sequence."""
    found: Mapping[str, str | None]
    """SHA-256 of every file in the SKU's receipts folder by path; None for what is no readable file."""
    read: Callable[[str], bytes | None]
    """The bytes of a file that differs, to say in what."""
    andon_spans: Sequence[tuple[int, int]] = ()
    """When the SKU was under an Andon: start and end, in ms."""
    max_gap_hours: float = 24


def judge(chain: Chain, now: Timestamp) -> Verdict:
    """The verdict on a chain at a moment."""
    receipts = [expected.receipt for expected in chain.expected]
    absent = [stage for stage in STAGES if stage not in {receipt.stage for receipt in receipts}]
    findings = [
        *_files(chain),
        *_links(chain),
        *_times(chain, now),
        *_stages(chain, receipts),
        *_gaps(chain, receipts),
    ]
    findings.sort(key=lambda finding: finding.sequence or 0)
    newest = chain.expected[-1] if chain.expected else None
    return Verdict(
        sku_id=chain.sku_id,
        findings=tuple(findings),
        receipts_checked=len(receipts),
        missing_stages=tuple(absent),
        head=f"sha256:{newest.sha256}" if newest else genesis(chain.store_id, chain.sku_id),
    )


def andon_span(andon: AndonEvent, now: Timestamp) -> tuple[int, int]:
    """When an Andon held its SKU: from its creation to its resolution, or to now, in ms."""
    end = andon.resolution.resolved_at if andon.resolution else now
    return to_ms(andon.created_at), to_ms(end)


def _files(chain: Chain) -> Iterable[Finding]:
    """Steps 1 to 3: each expected file, then every file that nobody expects."""
    by_digest = {expected.sha256: expected for expected in chain.expected}
    for expected in chain.expected:
        if expected.path not in chain.found:
            yield _integrity("MISSING", expected, "its file is gone", got=None)
            continue
        got = chain.found[expected.path]
        if got == expected.sha256:
            continue
        content = chain.read(expected.path)
        if got is None or content is None:
            yield _integrity("UNREADABLE", expected, "its file cannot be read", got=None)
        else:
            yield _changed(expected, content, by_digest.get(got))
    places = {expected.path for expected in chain.expected}
    for path in sorted(set(chain.found) - places):
        yield _foreign(chain, path, by_digest)


def _changed(expected: Expected, content: bytes, other: Expected | None) -> Finding:
    """What happened to a file whose bytes are not those of the ledger."""
    got = digest(content)
    if other is not None:
        why = f"its file holds receipt {other.receipt.id} (sequence {other.receipt.sequence})"
        return _integrity("REORDERED", expected, why, got=got)
    wanted = record_bytes(expected.receipt)
    if len(content) < len(wanted) and wanted.startswith(content):
        why = f"its file ends after {len(content)} of {len(wanted)} bytes"
        return _integrity("TRUNCATED", expected, why, got=got)
    try:
        same = file_bytes(parse(content)) == wanted
    except (ValueError, TypeError):
        same = False
    if same:
        why = "its file says the same in other bytes (re-formatted, or a key given twice)"
        return _integrity("NONCANONICAL", expected, why, got=got)
    why = "its file was changed" + _where(wanted, content)
    return _integrity("EDITED", expected, why, got=got)


def _foreign(chain: Chain, path: str, by_digest: Mapping[str, Expected]) -> Finding:
    """A file that nobody expects there: a receipt from another place, or one that nobody knows."""
    sha256 = chain.found[path]
    other = None if sha256 is None else by_digest.get(sha256)
    if other is not None:
        why = f"{path} holds receipt {other.receipt.id}, which belongs in {other.path}"
        return Finding(
            kind="integrity",
            class_="MISFILED",
            path=path,
            sequence=other.receipt.sequence,
            stage=other.receipt.stage,
            receipt_id=other.receipt.id,
            expected=other.path,
            got=path,
            message=why,
        )
    got = None if sha256 is None else f"sha256:{sha256}"
    owner = _owner(chain.read(path))
    if owner is not None and owner != chain.sku_id:
        message = f"{path} says that it is a receipt of {owner}"
        return Finding(kind="integrity", class_="MISFILED", path=path, got=got, message=message)
    message = f"{path} is in the chain's folder and in no ledger line"
    return Finding(kind="integrity", class_="EXTRA", path=path, got=got, message=message)


def _owner(content: bytes | None) -> str | None:
    """The SKU that a receipt's file names; None when it is no such file."""
    try:
        value = None if content is None else parse(content)
    except ValueError:
        return None
    owner = value.get("sku_id") if isinstance(value, dict) else None
    return owner if isinstance(owner, str) else None


def _links(chain: Chain) -> Iterable[Finding]:
    """Steps 4 and 5: contiguous sequences, each naming the digest before."""
    previous = genesis(chain.store_id, chain.sku_id)
    for number, expected in enumerate(chain.expected, start=1):
        receipt = expected.receipt
        if receipt.sequence != number:
            why = f"it has sequence {receipt.sequence} where {number} follows"
            yield _integrity("MISSING", expected, why, wanted=number, got=receipt.sequence)
        if receipt.previous != previous:
            why = "it does not name the digest of the receipt before"
            yield _integrity("FORKED", expected, why, wanted=previous, got=receipt.previous)
        previous = f"sha256:{expected.sha256}"


def _times(chain: Chain, now: Timestamp) -> Iterable[Finding]:
    latest = to_ms(now) + SKEW_MS
    before: Timestamp | None = None
    for expected in chain.expected:
        moment = expected.receipt.timestamp
        if to_ms(moment) > latest:
            why = f"its time {moment} lies in the future"
            yield _integrity("timestamp_in_future", expected, why, wanted=now, got=moment)
        if before is not None and moment < before:
            why = f"its time {moment} is earlier than {before} of the receipt before"
            yield _integrity("timestamp_decreasing", expected, why, wanted=before, got=moment)
        before = moment


def _stages(chain: Chain, receipts: Sequence[Receipt]) -> Iterable[Finding]:
    newest = {receipt.stage: receipt for receipt in receipts}
    for stage in STAGES:
        receipt = newest.get(stage)
        if receipt is None:
            yield Finding(
                kind="completeness",
                class_="stage_missing",
                stage=stage,
                message=f"there is no receipt of {stage}",
            )
        elif receipt.status is not ReceiptStatus.PASS:
            why = f"the newest receipt of {stage} is {receipt.status}"
            yield _incomplete("stage_not_passed", receipt, why, ReceiptStatus.PASS, receipt.status)
    in_order = [newest[stage] for stage in STAGES if stage in newest]
    for first, second in pairwise(in_order):
        if second.sequence < first.sequence:
            why = f"{second.stage} (sequence {second.sequence}) came before {first.stage}"
            yield _incomplete("order_violation", second, why, first.sequence, second.sequence)


def _gaps(chain: Chain, receipts: Sequence[Receipt]) -> Iterable[Finding]:
    limit = chain.max_gap_hours * HOUR_MS
    for first, second in pairwise(receipts):
        start, end = to_ms(first.timestamp), to_ms(second.timestamp)
        gap = end - start - _covered(chain.andon_spans, start, end)
        if gap > limit:
            hours = round(gap / HOUR_MS, 2)
            why = f"{hours} hours passed since the receipt before; {chain.max_gap_hours:g} are allowed"
            yield _incomplete("gap_too_large", second, why, chain.max_gap_hours, hours)


def _covered(spans: Iterable[tuple[int, int]], start: int, end: int) -> int:
    """How much of [start, end) lies in the spans, overlaps counted once."""
    covered, reached = 0, start
    for first, last in sorted(spans):
        low, high = max(first, reached), min(last, end)
        if high > low:
            covered += high - low
            reached = high
    return covered


def _where(wanted: bytes, content: bytes) -> str:
    """The first line that differs, for a message."""
    pairs = zip(wanted.splitlines(), content.splitlines(), strict=False)
    for number, (line, other) in enumerate(pairs, start=1):
        if line != other:
            return f": line {number} is {other[:80]!r}, was {line[:80]!r}"
    return ""


def _integrity(
    name: str, expected: Expected, why: str, *, wanted: object = None, got: object = None
) -> Finding:
    receipt = expected.receipt
    return Finding(
        kind="integrity",
        class_=name,
        path=expected.path,
        sequence=receipt.sequence,
        stage=receipt.stage,
        receipt_id=receipt.id,
        expected=f"sha256:{expected.sha256}" if wanted is None else wanted,
        got=got,
        message=f"{receipt.id}: {why}",
    )


def _incomplete(name: str, receipt: Receipt, why: str, wanted: object, got: object) -> Finding:
    return Finding(
        kind="completeness",
        class_=name,
        sequence=receipt.sequence,
        stage=receipt.stage,
        receipt_id=receipt.id,
        expected=wanted,
        got=got,
        message=f"{receipt.id}: {why}",
    )
