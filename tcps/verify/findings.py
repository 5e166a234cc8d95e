"""What a verification has to say of the ledger, the checkpoint and the record files (interface 5)."""

import base64
from typing import Any, NamedTuple

from tcps.ledger import Ledger, Line
from tcps.merkle import Checkpoint
from tcps.rules.findings import Finding


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


def forked(name: str, checkpoint: Checkpoint, root: bytes) -> Finding:
    """A ledger that is not the one that a checkpoint saw; `root` is that of its first `size` lines."""
    return _finding(
        "FORKED",
        name,
        f"the first {checkpoint.size} ledger lines are not those of {_called(name)}",
        expected=_base64(checkpoint.root),
        got=_base64(root),
    )


def shorter_than(name: str, checkpoint: Checkpoint, size: int) -> Finding:
    """A ledger that has lost entries which a checkpoint saw."""
    message = f"the ledger ends at entry {size}; {_called(name)} has {checkpoint.size}"
    return _finding("ROLLED_BACK", name, message, expected=checkpoint.size, got=size)


def of_another_tree(name: str, checkpoint: Checkpoint, origin: str) -> Finding:
    """A checkpoint of another store's ledger."""
    message = f"{_called(name)} is of {checkpoint.origin}, not of {origin}"
    return _finding("FORKED", name, message, expected=checkpoint.origin, got=origin)


def rolled_back(size: int, acknowledged: int) -> Finding:
    """A ledger that is shorter than it was when record files were written from it."""
    message = f"the ledger ends at entry {size}; {acknowledged} entries were acknowledged"
    return _finding("ROLLED_BACK", "ledger", message, expected=acknowledged, got=size)


def _called(name: str) -> str:
    return "the checkpoint" if name == "checkpoint" else name


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()


def _finding(name: str, path: str, message: str, **values: Any) -> Finding:
    return Finding(kind="integrity", class_=name, path=path, message=message, **values)
