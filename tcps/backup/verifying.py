"""Verification of archives: every byte is read, every line parsed, every root computed anew (format 13.6)."""

from collections.abc import Callable, Iterator

from tcps import checkpoints
from tcps.backup import findings
from tcps.backup.lines import Reader
from tcps.backup.manifest import STORE, Member
from tcps.backup.reading import Archive
from tcps.merkle import Checkpoint, Signed

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


def verify_alone(archive: Archive, progress: Progress = silent) -> None:
    """Check an archive for itself, without the one that it goes on from. Raises UnsoundError."""
    archive.require_sealed()
    check, done = _Check(archive), 0
    total = archive.manifest.content_bytes
    for member, pieces in archive.members():
        check.take(member, pieces)
        done += member.size
        progress("verifying", done, total)
    check.finish()


class _Check:
    """What the members of an archive must be, beside having the bytes that the manifest says.

    Checkpoints come before the ledger, since members are sorted.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._checkpoints: list[tuple[Member, Checkpoint]] = []
        self._reader: Reader | None = None

    def take(self, member: Member, pieces: Iterator[bytes]) -> None:
        """Look at the next member."""
        if member.first is not None:
            for _ in self._lines().read(member, pieces):
                pass
        elif member.path.startswith("artifacts/"):
            for _ in pieces:
                pass
        else:
            self._take_small(member, b"".join(pieces))

    def finish(self) -> None:
        """Look at the whole."""
        reader, manifest = self._lines(), self._archive.manifest
        reader.finish()
        after = 0 if manifest.from_ is None else manifest.from_.seq
        for member, one in self._checkpoints:
            root = reader.roots.at(one.size)
            if one.size > manifest.to.seq or (one.size > after and root != one.root):
                why = f"is not of the first {one.size} ledger lines"
                raise findings.member("FORKED", self._archive.name, member.path, why)

    def _lines(self) -> Reader:
        if self._reader is None:
            sizes = [one.size for _, one in self._checkpoints]
            self._reader = Reader(self._archive.manifest, self._archive.name, sizes)
        return self._reader

    def _take_small(self, member: Member, content: bytes) -> None:
        store, name = self._archive.manifest.store, self._archive.name
        if member.path == STORE:
            if content != store.content():
                raise findings.member(
                    "EDITED", name, member.path, "is not what the manifest says of the store"
                )
            return
        try:
            one = Signed.parsed(content).checkpoint
            if one.origin != store.origin:
                raise ValueError(f"it is of {one.origin}")
            if member.path not in (checkpoints.NEWEST, checkpoints.signed_name(one.size)):
                raise ValueError(f"it has size {one.size}")
        except ValueError as error:
            raise findings.member("EDITED", name, member.path, f"is no checkpoint: {error}") from None
        self._checkpoints.append((member, one))
