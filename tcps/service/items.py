"""JSON from outside, one value after the other: a document, the items of an array, or JSON lines.

Text is read when it is needed, so that a long input is never in memory as a whole. What comes out is
the text of each value, with its place; `tcps.canonical.parse_input` makes the value.
"""

import codecs
import itertools
import json
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tcps.canonical import DEPTH, invalid_json
from tcps.errors import InvalidInput, invalid_field

ITEM_BYTES = 32 * 1024 * 1024
"""The longest text of one value; a webhook payload of GitHub has at most 25 MiB."""
_BLOCK = 256 * 1024
_SPACE = " \t\r\n"
_CERTAIN = 64
"""An error that lies so many characters before the end of the text is none of its breaking off."""


class Item(NamedTuple):
    """The text of one value, and its place for messages: `line 3`, or `signal 3` of an array."""

    place: str
    text: str | bytes


def items(stream: BinaryIO, what: str) -> tuple[bool, Iterator[Item]]:
    """Whether the stream holds several values or might have, and the values.

    An array is several, even with one item; so are JSON lines, which begin with two lines of which
    one at least is an object by itself. Else all of it is one document, whose place is `what`.
    Raises InvalidInput, the iterator too, for an array that breaks off and for a value that is too long.
    """
    number, first_byte = _start(stream)
    if first_byte == b"[":
        return True, _Array(stream, what).items()
    lines = _lines(stream, number, first_byte)
    head = list(itertools.islice(lines, 2))
    if len(head) == 2 and any(map(_is_object, head)):
        return True, (Item(f"line {line.number}", line.text) for line in itertools.chain(head, lines))
    return False, (Item(what, text) for text in [_joined([*head, *lines], what)] if text)


class _Line(NamedTuple):
    number: int
    text: bytes


def _start(stream: BinaryIO) -> tuple[int, bytes]:
    """The number of the line with the first byte that is no space, and that byte."""
    number = 1
    while (byte := stream.read(1)) and byte in _SPACE.encode():
        number += byte == b"\n"
    return number, byte


def _lines(stream: BinaryIO, number: int, begun: bytes) -> Iterator[_Line]:
    """The lines that are not blank; of the first one a byte was read already."""
    while line := begun + stream.readline(ITEM_BYTES + 1):
        if len(line) > ITEM_BYTES:
            raise _too_long(f"line {number}")
        if line.strip():
            yield _Line(number, line.rstrip(b"\r\n"))
        number, begun = number + 1, b""


def _is_object(line: _Line) -> bool:
    try:
        return isinstance(json.loads(line.text.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _joined(lines: list[_Line], what: str) -> bytes:
    """The lines of one document, each on the line that it was on."""
    if sum(len(line.text) for line in lines) > ITEM_BYTES:
        raise _too_long(what)
    numbers = [1, *(line.number for line in lines)]
    gaps = (after - before for before, after in itertools.pairwise(numbers))
    return b"".join(b"\n" * gap + line.text for gap, line in zip(gaps, lines, strict=True))


class _Array:
    """An array whose bracket was read already: its items, as the text comes in."""

    def __init__(self, stream: BinaryIO, what: str) -> None:
        self.stream = stream
        self.what = what
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = ""
        self.at = 0
        self.ended = False

    def items(self) -> Iterator[Item]:
        """The items. Raises InvalidInput where the text is no array any more."""
        sign = self._sign()
        for number in itertools.count(1):
            if sign == "]":
                break
            place = f"signal {number}"
            yield Item(place, self._value(place))
            sign = self._sign()
            if sign not in (",", "]"):
                raise invalid_json(self.what, f"{sign or 'its end'} follows {place}, not , or ]")
            self.at += sign == ","
        self.at += 1
        if self._sign():
            raise invalid_json(self.what, "something follows the array")

    def _sign(self) -> str:
        """The next character that is no space, or nothing at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if self.ended:
                return ""
            self._fill()

    def _value(self, place: str) -> str:
        """The text of the value that comes next."""
        self._sign()
        while True:
            end = self._end(place)
            if (len(self.text) if end is None else end) - self.at > ITEM_BYTES:
                raise _too_long(place)
            if end is not None:
                start, self.at = self.at, end
                return self.text[start:end]
            self._fill()

    def _end(self, place: str) -> int | None:
        """Where the value ends; None when the text has to go on for it."""
        try:
            value, end = json.JSONDecoder().raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            breaks_off = error.msg.startswith("Unterminated") or error.pos > len(self.text) - _CERTAIN
            if self.ended or not breaks_off:
                raise invalid_json(place, f"{error.msg} at its character {error.pos - self.at}") from None
            return None
        except ValueError as error:  # an integer of more digits than Python reads
            raise invalid_json(place, str(error)) from None
        except RecursionError:
            raise invalid_json(place, f"it is nested deeper than {DEPTH} levels") from None
        may_go_on = isinstance(value, int | float) and end > len(self.text) - len("e+1")
        return None if may_go_on and not self.ended else end

    def _fill(self) -> None:
        """Read on, at least as much as there is; what was used is dropped."""
        self.text, self.at = self.text[self.at :], 0
        block = self.stream.read(max(_BLOCK, len(self.text)))
        self.ended = not block
        try:
            self.text += self.decoder.decode(block, final=self.ended)
        except UnicodeDecodeError:
            raise invalid_json(self.what, "it is not UTF-8") from None


def _too_long(place: str) -> InvalidInput:
    return invalid_field(place, f"is longer than {ITEM_BYTES} bytes, which one signal may have", "too_large")
