"""Laying down what archives hold: the ledger up to an entry, and what does not follow from it (format 14.1).

It is written into a folder that nobody uses yet. All that is read is compared with the manifests once
more, so what lies there in the end is what was proven before.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tcps import checkpoints
from tcps.backup.manifest import STORE
from tcps.backup.reading import Archive
from tcps.backup.short import split
from tcps.backup.wanted import time_of
from tcps.files import Disk
from tcps.ledger import SEGMENT_BYTES, Head, Ledger
from tcps.merkle import Signed, Tree, leaf_hash
from tcps.model import Timestamp

_BLOCK = 1024 * 1024
Note = Callable[[Tree, bytes], None]
"""Sees the ledger grow: the tree after each line, and the line's leaf hash."""
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
    """Write what a chain of archives holds up to an entry to a folder, which `note` sees.

    Nothing is synced. Raises UnsoundError when an archive is not what it was.
    """
    lines = Lines(disk, folder / "ledger", seq, note)
    newest, seen = _newest_artifacts(links), list[bytes]()
    try:
        for number, archive in enumerate(links):
            for member, pieces in archive.members():
                if member.first is not None:
                    lines.write(pieces)
                elif member.path.startswith("artifacts/"):
                    _write(disk, folder / member.path, pieces, wanted=newest.get(member.path) == number)
                elif member.path == STORE:
                    _write(disk, folder / STORE, pieces)
                else:
                    seen.append(b"".join(pieces))
                told(member.size)
        laid = lines.finish()
    finally:
        lines.close()
    return laid._replace(checkpoint=_kept(disk, folder, seen, seq))


class Lines:
    """Writes ledger lines as a store's writers lay them, in segments, up to an entry."""

    def __init__(
        self, disk: Disk, directory: Path, seq: int, note: Note, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._disk = disk
        self._ledger = Ledger(disk, directory, segment_bytes)
        self._seq = seq
        self._note = note
        self._tree = Tree()
        self._head = Head()
        self._last: bytes | None = None
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._fd: int | None = disk.open_new(self._ledger.path(1))

    def write(self, pieces: Iterable[bytes]) -> None:
        """Write more lines; those after the last entry are taken, and not written."""
        for lines in split(pieces):
            for content in lines[: self._seq - self._tree.size]:
                self._add(content)

    def finish(self) -> Laid:
        """Write what is left; where the ledger ends."""
        self._flush()
        return Laid(self._head, self._tree, None if self._last is None else time_of(self._last))

    def close(self) -> None:
        """Give the descriptor back."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._disk.close(fd)

    def _add(self, content: bytes) -> None:
        before = self._head.segment
        self._head, line = self._ledger.place(self._head, content)
        if line.segment != before:
            self._flush(before)
            self.close()
            self._fd = self._disk.open_new(self._ledger.path(line.segment))
        leaf = leaf_hash(content)
        self._tree.append(leaf)
        self._note(self._tree, leaf)
        self._waiting.append(content + b"\n")
        self._bytes += len(content) + 1
        self._last = content
        if self._bytes >= _BLOCK:
            self._flush(line.segment)

    def _flush(self, segment: int | None = None) -> None:
        if self._waiting:
            assert self._fd is not None
            path = self._ledger.path(self._head.segment if segment is None else segment)
            self._disk.append(self._fd, b"".join(self._waiting), path)
        self._waiting, self._bytes = [], 0


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
