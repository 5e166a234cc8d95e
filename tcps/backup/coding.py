"""Compression, and the seal at the end of the file (format 13.2).

zstd by the library `zstandard`, or from Python 3.14 on by the standard library; else gzip. The *seal* is
an empty frame (zstd) or member (gzip), which tools pass over; it holds the SHA-256 of all before it.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from tcps.errors import Undecided

LEVEL = 3
"""zstd's; higher ones cost more time than they save (docs/adr/0014)."""
_WINDOW = 2**27
"""The largest window that is decompressed: 128 MiB, as tools do without being told."""
_BLOCK = 128 * 1024


class CorruptError(ValueError):
    """Bytes that cannot be decompressed."""


class Compressor(Protocol):
    """Takes bytes, gives compressed ones."""

    def compress(self, data: bytes, /) -> bytes:
        """What can be given already."""
        ...

    def flush(self) -> bytes:
        """The end."""
        ...


class Reads(Protocol):
    """Anything that is read from its beginning to its end."""

    def read(self, length: int, /) -> bytes:
        """Up to `length` bytes; none at the end."""
        ...


class Coder(NamedTuple):
    """One way to compress: how files are named and begin, what works, what stands around a seal's digest."""

    suffix: str
    magic: bytes
    compressor: Callable[[], Compressor]
    decoder: Callable[[Reads], Reads]
    before: bytes
    after: bytes

    @property
    def seal_bytes(self) -> int:
        """How long a seal is."""
        return len(self.before) + hashlib.sha256().digest_size + len(self.after)

    def seal(self, digest: bytes) -> bytes:
        """The end of a file whose bytes so far have this SHA-256."""
        return self.before + digest + self.after

    def pieces(self, content: Iterator[bytes]) -> Iterator[bytes]:
        """A whole file: the content compressed, and the seal."""
        compressor, sealed = self.compressor(), hashlib.sha256()
        for piece in content:
            if made := compressor.compress(piece):
                sealed.update(made)
                yield made
        last = compressor.flush()
        sealed.update(last)
        yield last + self.seal(sealed.digest())


def best() -> Coder:
    """The best one that is there."""
    return next((coder for coder in (_zstandard(), _standard()) if coder is not None), GZIP)


def of(beginning: bytes) -> Coder | None:
    """The one that a file is compressed with; None for a file of another sort. Raises Undecided."""
    if beginning.startswith(GZIP.magic):
        return GZIP
    if not beginning.startswith(_ZSTD_MAGIC):
        return None
    found = best()
    if found is GZIP:
        raise Undecided(
            "a backup compressed with zstd cannot be read here", hint="pip install 'tcps[backup]'"
        )
    return found


class _Pumped:
    """Reads from a decompressor; `waiting` gives bytes that it has not taken, None if it needs more."""

    def __init__(
        self,
        source: Reads,
        decompressor: Any,
        failure: type[Exception],
        waiting: Callable[[Any], bytes | None],
    ) -> None:
        self._source = source
        self._decompressor = decompressor
        self._failure = failure
        self._waiting = waiting

    def read(self, length: int, /) -> bytes:
        """Up to `length` bytes; none at the end."""
        while not self._decompressor.eof:
            given = self._waiting(self._decompressor)
            taken = self._source.read(_BLOCK) if given is None else given
            try:
                made: bytes = self._decompressor.decompress(taken, length)
            except self._failure as error:
                raise CorruptError(str(error)) from None
            if made or (given is None and not taken):
                return made
        if self._decompressor.unused_data or self._waiting(self._decompressor) or self._source.read(1):
            raise CorruptError("something follows what is compressed")
        return b""


class _Framed:
    """Reads from the library `zstandard`."""

    def __init__(self, source: Reads) -> None:
        import zstandard

        self._failure = zstandard.ZstdError
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        given: Any = source  # of a file it asks for `read` alone
        self._reader = decompressor.stream_reader(given, read_across_frames=True, closefd=False)

    def read(self, length: int, /) -> bytes:
        """Up to `length` bytes; none at the end."""
        try:
            return self._reader.read(length)
        except self._failure as error:
            raise CorruptError(str(error)) from None


def _gunzipped(source: Reads) -> Reads:
    return _Pumped(source, zlib.decompressobj(wbits=31), zlib.error, lambda one: one.unconsumed_tail or None)


def _zstandard() -> Coder | None:
    """By the library, which the extra `backup` asks for."""
    try:
        import zstandard
    except ImportError:
        return None

    def compressor() -> Compressor:
        made = zstandard.ZstdCompressor(level=LEVEL, threads=-1, write_checksum=True)
        return made.compressobj()

    return _zstd(compressor, _Framed)


def _standard() -> Coder | None:
    """By the standard library of Python 3.14, or what stands in for it."""
    try:
        zstd: Any = import_module("compression.zstd")
    except ImportError:
        return None
    return of_standard(zstd)


def of_standard(zstd: Any) -> Coder:
    """By the module `compression.zstd`, or one with the same names."""
    names = zstd.CompressionParameter
    options = {
        names.compression_level: LEVEL,
        names.checksum_flag: 1,
        names.nb_workers: os.cpu_count() or 1,
    }
    window = {zstd.DecompressionParameter.window_log_max: _WINDOW.bit_length() - 1}
    return _zstd(
        lambda: zstd.ZstdCompressor(options=options),
        lambda source: _Pumped(
            source,
            zstd.ZstdDecompressor(options=window),
            zstd.ZstdError,
            lambda one: None if one.needs_input else b"",
        ),
    )


def _zstd(compressor: Callable[[], Compressor], decoder: Callable[[Reads], Reads]) -> Coder:
    """A skippable frame (RFC 8878, 3.1.2) is the seal."""
    before = struct.pack("<II", 0x184D2A5E, len(_MARK) + 32) + _MARK
    return Coder("zst", _ZSTD_MAGIC, compressor, decoder, before, b"")


_MARK = b"tcpsseal"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP = Coder(
    suffix="gz",
    magic=b"\x1f\x8b\x08",
    compressor=lambda: zlib.compressobj(wbits=31),
    decoder=_gunzipped,
    # an empty member whose header has an extra field (RFC 1952, 2.3.1.1) with the digest
    before=b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<HccH", 36, b"t", b"s", 32),
    after=b"\x03\x00" + bytes(8),
)
