"""Laying down what archives hold: the ledger up to an entry, and what does not follow from it (format 14.1).

It is written into a folder that nobody uses yet. Every archive is looked at from its first byte to its last
before; what is read then has the digests that the manifests say, and the lines have their roots.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tcps import checkpoints
from tcps.backup import findings
from tcps.backup.manifest import STORE, Member
from tcps.backup.reading import Archive
from tcps.backup.wanted import time_of
from tcps.files import Disk
from tcps.ledger import SEGMENT_BYTES, Head, Ledger
from tcps.merkle import Signed, Tree, leaf_hash
from tcps.model import Timestamp
from tcps.verify.parallel import results, usable_cores

Note = Callable[[Tree], None]
"""Sees the ledger grow: the tree after each line."""
Told = Callable[[int], None]
"""Is told how many bytes more were taken from the archives."""


class Laid(NamedTuple):
    """What was laid down: where the ledger ends, the tree over its lines, the time of its last entry.

    `checkpoint` is the newest that the archives hold of it. It is not written: that comes after the record
    files, which it says are there.
    """

    head: Head
    tree: Tree
    time: Timestamp | None
    checkpoint: Signed | None = None


def lay(links: Sequence[Archive], seq: int, folder: Path, disk: Disk, note: Note, told: Told) -> Laid:
    """Write what a chain of archives holds up to an entry to a folder, whose ledger `note` sees grow.

    The archives were looked over. Nothing is synced. Raises UnsoundError for lines that are not those of the
    roots that the archives name; whether each is an entry is not asked.
    """
    newest, seen = _newest_artifacts(links), list[bytes]()
    lines = Lines(disk, folder / "ledger", seq, note)
    try:
        for number, archive in enumerate(links):
            blocks = [one for one in archive.manifest.members if one.first is not None]
            for member, pieces in archive.members({one.path for one in blocks}):
                if member.path.startswith("artifacts/"):
                    _write(disk, folder / member.path, pieces, wanted=newest.get(member.path) == number)
                elif member.path == STORE:
                    _write(disk, folder / STORE, pieces)
                else:
                    seen.append(b"".join(pieces))
                told(member.size)
            for content, leaves in _contents(archive, blocks):
                lines.write(archive.name, content, leaves)
                told(len(content))
            lines.require_end(archive)
    finally:
        lines.close()
    return lines.laid._replace(checkpoint=_kept(disk, folder, seen, seq))


class Lines:
    """Writes ledger lines as a store's writers lay them, in segments, up to an entry."""

    def __init__(
        self, disk: Disk, directory: Path, seq: int, note: Note, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.laid = Laid(Head(), Tree(), None)
        self._disk = disk
        self._ledger = Ledger(disk, directory)
        self._segment_bytes = segment_bytes
        self._seq = seq
        self._note = note
        self._tree = Tree()
        self._time: Timestamp | None = None
        self._segment = 1
        self._fd: int | None = disk.open_new(self._ledger.path(1))

    def write(self, archive: str, content: bytes, leaves: bytes) -> None:
        """Write more lines, whose leaf hashes these are; those after the last entry are not written."""
        start = at = 0
        seq, segment, offset = self.laid.head
        for leaf in (leaves[n : n + 32] for n in range(0, len(leaves), 32)):
            self._tree.append(leaf)
            if seq == self._seq:
                continue
            self._note(self._tree)
            if offset >= self._segment_bytes:
                self._append(segment, content[start:at])
                start, segment, offset = at, seq + 1, 0
            end = content.index(b"\n", at) + 1
            seq, offset, at = seq + 1, offset + end - at, end
            if seq == self._seq or end == len(content):
                time = time_of(archive, seq, content[content.rfind(b"\n", 0, end - 1) + 1 : end - 1])
                self.laid = Laid(Head(seq, segment, offset), Tree(seq, [*self._tree.frontier]), time)
        self._append(segment, content[start:at])
        last = content[content.rfind(b"\n", 0, len(content) - 1) + 1 : -1]
        self._time = time_of(archive, self._tree.size, last)

    def require_end(self, archive: Archive) -> None:
        """Raise UnsoundError unless an archive, all of which was given, ends with the root that it names."""
        wanted = archive.manifest.to.checkpoint(archive.manifest.store.origin)
        size, root, time = self._tree.size, self._tree.root(), archive.manifest.to.time
        if size != wanted.size:
            raise findings.malformed(archive.name, f"it ends at entry {size}, not at {wanted.size}")
        if root != wanted.root:
            raise findings.forked(archive.name, size, wanted.root.hex(), root.hex())
        if time != self._time:
            raise findings.malformed(archive.name, f"its last entry is of {self._time}, not of {time}")

    def close(self) -> None:
        """Give the descriptor back."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._disk.close(fd)

    def _append(self, segment: int, content: bytes) -> None:
        path = self._ledger.path(segment)
        if segment != self._segment:
            self.close()
            self._fd, self._segment = self._disk.open_new(path), segment
        if content:
            assert self._fd is not None
            self._disk.append(self._fd, content, path)


def _contents(archive: Archive, blocks: Sequence[Member]) -> Iterator[tuple[bytes, bytes]]:
    """The lines of every block, and their leaf hashes, read on all cores."""
    processes = min(usable_cores(), len(blocks)) or 1

    def start(number: int) -> Callable[[Member], tuple[bytes, bytes]]:
        mine = {one.path for one in blocks[number::processes]}
        members = archive.members({one.path for one in archive.manifest.members} - mine)
        return lambda _: _content(next(members)[1])

    return results(start, blocks, processes)


def _content(pieces: Iterable[bytes]) -> tuple[bytes, bytes]:
    content = b"".join(pieces)
    return content, b"".join(map(leaf_hash, content.split(b"\n")[:-1]))


def _newest_artifacts(links: Sequence[Archive]) -> dict[str, int]:
    """Which of the archives has the newest content of each artifact.

    What was a file may have become a folder since, or the other way round: then the later one counts.
    """
    newest: dict[str, int] = {}
    for number, archive in enumerate(links):
        paths = {one.path for one in archive.manifest.members if one.path.startswith("artifacts/")}
        above = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
        newest = {path: n for path, n in newest.items() if not (path in above or _is_below(path, paths))}
        newest |= dict.fromkeys(paths, number)
    return newest


def _is_below(path: str, paths: Container[str]) -> bool:
    return any(str(folder) in paths for folder in PurePosixPath(path).parents)


def _write(disk: Disk, path: Path, pieces: Iterable[bytes], *, wanted: bool = True) -> None:
    """Write a file; all pieces are taken, whether it is wanted or not."""
    fd = disk.open_new(path) if wanted else None
    try:
        for piece in pieces:
            if fd is not None:
                disk.append(fd, piece, path)
    finally:
        if fd is not None:
            disk.close(fd)


def _kept(disk: Disk, folder: Path, seen: Iterable[bytes], seq: int) -> Signed | None:
    """Write the signed checkpoints of the entries that are restored; gives the newest of all."""
    fitting = [one for one in map(Signed.parsed, seen) if one.checkpoint.size <= seq]
    fitting.sort(key=lambda one: (one.checkpoint.size, len(one.signatures)))
    signed = {one.checkpoint.size: one for one in fitting if one.signatures}
    for size, one in signed.items():
        _write(disk, folder / checkpoints.signed_name(size), [one.text().encode()])
    return fitting[-1] if fitting else None
