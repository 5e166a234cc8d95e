"""What a verification has to say of the ledger, the checkpoint and the record files (interface 5)."""

import base64
from collections.abc import Sequence
from typing import Any

from tcps.keys import VerifierKey
from tcps.ledger import Ledger
from tcps.merkle import Checkpoint
from tcps.rules.findings import Finding
from tcps.verify.lines import Seen
from tcps.verify.rows import State


def of_file(name: str, path: str, state: State, got: str | None, why: str) -> Finding:
    """A record file that is not as the ledger says; `got` is the SHA-256 of what is there."""
    return _finding(
        name,
        path,
        f"{state.id}: {why}",
        sequence=state.seq,
        expected=f"sha256:{state.sha256}",
        got=None if got is None else f"sha256:{got}",
    )


def extra(path: str, sha256: str | None) -> Finding:
    """A file that no ledger line knows."""
    got = None if sha256 is None else f"sha256:{sha256}"
    return _finding("EXTRA", path, f"{path} is in the records folder and in no ledger line", got=got)


def foreign(path: str) -> Finding:
    """A name that is none of a store's."""
    return _finding("EXTRA", path, f"{path} is no part of a store")


def undecided(paths: list[str]) -> Finding:
    """Files that cannot be judged, since lines that cannot be read may speak of them."""
    shown = ", ".join(paths[:3]) + (" …" if len(paths) > 3 else "")
    message = f"{len(paths)} record files cannot be judged beside a ledger that is damaged: {shown}"
    return _finding("UNREADABLE", "records", message, got=len(paths))


def of_ledger(ledger: Ledger, line: Seen, seq: int) -> Finding:
    """A ledger line that cannot be what was written."""
    path = f"ledger/{ledger.path(line.segment).name}"
    message = f"ledger entry {seq} at byte {line.offset} of {path} is damaged: {line.reason}"
    return _finding("EDITED" if line.whole else "TRUNCATED", path, message, sequence=seq)


def no_plain_file(path: str) -> Finding:
    """A link, a folder, a device in the place of a file."""
    return _finding("UNREADABLE", path, f"{path} is no plain file")


def no_folder(path: str) -> Finding:
    """A link or anything else in the place of a folder of the store."""
    return _finding("UNREADABLE", path, f"{path} is no folder of the store's own, and may not be followed")


def leap(ledger: Ledger, state: State, before: int) -> Finding:
    """An entry that changes a record from revision `before` to another than the next, or after its end."""
    path = f"ledger/{ledger.path(state.segment).name}"
    message = f"ledger entry {state.seq} has revision {state.revision} of {state.id} after {before}"
    return _finding("EDITED", path, message, sequence=state.seq, expected=before + 1, got=state.revision)


def unreadable_note(content: bytes) -> Finding:
    """A `records.lock` that says nothing that a writer can have written."""
    shown = content[:80].decode("utf-8", "replace")
    message = f"records.lock does not say up to where the record files are written: {shown!r}"
    return _finding("UNREADABLE", "records.lock", message, got=shown)


def note_missing(checkpointed: int) -> Finding:
    """No `records.lock` beside a checkpoint, which was written after it."""
    message = f"records.lock is gone; it was there when the checkpoint of size {checkpointed} was written"
    return _finding("MISSING", "records.lock", message, expected=checkpointed)


def note_behind(seq: int, checkpointed: int) -> Finding:
    """A `records.lock` that names less than the checkpoint, before which it was synced."""
    message = f"records.lock names entry {seq}; the checkpoint, which is older, has {checkpointed}"
    return _finding("ROLLED_BACK", "records.lock", message, expected=checkpointed, got=seq)


def no_first_segment(path: str) -> Finding:
    """A ledger without its first segment, which is there from the beginning."""
    return _finding("MISSING", path, f"{path} is gone; every store has it")


def unfinished_salvage() -> Finding:
    """The plan of a salvage that is still there (format 5.7)."""
    return _finding("EXTRA", "salvage", "a salvage was interrupted; tcps repair --salvage finishes it")


def unreadable_checkpoint(name: str, origin: str, reason: object) -> Finding:
    """A checkpoint that is none, or one of another store."""
    return _finding("UNREADABLE", name, f"{_called(name)} cannot be read: {reason}", expected=origin)


def checkpoint_missing(signed: Sequence[int]) -> Finding:
    """No newest checkpoint beside signed ones of these sizes, which are kept after it."""
    message = f"the checkpoint is gone; one of size {max(signed)} was signed"
    return _finding("MISSING", "checkpoint", message, expected=max(signed))


def checkpoint_older(size: int, signed: Sequence[int]) -> Finding:
    """A newest checkpoint that is smaller than one that was signed."""
    message = f"the checkpoint has size {size}; one of size {max(signed)} was signed"
    return _finding("ROLLED_BACK", "checkpoint", message, expected=max(signed), got=size)


def misnamed_checkpoint(name: str, size: int) -> Finding:
    """A signed checkpoint whose file is not named for its size."""
    return _finding("MISFILED", name, f"{name} holds the checkpoint of size {size}", expected=f"{size:012d}")


def unsigned(name: str) -> Finding:
    """A file among the signed checkpoints that holds no signature."""
    return _finding("EDITED", name, f"{name} holds no signature; what is kept there is signed")


def signatures_differ(name: str) -> Finding:
    """A newest checkpoint that lacks a signature which its copy for good has; it gets them first."""
    message = f"the checkpoint lacks a signature that {name}, which was written after it, has"
    return _finding("EDITED", "checkpoint", message)


def bad_signature(name: str, key: VerifierKey) -> Finding:
    """A signature that says that it is by a pinned key, and is not."""
    message = f"the signature of {key.name} on {_called(name)} is not by the pinned key {key.key_id.hex()}"
    return _finding("BADSIG", name, message, expected=key.text())


def not_signed(keys: Sequence[VerifierKey], others: Sequence[str]) -> Finding:
    """No signature of a pinned key where one must be: NOKEY when others have signed, else MISSING."""
    wanted = ", ".join(f"{key.name} {key.key_id.hex()}" for key in keys)
    if not others:
        return _finding("MISSING", "checkpoint", f"no checkpoint is signed by the pinned key {wanted}")
    message = f"the checkpoints are signed by other keys than the pinned {wanted}"
    return _finding("NOKEY", "checkpoint", message, expected=wanted, got=", ".join(others))


def no_key_pinned(others: Sequence[str]) -> Finding:
    """A signature is required, and no key is pinned that could make it one."""
    signed = f"; they are signed by {', '.join(others)}" if others else ""
    message = f"no key is pinned for this store, so no signature on its checkpoints counts{signed}"
    return _finding("NOKEY", "checkpoint", message, got=", ".join(others) or None)


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


def graph_edited(path: str, expected: str, got: str) -> Finding:
    """A file of a graph that is not as it was written; `got` is the SHA-256 of what is there."""
    return _of_graph(
        "EDITED", path, "was changed since it was written", expected=f"sha256:{expected}", got=f"sha256:{got}"
    )


def graph_missing(path: str) -> Finding:
    """A file of a graph, or its folder, that is gone."""
    return _of_graph("MISSING", path, "is gone")


def graph_unreadable(path: str) -> Finding:
    """A link, a folder, a device in the place of a file of a graph."""
    return _of_graph("UNREADABLE", path, "is no plain file")


def graph_extra(path: str) -> Finding:
    """A file in a graph's folder that is none of it."""
    return _of_graph("EXTRA", path, "is no part of the graph")


def graph_forked(path: str, seq: int, expected: str, got: str) -> Finding:
    """A graph that was made of another ledger line than there is; both as leaf hashes in hex."""
    why = f"names a graph of another ledger entry {seq} than there is"
    return _of_graph("FORKED", path, why, sequence=seq, expected=expected, got=got)


def graph_ahead(path: str, seq: int, size: int) -> Finding:
    """A graph that was made of more entries than the ledger has."""
    why = f"names a graph of {seq} entries; the ledger ends at entry {size}"
    return _of_graph("ROLLED_BACK", path, why, expected=seq, got=size)


def index_damaged(path: str, why: str) -> Finding:
    """An index that is no sound database."""
    return _finding("EDITED", path, f"the index is damaged: {why}")


def index_differs(path: str, seq: int) -> Finding:
    """An index that has other records than the ledger up to the entry that it names."""
    message = f"the index has not the records that the ledger has up to entry {seq}"
    return _finding("EDITED", path, message, sequence=seq)


def index_forked(path: str, seq: int, expected: str, got: str) -> Finding:
    """A ledger with another line than the index has applied; both as leaf hashes in hex."""
    message = f"the index has applied another ledger entry {seq} than there is"
    return _finding("FORKED", path, message, sequence=seq, expected=expected, got=got)


def index_ahead(path: str, seq: int, size: int) -> Finding:
    """A ledger that has lost entries which the index has applied."""
    message = f"the ledger ends at entry {size}; the index has applied {seq}"
    return _finding("ROLLED_BACK", path, message, expected=seq, got=size)


def _of_graph(name: str, path: str, why: str, **values: Any) -> Finding:
    return _finding(name, path, f"{path} {why}; tcps ontology rebuild makes the graph anew", **values)


def _called(name: str) -> str:
    return "the checkpoint" if name == "checkpoint" else name


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()


def _finding(name: str, path: str, message: str, **values: Any) -> Finding:
    return Finding(kind="integrity", class_=name, path=path, message=message, **values)
