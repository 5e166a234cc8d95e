"""Verification of a store against docs/format.md: every byte is read again, no projection is trusted.

Steps:

1. note up to where the ledger was acknowledged and the record files are written; read the store's own
   checkpoints and their signatures (`anchors`, `signatures`);
2. read every ledger line: canonical, numbered without a gap, each record with the digest that is
   stated of it, hashed into the Merkle tree (`reading`); what it says is kept as rows (`rows`);
3. the root of every checkpoint and anchor is that of the first `size` lines;
4. list the folders, look at every file: each record of the ledger has its file with its digest, and
   there is no other file (`others`);
5. every SKU's chain is judged (`chains`, `rules.chain`);
6. every byte of a graph that is used is what was written, and the graph of an entry of the ledger
   (`graphs`);
7. the index that is used, which was read before step 2, is sound, of an entry of the ledger, and has the
   records that the ledger has up to there (`indexed`).

Steps 2 and 4 to 5 are done on all cores (`parallel`), the last two by shards. What is in the ledger and
newer than step 1 may still be without its file; a file that does not fit may be newer than step 2, so
what the ledger has since is read before that is called a finding (`newer`). Every finding is listed.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tcps.errors import not_found
from tcps.files import Disk
from tcps.model import Timestamp
from tcps.projections.records import RecordFiles
from tcps.verify.anchors import Anchor
from tcps.verify.report import Report
from tcps.verify.run import Progress, Scope, begin, carry_out
from tcps.verify.signatures import Trust

__all__ = ["Anchor", "Progress", "Report", "Trust", "verify_chains", "verify_store"]


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
    progress: Progress | None = None,
    cores: int | None = None,
) -> Report:
    """The verdicts on some SKUs' chains, or (None) on all that the ledger knows.

    Raises NotFound for a SKU that the ledger does not know. `cores` is for how many there are.
    """
    wanted = None if sku_ids is None else frozenset(sku_ids)
    start = begin(RecordFiles(disk, folder, 0, boot), origin, store_id, anchors, trust or Trust())
    report = carry_out(start, Scope(whole=False, sku_ids=wanted), now, progress, cores)
    unknown = sorted((wanted or frozenset()) - {verdict.sku_id for verdict in report.verdicts})
    if unknown and not report.findings:
        raise not_found("sku", unknown[0])
    return report


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
    progress: Progress | None = None,
    sample: float = 1,
    cores: int | None = None,
) -> Report:
    """The whole store: ledger, checkpoints, every record file, every chain, the index, the graphs in use.

    With a `sample` below 1 the content of that share of the files is looked at, taken at random; the
    ledger is read whole, and every file must be there, all the same.
    """
    start = begin(RecordFiles(disk, folder, 0, boot), origin, store_id, anchors, trust or Trust())
    return carry_out(start, Scope(whole=True, sample=sample), now, progress, cores)
