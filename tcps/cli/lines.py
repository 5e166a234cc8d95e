"""Lines of a stream as they come: waited for, or only those that are there already."""

import os
import select
from typing import NamedTuple

_READ = 256 * 1024


class Line(NamedTuple):
    """A line that is not blank: its number in the stream, its content, None where it is too long."""

    number: int
    content: bytes | None


class Lines:
    """The lines of a descriptor; `longest` is how many bytes one may have.

    What is too long is passed over without being kept. The last line needs no newline.
    """

    def __init__(self, fd: int, longest: int) -> None:
        self._fd = fd
        self._longest = longest
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._buffer = bytearray()
        self._searched = 0
        self._number = 0
        self._too_long = self._ended = False

    def next(self, *, wait: bool = True) -> Line | None:
        """The next line; None at the end, or without `wait` when it is not there yet."""
        while True:
            content = self._taken()
            if content is not None:
                line = self._line(content)
                if line is not None:
                    return line
            elif self._ended or not self._read(wait):
                return None

    def _line(self, content: bytes) -> Line | None:
        """The line with this content; None for a blank one."""
        self._number += 1
        too_long = self._too_long or len(content) > self._longest
        self._too_long = False
        if too_long:
            return Line(self._number, None)
        return Line(self._number, content) if content.strip() else None

    def _taken(self) -> bytes | None:
        """What comes before the next newline, or at the end is left."""
        end = self._buffer.find(b"\n", self._searched)
        if end < 0 and self._ended and (self._buffer or self._too_long):
            end = len(self._buffer)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        content = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return content

    def _read(self, wait: bool) -> bool:
        """Read on; whether that was possible."""
        if self._searched > self._longest:
            self._too_long = True
            self._buffer.clear()
            self._searched = 0
        if not self._poll.poll(None if wait else 0):
            return False
        content = os.read(self._fd, _READ)
        self._buffer += content
        self._ended = not content
        return True
