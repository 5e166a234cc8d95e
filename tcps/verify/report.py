"""The result of a verification."""

from typing import NamedTuple

from tcps.merkle import Checkpoint
from tcps.rules.chain import Verdict
from tcps.rules.findings import Finding
from tcps.verify.entries import RolledBack, Salvaged
from tcps.verify.signatures import Signatures


class Report(NamedTuple):
    """The result of a verification: verdicts, what is wrong beside the chains, the tree over the ledger.

    Of a whole store, `verdicts` has those of broken chains alone, so that it grows with the damage
    only. `acknowledged` is the tree at the entries that were known as acknowledged when the
    verification began. `consistent` of the `given` anchors outside of the store hold, the newest of size
    `anchored`; `receipts_newer` of the receipts are in no entry that it covers. Of `files_read` record
    files the content was looked at; so many `graphs` are used, and the index that is used is of entry
    `indexed`. `salvaged` are the entries that a salvage
    made: no finding, and no evidence.
    `rolled_back` are those by which restores say that later entries were given up.
    """

    verdicts: list[Verdict]
    findings: list[Finding]
    size: int
    root: bytes
    records_checked: int
    skus: int
    receipts: int
    files_read: int
    graphs: int
    indexed: int | None
    acknowledged: Checkpoint
    given: int
    consistent: int
    anchored: int | None
    receipts_newer: int
    signatures: Signatures
    salvaged: list[Salvaged]
    rolled_back: list[RolledBack]

    @property
    def intact(self) -> bool:
        """Whether nothing is damaged or tampered with, and what was asked for could be decided."""
        return not self.findings and all(verdict.intact for verdict in self.verdicts)

    @property
    def undecided(self) -> bool:
        """Whether nothing is known to be wrong, and a needed key is missing."""
        verdicts_intact = all(verdict.intact for verdict in self.verdicts)
        return self.signatures.undecided and verdicts_intact and self.findings == self.signatures.findings
