"""The segments of the ledger: the files that its lines are appended to and read from (format 4)."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tcps.errors import IntegrityError, InvalidInput, TcpsError
from tcps.files import Disk
from tcps.ledger.lines import Head, Line

SEGMENT_BYTES = 64 * 1024 * 1024
"""A segment takes no further line once it has this many bytes (format 4.1)."""
LINE_BYTES = 64 * 1024 * 1024
"""The longest line: what one transaction may change at once (format 4.2)."""
MAY_BE_THERE = "the change may be there all the same: look before you repeat it"
"""The hint of an error after which lines stand in the ledger that nobody was told of."""
_BLOCK = 1024 * 1024
_SEGMENT = re.compile(r"([0-9]{12})\.jsonl", re.ASCII)


class Appended(NamedTuple):
    """Lines that were written and are not yet durable: the new head, the open descriptor."""

    head: Head
    fd: int


class Ledger:
    """The segments in one directory."""

    def __init__(self, disk: Disk, directory: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.disk = disk
        self.directory = directory
        self.segment_bytes = segment_bytes

    def segments(self) -> list[int]:
        """The first sequence number of each segment, ascending."""
        matches = map(_SEGMENT.fullmatch, self.disk.names(self.directory))
        return [int(match[1]) for match in matches if match]

    def path(self, segment: int) -> Path:
        """The file of the segment that starts with this sequence number."""
        return self.directory / f"{segment:012d}.jsonl"

    def length(self) -> tuple[int, int]:
        """The newest segment and its size: enough to see whether anything was appended."""
        segment = max(self.segments(), default=1)
        return segment, self.disk.size(self.path(segment))

    def lines(self, head: Head) -> Iterator[Line]:
        """Every line after `head`, segment by segment; the last one may not be whole."""
        for segment in self.segments():
            if segment == head.segment:
                yield from self.lines_of(segment, head.offset)
            elif segment > head.segment:
                yield from self.lines_of(segment, 0)

    def lines_of(self, segment: int, offset: int) -> Iterator[Line]:
        """The lines of one segment from a byte on."""
        path, pieces, read_to = self.path(segment), list[bytes](), offset
        while block := self.disk.read_at(path, read_to, _BLOCK):
            read_to += len(block)
            first, *others = block.split(b"\n")
            pieces.append(first)
            for piece in others:
                content = b"".join(pieces)
                yield Line(segment, offset, content)
                offset += len(content) + 1
                pieces = [piece]
        rest = b"".join(pieces)
        if rest:
            yield Line(segment, offset, rest, whole=False)

    def line_at(self, segment: int, offset: int, length: int) -> bytes:
        """The content of one line whose place is known."""
        return self.disk.read_at(self.path(segment), offset, length)

    def place(self, head: Head, content: bytes) -> tuple[Head, Line]:
        """Where the next line goes, and the head after it; raises `too_large` for a line over the limit."""
        if len(content) > LINE_BYTES:
            raise InvalidInput(
                f"one transaction would take {len(content)} bytes; the limit is {LINE_BYTES}",
                code="too_large",
                hint="make it in several transactions",
            )
        full = head.offset >= self.segment_bytes
        line = Line(head.seq + 1, 0, content) if full else Line(head.segment, head.offset, content)
        return Head(head.seq + 1, line.segment, line.end), line

    def append(self, start: Head, lines: list[Line]) -> Appended:
        """Write lines that were placed after `start`, opening segments as they fill; all or none.

        Not durable before `sync`, which must follow. The caller holds the writer's lock.
        """
        try:
            fd = self._write(start, lines)
        except TcpsError as error:
            try:
                self.undo(start)
            except TcpsError:
                error.hint = MAY_BE_THERE
            raise
        return Appended(Head(start.seq + len(lines), lines[-1].segment, lines[-1].end), fd)

    def sync(self, appended: Appended) -> None:
        """The commit point: everything up to the new head is durable when this returns.

        It is on the descriptor that wrote, once: after a failure the kernel may call lost data clean.
        """
        self._finish(appended.fd, appended.head.segment)

    def sync_end(self) -> None:
        """Make every line durable, whoever appended it; each older segment was synced before the next."""
        self.disk.sync_file(self.path(self.length()[0]))

    def cut(self, head: Head, torn: Path) -> None:
        """Remove what follows `head`, which nobody was told of, keeping its bytes in `torn`, durably."""
        for segment in self.segments():
            start = head.offset if segment == head.segment else 0
            path = self.path(segment)
            rest = self.disk.size(path) - start
            if segment >= head.segment and rest > 0:
                self.disk.make_dirs(torn)
                self.disk.sync_dir(torn.parent)
                kept = torn / _free_name(self.disk.names(torn), f"{segment:012d}-{start}")
                self.disk.replace_durably(kept, self._bytes(path, start, rest))
        self.undo(head)

    def _bytes(self, path: Path, start: int, length: int) -> bytes:
        """So many bytes, however few the system gives at once (Linux: 2 GiB)."""
        pieces = []
        while length and (piece := self.disk.read_at(path, start, length)):
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
        return b"".join(pieces)

    def undo(self, head: Head) -> None:
        """Put the ledger back to `head`, durably; for lines that nobody was told of."""
        later = [segment for segment in self.segments() if segment > head.segment]
        for segment in later:
            self.disk.remove(self.path(segment))
        if later:
            self.disk.sync_dir(self.directory)
        path = self.path(head.segment)
        fd = self.disk.open_append(path)
        try:
            self.disk.truncate(fd, head.offset, path)
            self.disk.sync(fd, path)
        finally:
            self.disk.close(fd)

    def _write(self, start: Head, placed: list[Line]) -> int:
        """Write each segment's share; a segment is synced before the next one is made (format 4.5)."""
        shares: dict[int, list[bytes]] = {}
        for line in placed:
            shares.setdefault(line.segment, []).append(line.content + b"\n")
        before, fd = start.segment, -1
        for segment, share in shares.items():
            if fd >= 0:
                self._finish(fd, before)
            elif segment != before:
                self.disk.sync_file(self.path(before))
            fd = self._write_share(segment, b"".join(share), new=segment != before)
            before = segment
        return fd

    def _finish(self, fd: int, segment: int) -> None:
        try:
            self.disk.sync(fd, self.path(segment))
        finally:
            self.disk.close(fd)

    def _write_share(self, segment: int, share: bytes, *, new: bool) -> int:
        path = self.path(segment)
        fd = self.disk.open_append(path)
        try:
            if new:
                self.disk.sync_dir(self.directory)
            self.disk.append(fd, share, path)
        except BaseException:
            self.disk.close(fd)
            raise
        return fd


def damaged(ledger: Ledger, line: Line, reason: object) -> IntegrityError:
    """The error for a ledger line that was acknowledged and cannot be read as it was."""
    path = ledger.path(line.segment)
    return IntegrityError(
        f"ledger line at byte {line.offset} of {path} is damaged: {reason}",
        hint="restore the store from a backup; nothing is written on top of damage",
        details={"path": str(path), "offset": line.offset},
    )


def _free_name(taken: list[str], name: str) -> str:
    """`name`, with the first number that makes it new."""
    names = itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
    return next(one for one in names if one not in taken)
