"""What a disk may hold after a power cut: a model of inodes, directory entries, and what was synced.

A file is an inode; the entry of a directory names one. A call changes the live disk at once, and the
medium when a sync covers it: of a file its bytes and its length, of a directory its entries. Until
then each change may have reached the medium or not, whatever became of the others.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

Image = dict[str, bytes | None]
"""What a disk holds, by path; None is a directory."""
Entries = dict[int, dict[str, int]]
"""The names in each directory, and the inodes that they name."""
ROOT = 0


class Write(NamedTuple):
    """Bytes put at an offset; a hole before them reads as zeros."""

    offset: int
    data: bytes

    def on(self, content: bytes) -> bytes:
        return content[: self.offset].ljust(self.offset, b"\0") + self.data + content[self.end :]

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


class Cut(NamedTuple):
    """A file's length set to `size`."""

    size: int

    def on(self, content: bytes) -> bytes:
        return content[: self.size].ljust(self.size, b"\0")


Change = Write | Cut


class Move:
    """One operation on directory entries: done whole or not at all, durable when all its directories are."""

    def __init__(self, *sets: tuple[int, str, int | None]) -> None:
        self.sets = list(sets)
        self.unsynced = {directory for directory, _, _ in sets}

    def on(self, entries: Entries) -> None:
        for directory, name, inode in self.sets:
            if inode is None:
                entries[directory].pop(name, None)
            else:
                entries[directory][name] = inode


class Medium:
    """A disk: what programs see of it (live), what is durable (safe), and the changes in between."""

    def __init__(self, image: Image | None = None) -> None:
        self.entries: Entries = {ROOT: {}}
        self.content: dict[int, bytes] = {}
        self.safe_entries: Entries = {ROOT: {}}
        self.safe_content: dict[int, bytes] = {}
        self.moves: list[Move] = []
        self.changes: dict[int, list[Change]] = {}
        self._inodes = 0
        for path, content in sorted((image or {}).items()):
            self._lay(path, content)
        self.sync()

    def find(self, path: str) -> int | None:
        """The inode that a path names on the live disk."""
        inode: int | None = ROOT
        for name in path.split("/") if path else ():
            inode = self.entries.get(inode, {}).get(name) if inode is not None else None
        return inode

    def new(self) -> int:
        """The number of an inode that is about to be made."""
        self._inodes += 1
        return self._inodes

    # What calls do

    def create(self, directory: int, name: str, inode: int) -> None:
        self._inodes = max(self._inodes, inode)
        self.content[inode] = self.safe_content[inode] = b""
        self._move(Move((directory, name, inode)))

    def mkdir(self, directory: int, name: str, inode: int) -> None:
        self._inodes = max(self._inodes, inode)
        self.entries[inode], self.safe_entries[inode] = {}, {}
        self._move(Move((directory, name, inode)))

    def rename(self, source: int, old: str, target: int, new: str) -> None:
        self._move(Move((source, old, None), (target, new, self.entries[source][old])))

    def remove(self, directory: int, name: str) -> None:
        self._move(Move((directory, name, None)))

    def change(self, inode: int, change: Change) -> None:
        self.content[inode] = change.on(self.content[inode])
        self.changes.setdefault(inode, []).append(change)

    def sync_file(self, inode: int) -> None:
        self.safe_content[inode] = self.content[inode]
        self.changes.pop(inode, None)

    def sync_directory(self, inode: int) -> None:
        for move in self.moves:
            move.unsynced.discard(inode)
        for move in [move for move in self.moves if not move.unsynced]:
            self._settle(move)

    def sync(self) -> None:
        self.safe_entries = {inode: dict(names) for inode, names in self.entries.items()}
        self.safe_content = dict(self.content)
        self.moves.clear()
        self.changes.clear()

    # What it may hold

    def live(self) -> Image:
        """What programs see: every change is there."""
        return self.image(self.entries, self.content.__getitem__)

    def entries_after(self, kept: Iterable[Move]) -> Entries:
        """The durable entries and those of some moves, which are in their order."""
        entries = dict(self.safe_entries)
        for move in kept:
            for directory, _, _ in move.sets:
                if entries[directory] is self.safe_entries[directory]:
                    entries[directory] = dict(entries[directory])
            move.on(entries)
        return entries

    def image(self, entries: Entries, content: Callable[[int], bytes]) -> Image:
        """The disk with these entries and this content of each inode."""
        return {path: None if inode in entries else content(inode) for path, inode in self.reached(entries)}

    def reached(self, entries: Entries) -> list[tuple[str, int]]:
        """Every path that these entries make, with the inode that it names."""
        paths: list[tuple[str, int]] = []
        todo = [("", ROOT)]
        while todo:
            start, directory = todo.pop()
            for name, inode in entries[directory].items():
                paths.append((start + name, inode))
                if inode in entries:
                    todo.append((f"{start}{name}/", inode))
        return paths

    def _lay(self, path: str, content: bytes | None) -> None:
        parent, _, name = path.rpartition("/")
        directory, inode = self.find(parent), self.new()
        assert directory is not None
        if content is None:
            self.mkdir(directory, name, inode)
        else:
            self.create(directory, name, inode)
            self.content[inode] = content

    def _move(self, move: Move) -> None:
        move.on(self.entries)
        self.moves.append(move)

    def _settle(self, move: Move) -> None:
        """Make a move durable; what an earlier one would do to the same entries no longer counts."""
        at = self.moves.index(move)
        names = {(directory, name) for directory, name, _ in move.sets}
        for earlier in self.moves[:at]:
            earlier.sets = [one for one in earlier.sets if one[:2] not in names]
        del self.moves[at]
        move.on(self.safe_entries)
