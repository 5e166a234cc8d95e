"""What a verification keeps of the ledger's lines: rows, in unnamed files instead of memory, by shard.

A shard is what can be judged on its own: the SKUs whose ids' digests begin with the same byte, and
a share of the folders of the other records.
"""

import contextlib
import hashlib
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple, cast

import msgspec

from tcps.files import storage
from tcps.model import ReceiptStatus, Stage, Timestamp, number_of

SHARDS = 256
_PER_FOLDER = 1000
"""How many records have their files in one folder (format 5.1)."""
_HELD = 16_384
"""How many rows are held in memory."""
_TEMPORARY = "a temporary file"


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one line says of one record: the line's number, and where it is."""

    id: str
    seq: int
    segment: int
    offset: int
    length: int


class State(Row, frozen=True, array_like=True, gc=False, tag=0):
    """A record that is no receipt as the line left it; no digest when it was deleted.

    `salvaged` when the line is a salvage, which may take any revision.
    """

    kind: str
    sha256: str | None
    revision: int
    salvaged: bool


class SkuState(State, frozen=True, array_like=True, gc=False, tag=3):
    """A SKU, with how many receipts it counts and which is its newest."""

    receipts: int
    head: str


class Promise(Row, frozen=True, array_like=True, gc=False, tag=1):
    """A receipt."""

    sha256: str
    sku_id: str
    sequence: int
    stage: Stage
    status: ReceiptStatus
    timestamp: Timestamp
    previous: str


class Span(Row, frozen=True, array_like=True, gc=False, tag=2):
    """When an Andon held its SKU, in ms; no end while it is not resolved."""

    sku_id: str
    start: int
    end: int | None


AnyRow = State | SkuState | Promise | Span
Block = tuple[int, int, list[AnyRow]]
Heads = dict[int, tuple[int, int]]
"""Where each shard's newest block is: its offset and its length."""
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Block)


@lru_cache(maxsize=8192)
def shard_of_sku(sku_id: str) -> int:
    """The shard of a SKU, its receipts and its Andons' spans: the folder `HH` of format 5.1."""
    return hashlib.sha256(sku_id.encode()).digest()[0]


def shard_of(kind: str, record_id: str) -> int:
    """The shard of any record but a receipt."""
    if kind == "sku":
        return shard_of_sku(record_id)
    return number_of(record_id, kind) // _PER_FOLDER % SHARDS


class Spill:
    """The rows of one process, in blocks; each block says where the one before of its shard is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held: dict[int, list[AnyRow]] = {}
        self._count = 0
        self._end = 0
        self.heads: Heads = {}

    def add(self, shard: int, row: AnyRow) -> None:
        """Keep a row."""
        self._held.setdefault(shard, []).append(row)
        self._count += 1
        if self._count >= _HELD:
            self.flush()

    def flush(self) -> Heads:
        """Write what is held; gives the place of each shard's newest block."""
        with storage("write", _TEMPORARY):
            for shard, rows in self._held.items():
                block = _encoder.encode((*self.heads.get(shard, (0, 0)), rows))
                self._file.write(block)
                self.heads[shard] = (self._end, len(block))
                self._end += len(block)
            self._file.flush()
        self._held, self._count = {}, 0
        return self.heads

    def rows(self, head: tuple[int, int]) -> Iterable[AnyRow]:
        """The rows of a shard, whose newest block is at `head`, in the order in which they were added."""
        blocks = list[list[AnyRow]]()
        offset, length = head
        while length:
            offset, length, rows = _decoder.decode(self._read(offset, length))
            blocks.append(rows)
        return itertools.chain.from_iterable(reversed(blocks))

    def _read(self, offset: int, length: int) -> bytes:
        if isinstance(self._file, io.BytesIO):
            return bytes(self._file.getbuffer()[offset : offset + length])
        with storage("read", _TEMPORARY):
            return os.pread(self._file.fileno(), length, offset)


@contextlib.contextmanager
def spills(count: int, *, in_memory: bool) -> Iterator[list[Spill]]:
    """So many places for rows."""
    with contextlib.ExitStack() as files:
        yield [Spill(files.enter_context(io.BytesIO() if in_memory else _file())) for _ in range(count)]


def _file() -> BinaryIO:
    import tempfile  # only a large store pays for it

    with storage("make", _TEMPORARY):
        return cast(BinaryIO, tempfile.TemporaryFile())


class Rows(NamedTuple):
    """The rows of all processes: the files, and where each shard's newest block is in each of them."""

    spills: list[Spill]
    heads: list[Heads]

    def of(self, shard: int) -> Iterable[AnyRow]:
        """A shard's rows; those of one line are in the order of the line."""
        for spill, heads in zip(self.spills, self.heads, strict=True):
            yield from spill.rows(heads.get(shard, (0, 0)))

    def has(self, shard: int) -> bool:
        """Whether there are rows of a shard."""
        return any(shard in heads for heads in self.heads)
