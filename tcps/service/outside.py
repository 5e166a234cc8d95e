"""What a verifier knows from outside of a store: pinned keys, remembered and given anchors (format 9.3)."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tcps.errors import IntegrityError, TcpsError, Undecided
from tcps.files import Disk
from tcps.home import Home
from tcps.keys import VerifierKey
from tcps.merkle import Checkpoint
from tcps.merkle.checkpoint import checkpoints
from tcps.store import Store
from tcps.verify import Anchor, Trust

REMEMBERED = "the remembered checkpoint"
_PACKED = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"age-")
"""How what zstd and gzip have compressed begins: no checkpoint does."""


class Outside(NamedTuple):
    """A user's home, and what one command was given: files with anchors, keys beside the pinned ones.

    `accept_rollback` leaves out what is remembered, and remembers what is there now instead.
    """

    home: Home
    anchors: Sequence[str] = ()
    keys: Sequence[str] = ()
    require_signature: bool = False
    accept_rollback: bool = False

    def compared(self, origin: str) -> list[Anchor]:
        """The anchors of a store. Raises Undecided when one that should be there cannot be read."""
        given = [Anchor(path, one, outside=True) for path in self.anchors for one in _read(path)]
        known = None if self.accept_rollback else self.home.remembered(origin)
        return given if known is None else [*given, Anchor(REMEMBERED, known, outside=True)]

    def trust(self, origin: str) -> Trust:
        """The keys that the store must be signed by, if any is pinned or given."""
        given = [VerifierKey.parsed(text) for text in self.keys]
        return Trust([*given, *self.home.pinned(origin)], self.require_signature)

    def remember(self, store: Store, seen: Checkpoint) -> None:
        """Remember a checkpoint of a store that was found sound up to there; a failure is a notice."""
        try:
            self.home.remember(seen, also_older=self.accept_rollback)
        except (TcpsError, OSError) as error:
            store.notices.append(f"this checkpoint is not remembered: {error}")


def _read(path: str) -> list[Checkpoint]:
    try:
        with open(path, "rb") as file:
            beginning = file.read(4)
            packed = beginning.startswith(_PACKED)
            return [_of_archive(path)] if packed else checkpoints(beginning + file.read())
    except OSError as error:
        raise Undecided(f"no verdict: cannot read the anchor {path}: {error.strerror}") from error
    except (ValueError, IntegrityError) as error:
        raise Undecided(f"no verdict: {path} holds no checkpoint: {error}") from None


def _of_archive(path: str) -> Checkpoint:
    """The checkpoint that a backup's manifest holds, of a file that is what was written (format 13.3)."""
    from tcps.backup import Shelf  # only such an anchor pays for it
    from tcps.store.backups import at

    folder, name = os.path.split(os.path.realpath(path))
    archive = Shelf(at(Path(folder), Disk())).archive(name)
    archive.require_sealed()
    return archive.manifest.to.checkpoint(archive.manifest.store.origin)
