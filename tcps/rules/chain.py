"""The verdict on a SKU's chain of receipts (domain 8.2), from bytes and the ledger's word alone.

Steps, for one SKU:

1. every receipt that the ledger holds has a file in its place (MISSING, MISFILED, REORDERED);
2. the file's bytes have the digest of the ledger (EDITED, NONCANONICAL, TRUNCATED, UNREADABLE);
3. the folder holds no other file (EXTRA);
4. each receipt names the digest of the one before, the first one the genesis (FORKED);
5. sequences run from 1 without a gap, the SKU counts as many and names the newest one, time does not
   run backwards or ahead of now;
6. completeness: every stage has a receipt, the newest of each is pass, they are in stage order, and
   no two receipts are further apart than the policy allows, time under an Andon not counted.

Every finding is listed.
"""

from collections.abc import Iterable
from itertools import pairwise

from tcps.canonical import genesis
from tcps.model import HOUR_MS, SKEW_MS, STAGES, AndonEvent, ReceiptStatus, Timestamp, from_ms, to_ms
from tcps.rules.chain_files import files
from tcps.rules.findings import Chain, Expected, Finding, Verdict, broken, incomplete

__all__ = ["Chain", "Expected", "Finding", "Verdict", "andon_span", "broken_at", "covered", "judge"]


def judge(chain: Chain, now: Timestamp) -> Verdict:
    """The verdict on a chain at a moment."""
    held = {expected.stage for expected in chain.expected}
    findings = [*broken_at(chain, now), *_stages(chain), *_gaps(chain)]
    findings.sort(key=lambda finding: finding.sequence or 0)
    return Verdict(
        sku_id=chain.sku_id,
        findings=tuple(findings),
        receipts_checked=len(chain.expected),
        receipts_newer=len(chain.expected),
        missing_stages=tuple(stage for stage in STAGES if stage not in held),
        head=_head(chain),
    )


def broken_at(chain: Chain, now: Timestamp) -> list[Finding]:
    """The integrity findings alone (steps 1 to 5); none when the chain is intact."""
    return [*files(chain), *_links(chain), *_counted(chain), *_times(chain, now)]


def andon_span(andon: AndonEvent, now: Timestamp) -> tuple[int, int]:
    """When an Andon held its SKU: from its creation to its resolution, or to now, in ms."""
    end = andon.resolution.resolved_at if andon.resolution else now
    return to_ms(andon.created_at), to_ms(end)


def _links(chain: Chain) -> Iterable[Finding]:
    """Steps 4 and 5: contiguous sequences, each naming the digest before."""
    previous = genesis(chain.store_id, chain.sku_id)
    for number, expected in enumerate(chain.expected, start=1):
        if expected.sequence != number:
            why = f"it has sequence {expected.sequence} where {number} follows"
            yield broken("MISSING", expected, why, wanted=number, got=expected.sequence)
        if expected.previous != previous:
            why = "it does not name the digest of the receipt before"
            yield broken("FORKED", expected, why, wanted=previous, got=expected.previous)
        previous = f"sha256:{expected.sha256}"


def _counted(chain: Chain) -> Iterable[Finding]:
    """Step 5: the SKU counts these receipts, and names the last one as its head."""
    if chain.counted is None:
        return
    count, named = chain.counted
    head = _head(chain)
    if count == len(chain.expected) and named == head:
        return
    short = count > len(chain.expected)
    yield Finding(
        kind="integrity",
        class_="MISSING" if short else "FORKED",
        sequence=count if short else None,
        message=f"{chain.sku_id} counts {count} receipts and {named} as its newest; "
        f"the ledger has {len(chain.expected)}, the newest {head}",
        expected=named,
        got=head,
    )


def _head(chain: Chain) -> str:
    """The digest of the newest receipt, or the genesis digest."""
    return f"sha256:{chain.expected[-1].sha256}" if chain.expected else genesis(chain.store_id, chain.sku_id)


def _times(chain: Chain, now: Timestamp) -> Iterable[Finding]:
    latest = from_ms(to_ms(now) + SKEW_MS)
    before: Timestamp | None = None
    for expected in chain.expected:
        moment = expected.timestamp
        if moment > latest:
            why = f"its time {moment} lies in the future"
            yield broken("timestamp_in_future", expected, why, wanted=now, got=moment)
        if before is not None and moment < before:
            why = f"its time {moment} is earlier than {before} of the receipt before"
            yield broken("timestamp_decreasing", expected, why, wanted=before, got=moment)
        before = moment


def _stages(chain: Chain) -> Iterable[Finding]:
    newest = {receipt.stage: receipt for receipt in chain.expected}
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
            yield incomplete("stage_not_passed", receipt, why, ReceiptStatus.PASS, receipt.status)
    in_order = [newest[stage] for stage in STAGES if stage in newest]
    for first, second in pairwise(in_order):
        if second.sequence < first.sequence:
            why = f"{second.stage} (sequence {second.sequence}) came before {first.stage}"
            yield incomplete("order_violation", second, why, first.sequence, second.sequence)


def _gaps(chain: Chain) -> Iterable[Finding]:
    limit = chain.max_gap_hours * HOUR_MS
    for first, second in pairwise(chain.expected):
        start, end = to_ms(first.timestamp), to_ms(second.timestamp)
        gap = end - start - covered(chain.andon_spans, start, end)
        if gap > limit:
            hours = round(gap / HOUR_MS, 2)
            why = f"{hours} hours passed since the receipt before; {chain.max_gap_hours:g} are allowed"
            yield incomplete("gap_too_large", second, why, chain.max_gap_hours, hours)


def covered(spans: Iterable[tuple[int, int]], start: int, end: int) -> int:
    """How much of [start, end) lies in the spans, overlaps counted once."""
    covered, reached = 0, start
    for first, last in sorted(spans):
        low, high = max(first, reached), min(last, end)
        if high > low:
            covered += high - low
            reached = high
    return covered
