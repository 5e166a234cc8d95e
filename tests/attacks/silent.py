"""What no verification of a store can find, file by file, and why: the whole list.

`docs/attacks.md` repeats it; `test_every_bit` checks that each of these is silent, and nothing else is.
"""

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from tcps.merkle import Signed

Content = bytes | None
"""What a file holds; None when it is gone."""


class Change(NamedTuple):
    """A file of a store and what it holds afterwards; `files` are all files as they were."""

    files: Mapping[str, bytes]
    path: str
    after: Content

    @property
    def before(self) -> bytes:
        return self.files.get(self.path, b"")


class Silent(NamedTuple):
    """Changes of a file that are not found: which file, which change, and the reason."""

    file: str
    change: str
    why: str
    covers: Callable[[Change], bool]
    """Whether a change of such a file is one of these."""


def _anything(change: Change) -> bool:
    return True


def _gone(change: Change) -> bool:
    return change.after is None


def _added(change: Change) -> bool:
    """Bytes after the last line, which are not the next entry."""
    return (change.after or b"").startswith(change.before)


def _other_time(change: Change) -> bool:
    """Another time of the same form."""
    field = rb'"created": "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"'
    time = re.search(field, change.after or b"")
    same = time is not None and re.sub(field, time[0], change.before) == change.after
    with contextlib.suppress(ValueError):
        return same and time is not None and bool(datetime.fromisoformat(time[1].decode()))
    return False


def _other_signer(change: Change) -> bool:
    """An earlier checkpoint whose signature says that it is by another key."""
    newest = max(path for path in change.files if path.startswith("checkpoints/"))
    if change.after is None or change.path == newest:
        return False
    with contextlib.suppress(ValueError):
        before, after = Signed.parsed(change.before), Signed.parsed(change.after)
        keys = [[(one.name, one.key_id) for one in signed.signatures] for signed in (before, after)]
        return before.checkpoint == after.checkpoint and keys[0] != keys[1] != []
    return False


def _remnant_of_note(change: Change) -> bool:
    """The same number with another boot, or a beginning of such a line, with zeros behind it."""
    if change.after is None or len(change.after) > 500:
        return False
    number, space, boot = change.after.rstrip(b"\0").partition(b" ")
    whole = re.fullmatch(rb"[!-~]*\n?", boot) is not None
    return whole and change.before.startswith(number + b" " if space else number)


SILENT = (
    Silent(
        "index.sqlite, index.sqlite-wal, index.sqlite-shm",
        "any of which SQLite makes a sound index with the ledger's records",
        "no verdict rests on the index (format 10.3); it can be removed at any time",
        _anything,
    ),
    Silent("lock", "any", "its content is a note for people (format 8.5)", _anything),
    Silent(
        "records.lock",
        "another boot id; a beginning of its line; zeros behind it, up to 500 bytes",
        "a restart changes the one, a power cut can leave the others (format 5.3): then it counts for no more"
        " than the checkpoint",
        _remnant_of_note,
    ),
    Silent(
        "ledger/NNNNNNNNNNNN.jsonl, the last one",
        "bytes added that are not the next entry",
        "a crash can leave them, and nobody was told of them (format 4.6); the next writer cuts them off",
        _added,
    ),
    Silent("store.json", "another time in `created`", "nothing rests on it (format 2.1)", _other_time),
    Silent(
        "checkpoints/NNNNNNNNNNNN",
        "removed",
        "a crash can leave the newest one unwritten (format 9.2); an earlier one is for whoever asks for it",
        _gone,
    ),
    Silent(
        "checkpoints/NNNNNNNNNNNN, but for the newest",
        "a signature that says that it is by another key",
        "keys may change (format 9.3); the checkpoint itself is compared with the ledger all the same",
        _other_signer,
    ),
    Silent("ledger/torn/", "any", "it was cut off and is no part of the ledger (format 4.6)", _anything),
    Silent("quarantine/", "any", "it was put aside and is no part of the store (format 5.6)", _anything),
)


def silent(change: Change) -> Silent | None:
    """The reason why a change of a file is not found; None for one that must be."""
    return next((one for one in SILENT if _is_of(one.file, change.path) and one.covers(change)), None)


def _is_of(file: str, path: str) -> bool:
    names = [name for name in file.split(", ") if " " not in name]
    patterns = [
        re.escape(name).replace("N" * 12, "[0-9]{12}") + (".*" if name[-1] == "/" else "") for name in names
    ]
    return any(re.fullmatch(pattern, path) for pattern in patterns)
