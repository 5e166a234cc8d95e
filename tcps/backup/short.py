"""Ledger lines without the digests that follow from the records in them (format 13.4).

Digests do not compress, and those in a ledger are nearly all of the records beside them. They are left
out where they can be computed, and computed where they are left out: what comes out is the line, byte for
byte, or the archive is not sound. A block of lines stands for itself.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tcps.canonical import file_bytes, genesis, line_bytes, parse, sha256_hex
from tcps.model import Json

BLOCK_BYTES = 16 * 1024 * 1024
"""A block takes no further line once it has so many bytes of the ledger."""
_VERBATIM = b" "
"""Begins a line that is kept as it is."""
_LINKS = {"receipt": "previous", "sku": "head"}
"""The field by which a record names a receipt of its SKU."""
_LEFT_OUT = "sha256:"
"""What such a field holds where its digits are left out."""
_NO_ENTRY = (ValueError, TypeError, KeyError, AttributeError)
"""What lines that are none of ours lead to."""


class Line(NamedTuple):
    """A ledger line; if it was shortened, its value too, and whether each digest in it is its record's."""

    content: bytes
    value: Json | None = None
    proven: bool = False


class Block:
    """Shortens the lines of a block, or makes them whole again, one after the other."""

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id
        self._heads: dict[str, str] = {}

    def shortened(self, line: bytes) -> bytes:
        """A line without what can be computed; one that would not come back is kept as it is."""
        try:
            value = parse(line)
            if line_bytes(value) == line:
                self._heads.update(self._leave_out(value))
                return line_bytes(value)
        except _NO_ENTRY:
            pass
        return _VERBATIM + line

    def whole(self, line: bytes) -> Line:
        """The line that was shortened; of bytes that never were one, anything."""
        if line.startswith(_VERBATIM):
            return Line(line[1:])
        try:
            value = parse(line)
            proven = self._fill_in(value)
            return Line(line_bytes(value), value, proven)
        except _NO_ENTRY:
            return Line(line)

    def _leave_out(self, value: Json) -> dict[str, str]:
        """Leave out what can be computed; gives the digests of receipts. Raises where it is out already."""
        heads: dict[str, str] = {}
        for change in value["changes"]:
            record, link = change["record"], _LINKS.get(change["kind"])
            if record is None:
                continue
            own = sha256_hex(file_bytes(record))
            if link is not None:
                if record[link] == _LEFT_OUT:
                    raise ValueError("it is left out")
                if record[link] == (heads.get(record["sku_id"]) or self._head(record["sku_id"])):
                    record[link] = _LEFT_OUT
                if link == "previous":
                    heads[record["sku_id"]] = f"sha256:{own}"
            if change["sha256"] == "":
                raise ValueError("it is left out")
            if change["sha256"] == own:
                change["sha256"] = ""
        return heads

    def _fill_in(self, value: Json) -> bool:
        """Compute what was left out; whether every digest that is stated is that of its record."""
        proven = True
        for change in value["changes"]:
            record, link = change["record"], _LINKS.get(change["kind"])
            if record is None:
                continue
            if link is not None and record[link] == _LEFT_OUT:
                record[link] = self._head(record["sku_id"])
            own = sha256_hex(file_bytes(record))
            if link == "previous":
                self._heads[record["sku_id"]] = f"sha256:{own}"
            if change["sha256"] == "":
                change["sha256"] = own
            proven = proven and change["sha256"] == own
        return proven

    def _head(self, sku_id: str) -> str:
        """The digest of a SKU's newest receipt so far in the block; else its genesis digest."""
        return self._heads.get(sku_id) or genesis(self._store_id, sku_id)


def shortened(lines: Iterable[bytes], store_id: str) -> bytes:
    """A block of ledger lines, each with its newline, without what can be computed."""
    block = Block(store_id)
    return b"".join(block.shortened(line) + b"\n" for line in lines)


def whole(pieces: Iterable[bytes], store_id: str) -> Iterator[list[Line]]:
    """The ledger lines that a block was made of, some at a time; of what never was one, anything."""
    block = Block(store_id)
    for lines in split(pieces):
        yield [block.whole(line) for line in lines]


def split(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines of a content that comes in pieces, some at a time, without their newlines."""
    begun = list[bytes]()
    for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        if others:
            yield [b"".join(begun), *others[:-1]]
            begun = others[-1:]
    rest = b"".join(begun)
    if rest:
        yield [rest]
