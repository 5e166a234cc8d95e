"""Judging one shard: its rows are put in order, its folders listed, its files and chains looked at."""

from collections.abc import Iterable
from typing import NamedTuple

from tcps.rules.chain import Verdict
from tcps.rules.findings import Finding
from tcps.verify import indexed
from tcps.verify.case import Case
from tcps.verify.chains import Chains, Sku
from tcps.verify.newer import Newer
from tcps.verify.others import History, Others
from tcps.verify.rows import AnyRow, Promise, SkuState, Span


class Shard(NamedTuple):
    """A shard by its number, and what is there of it: folders, and files outside of them."""

    number: int
    folders: list[str]
    files: list[tuple[str, bool]]


class Judged(NamedTuple):
    """What came of one shard: verdicts, findings beside them, counts; its share of the index's digest."""

    verdicts: list[Verdict]
    findings: list[Finding]
    records: int
    skus: int
    receipts: int
    receipts_newer: int
    files_read: int
    digest: int


class Judge:
    """Judges shards; whoever does it needs nothing that another one does."""

    def __init__(self, case: Case) -> None:
        self._case = case
        newer = Newer(case.reading.ledger, case.reading.head)
        self._chains = Chains(case, newer)
        self._others = Others(case, newer)

    def __call__(self, shard: Shard) -> Judged:
        """Judge a shard."""
        skus, records = _in_order(self._case.reading.rows(shard.number))
        receipts, others = self._files(shard, skus)
        self._chains.files_read = self._others.files_read = 0
        verdicts = [self._chains.verdict(sku_id, skus[sku_id], receipts[sku_id]) for sku_id in sorted(skus)]
        wrong = self._others.findings(records, others) if self._case.whole else []
        promised = sum(len(sku.promises) for sku in skus.values())
        alive = sum(history[-1].sha256 is not None for history in records)
        return Judged(
            verdicts=[verdict for verdict in verdicts if verdict is not None],
            findings=wrong,
            records=promised + (alive if self._case.whole else 0),
            skus=len(skus),
            receipts=promised,
            receipts_newer=sum(self._chains.newer(sku) for sku in skus.values()),
            files_read=self._chains.files_read + self._others.files_read,
            digest=indexed.share(
                self._case.indexed, records, (p for sku in skus.values() for p in sku.promises)
            ),
        )

    def _files(self, shard: Shard, skus: Iterable[str]) -> tuple[dict[str, dict[str, bool]], dict[str, bool]]:
        """The files in receipts folders of known SKUs by SKU, and all other files."""
        receipts: dict[str, dict[str, bool]] = {sku_id: {} for sku_id in skus}
        others = dict(shard.files)
        for folder in shard.folders:
            for path, plain in self._case.walk(folder):
                parts = path.split("/")
                chained = len(parts) >= 6 and parts[1] == "skus" and parts[4] == "receipts"
                (receipts[parts[3]] if chained and parts[3] in receipts else others)[path] = plain
        return receipts, others


def _in_order(rows: Iterable[AnyRow]) -> tuple[dict[str, Sku], list[History]]:
    """What a shard's rows say of each SKU, and the history of every record but receipts."""
    skus: dict[str, Sku] = {}
    records: dict[tuple[str, str], History] = {}
    spans: list[Span] = []
    for row in sorted(rows, key=lambda row: row.seq):
        if isinstance(row, Promise):
            skus.setdefault(row.sku_id, Sku([], {})).promises.append(row)
        elif isinstance(row, Span):
            spans.append(row)
        else:
            records.setdefault((row.kind, row.id), []).append(row)
            if isinstance(row, SkuState):
                skus[row.id] = skus.get(row.id, Sku([], {}))._replace(state=row)
    for span in spans:
        if span.sku_id in skus:
            skus[span.sku_id].spans[span.id] = span
    return skus, list(records.values())
