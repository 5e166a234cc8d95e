"""The index that answers lists: sound as a database, and with the records of the ledger (format 10.7).

One that would not be used is not looked at: who comes next makes it anew.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

from tcps.projections.index import Index, code
from tcps.projections.records import RecordFiles
from tcps.rules.findings import Finding
from tcps.verify import findings
from tcps.verify.others import History
from tcps.verify.rows import Promise

NAME = "index.sqlite"
_MODULUS = 1 << 128
_ROWS = "SELECT kind, id, seq, sha256, revision FROM record"


class Indexed(NamedTuple):
    """An index at one moment: of entry `seq`, whose leaf hash is `leaf`; the sum of its records' digests."""

    seq: int
    leaf: bytes
    digest: int


class Looked(NamedTuple):
    """The index that is used, if one is, and what is wrong with it by itself."""

    used: Indexed | None
    findings: list[Finding]

    @property
    def seq(self) -> int:
        """Up to which entry it is; 0 for none."""
        return 0 if self.used is None else self.used.seq


NONE = Looked(None, [])


def looked_at(records: RecordFiles, store_id: str, *, settled: bool, sample: float) -> Looked:
    """Read the index as it is at one moment; for a `sample` without the order of SQLite's own indexes.

    One that does not say of which boot it is, and was not `settled` since this one began, may be what a
    power cut has left: nobody uses it.
    """
    if records.disk.plain_size(records.root / NAME) is None:
        return NONE
    try:
        index = Index(records.root / NAME, store_id, records.boot)
        try:
            return _read(index, "integrity" if sample >= 1 else "quick")
        finally:
            index.close()
    except sqlite3.Error as error:
        damaged = settled and code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        return Looked(None, [findings.index_damaged(NAME, str(error))]) if damaged else NONE


def is_still(looked: Looked, again: Looked) -> bool:
    """Whether it is there yet when it is looked at `again`: it goes before lines are taken back."""
    return bool(again.findings) if looked.used is None else again.seq >= looked.seq


def _read(index: Index, check: str) -> Looked:
    index.db.execute("BEGIN")
    if not index.usable():
        return NONE
    (verdict,) = index.db.execute(f"PRAGMA {check}_check(1)").fetchone()
    if verdict != "ok":
        return Looked(None, [findings.index_damaged(NAME, verdict)])
    head = index.position()
    return Looked(Indexed(head.head.seq, head.leaf, _sum(index.db.execute(_ROWS))), [])


def share(seq: int, records: Iterable[History], receipts: Iterable[Promise]) -> int:
    """What some of the records, in the order of entries, add to the digest of an index of entry `seq`."""
    states = ([one for one in history if one.seq <= seq][-1:] for history in records)
    living = [one for newest in states for one in newest if one.sha256 is not None]
    promised = {one.id: one for one in receipts if one.seq <= seq}.values()
    total = _sum((one.kind, one.id, one.seq, one.sha256, one.revision) for one in living)
    return total + _sum(("receipt", one.id, one.seq, one.sha256, 1) for one in promised)


def judged(
    looked: Looked, leaves: Mapping[int, bytes | None], size: int, digest: int | None
) -> list[Finding]:
    """What is wrong with it beside a ledger of so many entries, of which `leaves` has the lines' hashes.

    `digest` is the sum of all `share`s; None where it cannot be told.
    """
    index = looked.used
    if index is None:
        return looked.findings
    if index.seq > size:
        return [findings.index_ahead(NAME, index.seq, size)]
    leaf = leaves.get(index.seq) or b""
    if leaf != index.leaf:
        return [findings.index_forked(NAME, index.seq, index.leaf.hex(), leaf.hex())]
    same = digest is None or digest % _MODULUS == index.digest
    return [] if same else [findings.index_differs(NAME, index.seq)]


def _sum(rows: Iterable[tuple[object, ...]]) -> int:
    """The sum of the rows' digests, so that their order does not matter."""
    digests = (blake2b(repr(row).encode(), digest_size=16).digest() for row in rows)
    return sum(map(_number, digests)) % _MODULUS


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")
