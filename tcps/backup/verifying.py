"""Verification of archives: every byte is read, every line parsed, every root computed anew (format 13.7)."""

import hashlib
from collections.abc import Iterator, Mapping

from tcps import checkpoints
from tcps.backup import findings, lines
from tcps.backup.manifest import STORE, Member
from tcps.backup.progress import Progress, silent
from tcps.backup.reading import Archive
from tcps.merkle import Checkpoint, Signed
from tcps.verify.anchors import Roots


def prove_written(archive: Archive, written: Mapping[str, str]) -> None:
    """Check that an archive can be read, and gives the bytes whose SHA-256 is `written`. Raises UnsoundError.

    Of those it is known already that they are right.
    """
    archive.require_sealed()
    for member, pieces in archive.stored():
        sha256 = hashlib.sha256()
        for piece in pieces:
            sha256.update(piece)
        if sha256.hexdigest() != written[member.path]:
            raise findings.member("EDITED", archive.name, member.path, "has other bytes than were written")


def verify_alone(archive: Archive, progress: Progress = silent) -> None:
    """Check an archive for itself, without the one that it goes on from. Raises UnsoundError."""
    kept = look_over(archive)
    manifest, done = archive.manifest, 0
    time = None if manifest.from_ is None else manifest.from_.time
    tree, roots = manifest.start, Roots(one.size for _, one in kept.checkpoints)
    for block in lines.read(archive):
        if block.member.first != tree.size + 1:
            raise findings.malformed(archive.name, f"{block.member.path} follows entry {tree.size}")
        for leaf in block.leaf_hashes():
            tree.append(leaf)
            roots.note(tree)
        time, done = block.time, done + block.member.size
        progress("verifying", done, manifest.content_bytes)
    if tree.size != manifest.to.seq:
        raise findings.malformed(archive.name, f"it ends at entry {tree.size}, not at {manifest.to.seq}")
    if time != manifest.to.time:
        raise findings.malformed(archive.name, f"its last entry is of {time}, not of {manifest.to.time}")
    wanted = manifest.to.checkpoint(manifest.store.origin)
    if tree.root() != wanted.root:
        raise findings.forked(archive.name, tree.size, wanted.root.hex(), tree.root().hex())
    kept.require(roots)


def look_over(archive: Archive) -> "_Others":
    """Read every byte of an archive, and check all but what its lines say. Raises UnsoundError."""
    archive.require_sealed()
    kept = _Others(archive)
    kept.read()
    return kept


class _Others:
    """The members that hold no ledger lines."""

    def __init__(self, archive: Archive) -> None:
        self.checkpoints: list[tuple[Member, Checkpoint]] = []
        self._archive = archive

    def read(self) -> None:
        """Read them, and find the checkpoints."""
        blocks = {one.path for one in self._archive.manifest.members if one.first is not None}
        for member, pieces in self._archive.members(blocks):
            if member.path.startswith("artifacts/"):
                for _ in pieces:
                    pass
            else:
                self._take(member, pieces)

    def require(self, roots: Roots) -> None:
        """Raise UnsoundError unless the checkpoints are of the ledger."""
        manifest = self._archive.manifest
        after = 0 if manifest.from_ is None else manifest.from_.seq
        for member, one in self.checkpoints:
            if one.size > manifest.to.seq or (one.size > after and roots.at(one.size) != one.root):
                why = f"is not of the first {one.size} ledger lines"
                raise findings.member("FORKED", self._archive.name, member.path, why)

    def _take(self, member: Member, pieces: Iterator[bytes]) -> None:
        store, name, content = self._archive.manifest.store, self._archive.name, b"".join(pieces)
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
        self.checkpoints.append((member, one))
