"""One verification from its first look at the store to its report."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tcps.errors import TcpsError
from tcps.ledger import Ledger
from tcps.merkle import Checkpoint
from tcps.model import Timestamp
from tcps.projections.records import RecordFiles
from tcps.rules.findings import Finding
from tcps.verify import findings, graphs, indexed, layout
from tcps.verify.anchors import Anchor, Compared, Roots, compare, kept
from tcps.verify.case import Case
from tcps.verify.parallel import results, usable_cores
from tcps.verify.reading import Plan, Reading, plan
from tcps.verify.report import Report
from tcps.verify.rows import shard_of_sku, spills
from tcps.verify.shards import Judge, Judged, Shard
from tcps.verify.signatures import Signatures, Trust, judged

Progress = Callable[[str, int, int], None]
"""Is told what is looked at, `ledger`, `files` or `graph`, how much of it is done, and how much there is."""
_PAYS = 4 * 1024 * 1024
"""From which size of the ledger on it pays to use more than one process."""


class Scope(NamedTuple):
    """What is verified: a whole store, with a share of its files; or chains, of some SKUs or (None) all."""

    whole: bool
    sku_ids: frozenset[str] | None = None
    sample: float = 1

    def of(self, shards: Iterable[Shard]) -> list[Shard]:
        """The shards that are looked at, with the folders that are."""
        if self.whole:
            return list(shards)
        numbers = None if self.sku_ids is None else {shard_of_sku(sku_id) for sku_id in self.sku_ids}
        return [
            Shard(number, [f for f in folders if f == f"records/skus/{number:02x}"], [])
            for number, folders, _ in shards
            if numbers is None or number in numbers
        ]


class Start(NamedTuple):
    """What is known before anything is read (step 1).

    Entries up to `marked` are acknowledged by `records.lock`, up to `acknowledged` by that or by a
    checkpoint. Record files are written up to `written`, and `settled` when no restart came since.
    """

    records: RecordFiles
    origin: str
    store_id: str
    anchors: list[Anchor]
    marked: int
    acknowledged: int
    written: int
    settled: bool
    signatures: Signatures
    graphs: list[graphs.Named]
    findings: list[Finding]

    def roots(self) -> Roots:
        """The sizes at which the tree is looked at."""
        return Roots([self.acknowledged, *(anchor.checkpoint.size for anchor in self.anchors)])


def begin(records: RecordFiles, origin: str, store_id: str, anchors: Sequence[Anchor], trust: Trust) -> Start:
    """Step 1."""
    written, settled, marked = records.position(), records.is_settled(), records.acknowledged()
    own = kept(records.disk, records.root, origin)
    checkpointed = max((a.checkpoint.size for a in own.anchors()), default=0)
    signatures = judged(own.signed, trust)
    known = [*own.anchors(), *anchors]
    sizes = [anchor.checkpoint.size for anchor in known if anchor.checkpoint.origin == origin]
    return Start(
        records=records,
        origin=origin,
        store_id=store_id,
        anchors=known,
        marked=marked,
        acknowledged=max([marked, *sizes]),
        written=max(written, checkpointed),
        settled=settled,
        signatures=signatures,
        graphs=graphs.named(records, store_id),
        findings=own.findings
        + signatures.findings
        + layout.misplaced(records)
        + layout.note(records, checkpointed),
    )


def carry_out(
    start: Start, scope: Scope, now: Timestamp, progress: Progress | None, cores: int | None
) -> Report:
    """Steps 2 to 7, on so many `cores`, or (None) on as many as there are."""
    looked = _index(start, scope)
    ledger, told = Ledger(start.records.disk, start.records.root / "ledger"), progress or _silent
    planned = plan(ledger)
    processes = _processes(planned) if cores is None else cores
    with spills(processes, in_memory=processes == 1 and planned.bytes < _PAYS) as kept_rows:
        numbers = [*(graph.pointer.seq for graph in start.graphs), looked.seq]
        reading = Reading(ledger, start.records, start.roots(), start.acknowledged, numbers)
        reading.read(planned, scope.sku_ids, kept_rows, lambda done, total: told("ledger", done, total))
        compared = compare(start.anchors, start.origin, reading.roots, reading.tree)
        case = _case(start, scope, reading, now, compared.anchored, looked.seq)
        shards = scope.of(layout.shards(start.records))
        busy = [one for one in shards if one.folders or one.files or reading.has_rows(one.number)]
        found = _found(case, busy, processes, told)
    of_projections = _of_graphs(start, scope, reading, case, told) + _of_index(
        start, scope, looked, reading, found
    )
    report = _report(start, scope, reading, compared, found, looked, of_projections)
    if not report.intact and reading.was_withdrawn():
        raise TcpsError(
            "the newest ledger lines were taken back while they were verified", hint="verify again"
        )
    return report


def _of_graphs(start: Start, scope: Scope, reading: Reading, case: Case, progress: Progress) -> list[Finding]:
    """Step 6."""
    if not scope.whole:
        return []

    def told(done: int, total: int) -> None:
        progress("graph", done, total)

    return graphs.judged(start.graphs, reading.leaves, reading.tree.size, case.chosen, told)


def _of_index(
    start: Start, scope: Scope, looked: indexed.Looked, reading: Reading, found: Judged
) -> list[Finding]:
    """Step 7."""
    digest = None if reading.unreadable else found.digest
    wrong = indexed.judged(looked, reading.leaves, reading.tree.size, digest)
    return wrong if wrong and indexed.is_still(looked, _index(start, scope)) else []


def _index(start: Start, scope: Scope) -> indexed.Looked:
    if not scope.whole:
        return indexed.NONE
    return indexed.looked_at(start.records, start.store_id, settled=start.settled, sample=scope.sample)


def _report(
    start: Start,
    scope: Scope,
    reading: Reading,
    compared: Compared,
    found: Judged,
    looked: indexed.Looked,
    of_projections: list[Finding],
) -> Report:
    size = reading.tree.size
    wrong = [*start.findings, *reading.findings, *compared.findings]
    wrong += [findings.rolled_back(size, start.marked)] if size < start.marked else []
    wrong += layout.strangers(start.records) if scope.whole else []
    return Report(
        verdicts=found.verdicts,
        findings=wrong + _decided(found.findings, reading.unreadable > 0) + of_projections,
        size=size,
        root=reading.tree.root(),
        records_checked=found.records,
        skus=found.skus,
        receipts=found.receipts,
        files_read=found.files_read,
        graphs=len(start.graphs) if scope.whole else 0,
        indexed=looked.seq if looked.used else None,
        acknowledged=_acknowledged(start, reading),
        given=compared.given,
        consistent=compared.consistent,
        anchored=compared.anchored,
        receipts_newer=found.receipts_newer,
        signatures=start.signatures,
        salvaged=reading.salvaged,
        rolled_back=reading.rolled_back,
    )


def _processes(planned: Plan) -> int:
    return usable_cores() if planned.bytes >= _PAYS else 1


def _case(
    start: Start, scope: Scope, reading: Reading, now: Timestamp, anchored: int | None, indexed: int
) -> Case:
    return Case(
        records=start.records,
        reading=reading,
        store_id=start.store_id,
        now=now,
        written=start.written,
        settled=start.settled,
        anchored=anchored or 0,
        whole=scope.whole,
        every_verdict=not scope.whole,
        sample=scope.sample,
        indexed=indexed,
    )


def _found(case: Case, shards: list[Shard], processes: int, progress: Progress) -> Judged:
    """Steps 4 and 5: all shards together, in the order of SKU ids and of paths."""
    every = []
    for done, one in enumerate(results(lambda _: Judge(case), shards, processes), start=1):
        every.append(one)
        progress("files", done, len(shards))
    return Judged(
        verdicts=sorted((v for one in every for v in one.verdicts), key=lambda verdict: verdict.sku_id),
        findings=sorted((f for one in every for f in one.findings), key=lambda finding: finding.path or ""),
        records=sum(one.records for one in every),
        skus=sum(one.skus for one in every),
        receipts=sum(one.receipts for one in every),
        receipts_newer=sum(one.receipts_newer for one in every),
        files_read=sum(one.files_read for one in every),
        digest=sum(one.digest for one in every),
    )


def _decided(found: list[Finding], unreadable: bool) -> list[Finding]:
    """Without those of which a ledger line that cannot be read may be the explanation."""
    doubtful = [f.path or "" for f in found if f.class_ in ("EXTRA", "EDITED")] if unreadable else []
    if not doubtful:
        return found
    paths = frozenset(doubtful)
    return [*(f for f in found if f.path not in paths), findings.undecided(doubtful)]


def _acknowledged(start: Start, reading: Reading) -> Checkpoint:
    """The tree at the entries that were known as acknowledged, or at all that were read."""
    root = reading.roots.at(start.acknowledged)
    if root is None:
        return Checkpoint(start.origin, reading.tree.size, reading.tree.root())
    return Checkpoint(start.origin, start.acknowledged, root)


def _silent(what: str, done: int, total: int) -> None:
    pass
