"""Bytes from elsewhere that are kept for a while, in a file that has no name and ends with the process."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator

from tcps.backup.places import Source
from tcps.files import storage

_PIECE = 1024 * 1024
_IN_MEMORY = 256 * 1024
"""So many bytes are kept in memory before there is a file: a list looks at many beginnings."""


class Scratch(Source):
    """What was written to it can be read at any place, by forked processes too."""

    def __init__(self, name: str) -> None:
        super().__init__(name, 0)
        self._memory = bytearray()
        self._fd: int | None = None

    def append(self, data: bytes) -> None:
        """Write more bytes at the end."""
        if self._fd is None and self.size + len(data) > _IN_MEMORY:
            self._move_to_file()
        if self._fd is None:
            self._memory += data
        else:
            self._write(self._fd, data)
        self.size += len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end."""
        if self._fd is None:
            return bytes(self._memory[offset : offset + length])
        pieces = []
        with storage("read", "a temporary file"):
            while length and (piece := os.pread(self._fd, length, offset)):
                pieces.append(piece)
                offset, length = offset + len(piece), length - len(piece)
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """All of it, from its beginning."""
        return (self.read_at(at, _PIECE) for at in range(0, self.size, _PIECE))

    def _move_to_file(self) -> None:
        with storage("make a temporary file in", tempfile.gettempdir()):
            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is closed with this object
        weakref.finalize(self, file.close)
        self._fd, memory = file.fileno(), self._memory
        self._memory = bytearray()
        self._write(self._fd, memory)

    def _write(self, fd: int, data: bytes | bytearray) -> None:
        view = memoryview(data)
        with storage("write to", f"a temporary file in {tempfile.gettempdir()}"):
            while view:
                view = view[os.write(fd, view) :]


class Drawn(Source):
    """A source whose bytes come in order, from a `begin`ning: what came is kept in a scratch file.

    `jump` reads what lies far ahead, if that can be had without what is before it.
    """

    def __init__(
        self,
        name: str,
        size: int,
        begin: Callable[[], Iterator[bytes]],
        jump: Callable[[int, int], bytes] | None = None,
    ) -> None:
        super().__init__(name, size)
        self._begin = begin
        self._jump = jump
        self.let_go()

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        if self._jump is not None and offset > self._kept.size:
            return self._jump(offset, length)
        self._draw(offset + length)
        return self._kept.read_at(offset, length)

    def some_at(self, offset: int, length: int) -> bytes:
        """What has come already, if it is anything."""
        self._draw(min(offset + 1, self.size))
        return self._kept.read_at(offset, length)

    def require_here(self) -> None:
        """Take all of it: from then on it is read as a file is, by forked processes too."""
        self._draw(self.size)

    def let_go(self) -> None:
        """Keep nothing of it any longer."""
        self._kept = Scratch(self.name)
        self._pieces = self._begin()

    def _draw(self, size: int) -> None:
        while self._kept.size < size and (piece := next(self._pieces, None)) is not None:
            self._kept.append(piece)
