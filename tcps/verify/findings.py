"""What a verification has to say of the ledger, the checkpoint and the record files (interface 5)."""

from typing import Any, NamedTuple

from tcps.ledger import Ledger, Line
from tcps.merkle import Checkpoint, Tree
from tcps.rules.chain import Finding


class Place(NamedTuple):
    """Where a record's file belongs, its digest, and the entry that wrote it last."""

    path: str
    sha256: str
    seq: int


def of_file(name: str, place: Place, record_id: str, got: str | None, why: str) -> Finding:
    """A record file that is not as the ledger says; `got` is the SHA-256 of what is there."""
    return _finding(
        name,
        place.path,
        f"{record_id}: {why}",
        sequence=place.seq,
        expected=f"sha256:{place.sha256}",
        got=None if got is None else f"sha256:{got}",
    )


def extra(path: str) -> Finding:
    """A file that no ledger line knows."""
    return _finding("EXTRA", path, f"{path} is in the records folder and in no ledger line")


def undecided(paths: list[str]) -> Finding:
    """Files that cannot be judged, since lines that cannot be read may speak of them."""
    shown = ", ".join(paths[:3]) + (" …" if len(paths) > 3 else "")
    message = f"{len(paths)} record files cannot be judged beside a ledger that is damaged: {shown}"
    return _finding("UNREADABLE", "records", message, got=len(paths))


def of_ledger(ledger: Ledger, line: Line, seq: int, reason: str) -> Finding:
    """A ledger line that cannot be what was written."""
    path = f"ledger/{ledger.path(line.segment).name}"
    message = f"ledger entry {seq} at byte {line.offset} of {path} is damaged: {reason}"
    return _finding("EDITED" if line.whole else "TRUNCATED", path, message, sequence=seq)


def unreadable_checkpoint(origin: str, reason: object) -> Finding:
    """A checkpoint that is none, or one of another store."""
    return _finding("UNREADABLE", "checkpoint", f"the checkpoint cannot be read: {reason}", expected=origin)


def forked(checkpoint: Checkpoint, tree: Tree) -> Finding:
    """A ledger that is not the one that the checkpoint saw."""
    return _finding(
        "FORKED",
        "checkpoint",
        f"the first {checkpoint.size} ledger lines are not those of the checkpoint",
        expected=checkpoint.root.hex(),
        got=tree.root().hex(),
    )


def rolled_back(size: int, acknowledged: int) -> Finding:
    """A ledger that is shorter than it was."""
    message = f"the ledger ends at entry {size}; {acknowledged} entries were acknowledged"
    return _finding("ROLLED_BACK", "ledger", message, expected=acknowledged, got=size)


def _finding(name: str, path: str, message: str, **values: Any) -> Finding:
    return Finding(kind="integrity", class_=name, path=path, message=message, **values)
