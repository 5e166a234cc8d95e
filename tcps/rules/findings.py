"""What a verdict on a chain is made of, and what it says (domain 8.2)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tcps.model import Part, Receipt, ReceiptStatus, Stage, Timestamp


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
    """The result of checking a chain; integrity and completeness are independent.

    `receipts_newer` of its receipts are in no entry that an anchor covers.
    """

    sku_id: str
    findings: tuple[Finding, ...]
    receipts_checked: int
    receipts_newer: int
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
    """A receipt as the ledger holds it: where its file belongs, the file's digest, its link in the chain."""

    path: str
    sha256: str
    receipt_id: str
    sequence: int
    stage: Stage
    status: ReceiptStatus
    timestamp: Timestamp
    previous: str

    @classmethod
    def of(cls, receipt: Receipt, path: str, sha256: str) -> "Expected":
        """The receipt, whose file belongs at `path` and has this digest."""
        return cls(
            path=path,
            sha256=sha256,
            receipt_id=receipt.id,
            sequence=receipt.sequence,
            stage=receipt.stage,
            status=receipt.status,
            timestamp=receipt.timestamp,
            previous=receipt.previous,
        )


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
    wanted: Callable[[Expected], bytes]
    """The bytes that a file should have, as the ledger holds them."""
    counted: tuple[int, str] | None = None
    """How many receipts the SKU's own record counts, and the digest that it names as its newest."""
    andon_spans: Sequence[tuple[int, int]] = ()
    """When the SKU was under an Andon: start and end, in ms."""
    max_gap_hours: float = 24


def broken(name: str, expected: Expected, why: str, *, wanted: object = None, got: object = None) -> Finding:
    """The integrity finding on a receipt that the ledger holds; `why` is a sentence about it."""
    return Finding(
        kind="integrity",
        class_=name,
        path=expected.path,
        sequence=expected.sequence,
        stage=expected.stage,
        receipt_id=expected.receipt_id,
        expected=f"sha256:{expected.sha256}" if wanted is None else wanted,
        got=got,
        message=f"{expected.receipt_id}: {why}",
    )


def incomplete(name: str, receipt: Expected, why: str, wanted: object, got: object) -> Finding:
    """The completeness finding on a receipt; `why` is a sentence about it."""
    return Finding(
        kind="completeness",
        class_=name,
        sequence=receipt.sequence,
        stage=receipt.stage,
        receipt_id=receipt.receipt_id,
        expected=wanted,
        got=got,
        message=f"{receipt.receipt_id}: {why}",
    )
