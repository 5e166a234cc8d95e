"""Cutting a damaged ledger and writing on after its sound beginning, so that an interruption does no harm.

The file `salvage` in the store's folder says what is to be done: after its own digest, where the ledger
is cut, and the lines that follow. It is written once everything that will be cut off is durable in
`quarantine/`, and removed when the salvage is over. While the ledger is being changed `records.lock`
names one entry more than there will be, so nobody reads from or writes to the store.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tcps.canonical import line_bytes, parse, plain, sha256_hex
from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.ledger import Head, Ledger, Line
from tcps.merkle import Tree, leaf_hash
from tcps.model import Part
from tcps.projections.records import RecordFiles

NAME = "salvage"
_ASIDE = re.compile(r"quarantine/[0-9A-Za-z.-]+")
_MOVED = re.compile(r"checkpoint|checkpoints/[^/.][^/]*|ledger/[0-9]{12}\.jsonl")


class Cut(Part, frozen=True, kw_only=True):
    """The ledger is kept up to `seq`, whose tree has the root `root`.

    `aside` is the folder below the store's with copies of what is cut off; checkpoints and odd segments,
    `moved`, go there whole.
    """

    seq: int
    segment: int
    offset: int
    root: str
    aside: str
    moved: tuple[str, ...]


class Journal:
    """A salvage of the ledger: its cut and the new lines after it."""

    def __init__(self, cut: Cut, lines: list[bytes]) -> None:
        self.cut = cut
        self.lines = lines
        self.head = Head(cut.seq, cut.segment, cut.offset)
        self.size = cut.seq + len(lines)

    @classmethod
    def made(cls, head: Head, tree: Tree, lines: list[bytes], **where: Any) -> "Journal":
        """The journal of a salvage that keeps the ledger up to `head`; `where` names what is put aside."""
        seq, segment, offset = head
        root = tree.root().hex()
        return cls(Cut(seq=seq, segment=segment, offset=offset, root=root, **where), lines)

    @classmethod
    def read(cls, disk: Disk, folder: Path) -> "Journal | None":
        """The journal of a salvage that was begun, None when there is none. Raises IntegrityError."""
        content = disk.read_plain(folder / NAME)
        if content is None:
            return None
        digest, _, rest = content.partition(b"\n")
        first, *lines = rest.removesuffix(b"\n").split(b"\n")
        try:
            if digest != sha256_hex(rest).encode():
                raise ValueError("its digest is another one")
            cut = msgspec.convert(parse(first), Cut)
            if not (_ASIDE.fullmatch(cut.aside) and all(map(_MOVED.fullmatch, cut.moved))):
                raise ValueError("it leads out of the store's folder")
        except ValueError as error:
            raise IntegrityError(
                f"{folder / NAME}, the plan of a salvage that was interrupted, is damaged: {error}",
                hint="put the store back from a copy; what was cut off is in quarantine/",
            ) from None
        return cls(cut, lines)

    def write(self, disk: Disk, ledger: Ledger, folder: Path) -> None:
        """Copy what will be cut off, and then write the journal; all durable."""
        for segment, rest in self._cut_off(ledger):
            disk.replace_durably(self._copy(folder, segment), rest)
        aside = folder / self.cut.aside
        for name in (*self.cut.moved, "ledger/any"):
            disk.make_dirs((aside / name).parent)
        for directory in (aside / "ledger", aside / "checkpoints", aside, aside.parent, folder):
            if directory.is_dir():
                disk.sync_dir(directory)
        content = b"".join(line + b"\n" for line in [line_bytes(plain(self.cut)), *self.lines])
        disk.replace_durably(folder / NAME, f"{sha256_hex(content)}\n".encode() + content)

    def finish(self, disk: Disk, ledger: Ledger, records: RecordFiles) -> bool:
        """Change the ledger as far as that is not done; False when it is another one by now.

        The writer's lock and that of the record files are held.
        """
        placed = self._placed(ledger)
        if not all(map(_is_in(ledger), placed)):
            if not self._is_as_it_was(disk, ledger, records.root, placed):
                return False
            records.restate(max(self.size + 1, records.acknowledged()))
            self._change(disk, ledger, records.root, placed)
        ledger.sync_end()
        if ledger.length() == (placed[-1].segment, placed[-1].end) and records.acknowledged() > self.size:
            records.restate(self.size)
        return True

    def drop(self, disk: Disk, folder: Path, *, done: bool) -> None:
        """Take the journal away: for good when it is `done`, else to what else was put aside."""
        if done:
            disk.remove(folder / NAME)
        else:
            disk.rename(folder / NAME, folder / self.cut.aside / NAME)
        disk.sync_dir(folder)

    def _change(self, disk: Disk, ledger: Ledger, folder: Path, placed: list[Line]) -> None:
        for name in self._to_move(folder):
            disk.rename(folder / name, folder / self.cut.aside / name)
            disk.sync_dir((folder / self.cut.aside / name).parent)
            disk.sync_dir((folder / name).parent)
        disk.make_dirs(ledger.directory)
        ledger.undo(self.head)
        ledger.sync(ledger.append(self.head, placed))
        disk.sync_dir(ledger.directory)
        disk.sync_dir(folder)

    def _placed(self, ledger: Ledger) -> list[Line]:
        head, placed = self.head, []
        for content in self.lines:
            head, line = ledger.place(head, content)
            placed.append(line)
        return placed

    def _is_as_it_was(self, disk: Disk, ledger: Ledger, folder: Path, placed: list[Line]) -> bool:
        """Whether the beginning is there, and after it what was put aside or a beginning of the new lines."""
        tree = Tree()
        for segment in self._segments(ledger):
            for line in ledger.lines_of(segment, 0):
                if tree.size < self.cut.seq:
                    tree.append(leaf_hash(line.content))
        if tree.root().hex() != self.cut.root:
            return False
        for segment, rest in self._cut_off(ledger):
            own = b"".join(line.content + b"\n" for line in placed if line.segment == segment)
            if not own.startswith(rest) and rest != disk.read_plain(self._copy(folder, segment)):
                return False
        return True

    def _cut_off(self, ledger: Ledger) -> Iterator[tuple[int, bytes]]:
        """The bytes after the head by segment."""
        for segment in self._segments(ledger):
            if segment >= self.cut.segment:
                content = ledger.disk.read(ledger.path(segment)) or b""
                rest = content[self._start(segment) :]
                if rest:
                    yield segment, rest

    def _segments(self, ledger: Ledger) -> list[int]:
        """The segments without those that are still to be moved."""
        odd = self._to_move(ledger.directory.parent)
        return [s for s in ledger.segments() if f"ledger/{ledger.path(s).name}" not in odd]

    def _to_move(self, folder: Path) -> list[str]:
        """What is not yet put aside whole; what then has its name is new."""
        there = [name for name in self.cut.moved if os.path.lexists(folder / name)]
        return [name for name in there if not os.path.lexists(folder / self.cut.aside / name)]

    def _copy(self, folder: Path, segment: int) -> Path:
        return folder / self.cut.aside / "ledger" / f"{segment:012d}-{self._start(segment)}"

    def _start(self, segment: int) -> int:
        return self.cut.offset if segment == self.cut.segment else 0


def _is_in(ledger: Ledger) -> Any:
    return lambda line: (
        ledger.line_at(line.segment, line.offset, len(line.content) + 1) == line.content + b"\n"
    )
