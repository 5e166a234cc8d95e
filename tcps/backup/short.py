"""Ledger lines without the digests that follow from the records in them (format 13.4).

Digests do not compress, and those in a ledger are nearly all of the records beside them. They are left
out where they can be computed, and computed where they are left out: what comes out is the line, byte for
byte, or the archive is not sound. A block of lines stands for itself.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tcps.canonical import genesis

BLOCK_BYTES = 16 * 1024 * 1024
"""A block takes no further line once it has so many bytes of the ledger."""
_VERBATIM = b" "
"""Begins a line that is kept as it is."""
_PREVIOUS, _HEAD = b',"previous":"sha256:', b',"head":"sha256:'
"""The fields by which a receipt and a SKU name a receipt, up to the digest's digits."""
_SKU, _RECORD = b',"sku_id":"', b'"record":'
_TAIL_BYTES = len(b',"revision":') + len(b',"sha256":"')
"""Between a record and the digits of its digest, but for those of the revision."""
_DIGITS = 64


class _Change(msgspec.Struct, frozen=True):
    kind: str
    id: str
    revision: int
    record: msgspec.Raw


class _Entry(msgspec.Struct, frozen=True):
    changes: list[_Change]


_changes = msgspec.json.Decoder(_Entry)


class _Heads(dict[bytes, bytes]):
    """The digits of the digests of SKUs' newest receipts so far in a block; else of their genesis digests."""

    def __init__(self, store_id: str) -> None:
        super().__init__()
        self._store_id = store_id

    def __missing__(self, sku_id: bytes) -> bytes:
        return genesis(self._store_id, sku_id.decode("utf-8", "replace"))[7:].encode()


def shortened(lines: Sequence[bytes], store_id: str) -> bytes:
    """A block of ledger lines, each with its newline, without what can be computed.

    It is tried whether the lines come out of it; a block from which they do not is kept as it is.
    """
    heads, block = _Heads(store_id), list[bytes]()
    for line in lines:
        try:
            block.append(_shortened(line, heads))
        except msgspec.MsgspecError:
            block.append(_VERBATIM + line)
    again = _Heads(store_id)
    if any(_whole(short, again) != line for short, line in zip(block, lines, strict=True)):
        block = [_VERBATIM + line for line in lines]
    return b"".join(line + b"\n" for line in block)


def whole(pieces: Iterable[bytes], store_id: str) -> Iterator[bytes]:
    """The bytes of the ledger that a block was made of; of what never was one, anything."""
    heads = _Heads(store_id)
    for lines in split(pieces):
        yield b"".join(_whole(line, heads) + b"\n" for line in lines)


def split(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines of a content that comes in pieces, some at a time, without their newlines."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield lines
    if rest:
        yield [rest]


def _shortened(line: bytes, heads: _Heads) -> bytes:
    """A line without its digests, which are believed."""
    pieces, done, end = list[bytes](), 0, 0
    for change in _changes.decode(line).changes:
        record = bytes(change.record)
        start = _start(line, record, end)
        end = start + len(record)
        tail = end + _TAIL_BYTES + len(str(change.revision))
        link = _link(change, record)
        if link is not None:
            sku_id, at = link
            if record.startswith(heads[sku_id] + b'"', at):
                pieces.append(line[done : start + at])
                done = start + at + _DIGITS
            if change.kind == "receipt":
                heads[sku_id] = line[tail : tail + _DIGITS]
        if line.startswith(b'"}', tail + _DIGITS):
            pieces.append(line[done:tail])
            done = tail + _DIGITS
    pieces.append(line[done:])
    return b"".join(pieces)


def _whole(line: bytes, heads: _Heads) -> bytes:
    """A line with its digests, which are computed."""
    if line.startswith(_VERBATIM):
        return line[1:]
    try:
        changes = _changes.decode(line).changes
    except msgspec.MsgspecError:
        return line
    pieces, done, end = list[bytes](), 0, 0
    for change in changes:
        record = bytes(change.record)
        start = _start(line, record, end)
        end = start + len(record)
        tail = end + _TAIL_BYTES + len(str(change.revision))
        link = _link(change, record)
        if link is not None and record.startswith(b'"', link[1]):
            sku_id, at = link
            pieces += [line[done : start + at], heads[sku_id]]
            done = start + at
            record = record[:at] + heads[sku_id] + record[at:]
        digest = hashlib.sha256(msgspec.json.format(record, indent=2) + b"\n").hexdigest().encode()
        if link is not None and change.kind == "receipt":
            heads[link[0]] = digest
        if line.startswith(b'"}', tail):
            pieces += [line[done:tail], digest]
            done = tail
    pieces.append(line[done:])
    return b"".join(pieces)


def _start(line: bytes, record: bytes, after: int) -> int:
    """Where a record begins in its line; to look for all of it takes longer."""
    start = line.find(_RECORD, after) + len(_RECORD)
    return start if line.startswith(record, start) else line.find(record, after)


def _link(change: _Change, record: bytes) -> tuple[bytes, int] | None:
    """The SKU that a record is about, and where the digits of the digest of its receipt are, or were.

    Of several fields of that name in a receipt the last one is its own; in a SKU, the first one.
    """
    if change.kind == "sku":
        sku_id, at = change.id.encode(), record.find(_HEAD)
    elif change.kind == "receipt":
        begin = record.rfind(_SKU) + len(_SKU)
        sku_id, at = record[begin : record.find(b'"', begin)], record.rfind(_PREVIOUS)
    else:
        return None
    return None if at < 0 else (sku_id, at + (len(_HEAD) if change.kind == "sku" else len(_PREVIOUS)))
