"""Archives that are encrypted with age (https://age-encryption.org/v1), with `pyrage` (format 13.9).

To encrypt takes recipients, which anybody may know. To read takes an identity, which a machine that only
makes backups should not have.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tcps.backup import findings
from tcps.backup.findings import UnsoundError
from tcps.backup.keys import identities_in, library, recipients
from tcps.backup.places import Source
from tcps.backup.scratch import Scratch
from tcps.errors import TcpsError

_CHUNK, _TAG, _NONCE = 65536, 16, 16
_HEADER = re.compile(rb"age-encryption\.org/v1\n.*?\n--- [A-Za-z0-9+/]{43}\n", re.DOTALL)
_HEADER_BYTES = 64 * 1024
_NOT_OURS = "No matching keys found"


def kept(name: str, pieces: Iterable[bytes]) -> Scratch:
    """An archive that is still to be encrypted."""
    content = Scratch(name)
    for piece in pieces:
        content.append(piece)
    return content


def encrypted(content: Scratch, to: Sequence[str]) -> Scratch:
    """The bytes of an archive, encrypted to recipients."""
    made, reader, pyrage = Scratch(content.name), _Reader(content), library()
    try:
        pyrage.encrypt_io(reader, _Writer(made), recipients(to))
    except pyrage.EncryptError as error:
        raise reader.failure or TcpsError(f"{content.name} cannot be encrypted: {error}") from None
    return made


def require_same(source: Source, sealed: Scratch) -> None:
    """Raise UnsoundError unless a file has the bytes that were to be written."""
    at = 0
    for piece in sealed.pieces():
        if source.read_at(at, len(piece) + 1)[: len(piece)] != piece:
            raise findings.damaged(source.name, f"it was not written as it should be, at byte {at} or after")
        at += len(piece)


def opened(source: Source, identity: Path | None, remembered: Callable[[], bytes | None]) -> Source:
    """What an encrypted archive holds, or, where nothing opens it, what is `remembered` of its manifest."""
    try:
        if identity is None:
            raise findings.encrypted(source.name, "there is no identity to open it with")
        return Opened(source, identities_in(identity))
    except UnsoundError as error:
        return Closed(source, error, remembered())


class Closed(Source):
    """An archive that nobody here can read; all that may be known is its manifest."""

    def __init__(self, source: Source, error: UnsoundError, remembered: bytes | None = None) -> None:
        super().__init__(source.name, source.size)
        self.remembered = remembered
        self._error = error

    def read_at(self, offset: int, length: int) -> bytes:
        """Raises UnsoundError: why it cannot be read."""
        raise self._error


class Opened(Source):
    """What an encrypted archive holds: first only its beginning, and all of it when more is read."""

    def __init__(self, source: Source, identities: list[Any]) -> None:
        self._source = source
        self._identities = identities
        super().__init__(source.name, _opened_size(source))
        self._kept = self._decrypted(_CHUNK)

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end."""
        if min(offset + length, self.size) > self._kept.size:
            self.require_here()
        return self._kept.read_at(offset, length)

    def some_at(self, offset: int, length: int) -> bytes:
        """What is open already, if it is anything."""
        if self._kept.size <= offset < self.size:
            self.require_here()
        return self._kept.read_at(offset, length)

    def require_here(self) -> None:
        """Open all of it: from then on it is read as a file is, by forked processes too."""
        if self._kept.size < self.size:
            self._kept = self._decrypted(self.size)
            self._source.let_go()

    def let_go(self) -> None:
        """Keep only the beginning."""
        beginning = Scratch(self.name)
        beginning.append(self._kept.read_at(0, _CHUNK))
        self._kept = beginning
        self._source.let_go()

    def _decrypted(self, size: int) -> Scratch:
        """So much of it, or all: then its end is proven, too. Raises UnsoundError."""
        pyrage, kept, reader = library(), Scratch(self.name), _Reader(self._source)
        try:
            pyrage.decrypt_io(reader, _Writer(kept, size if size < self.size else None), self._identities)
        except _EnoughError:
            return kept
        except (pyrage.DecryptError, OSError) as error:
            if reader.failure is not None:
                raise reader.failure from None
            if _NOT_OURS in str(error):
                raise findings.encrypted(self.name, "the identity that is given does not open it") from None
            raise findings.damaged(self.name, f"age does not open it: {error}") from None
        if kept.size != self.size:
            raise findings.damaged(self.name, f"it holds {kept.size} bytes, not {self.size}")
        return kept


class _EnoughError(Exception):
    """No more is wanted."""


class _Reader:
    """Gives the library the bytes of a source; keeps why that failed, for the library does not."""

    def __init__(self, source: Source) -> None:
        self._bytes = source.until(source.size)
        self.failure: BaseException | None = None

    def read(self, length: int, /) -> bytes:
        try:
            return self._bytes.read(length)
        except BaseException as error:
            self.failure = error
            raise


class _Writer:
    """Takes bytes from the library, as many as are wanted."""

    def __init__(self, target: Scratch, wanted: int | None = None) -> None:
        self._target = target
        self._wanted = wanted

    def write(self, data: bytes, /) -> int:
        if not self._is_full():  # the library tries again what was not taken
            self._target.append(data)
        if self._is_full():
            raise _EnoughError
        return len(data)

    def _is_full(self) -> bool:
        return self._wanted is not None and self._target.size >= self._wanted

    def flush(self) -> None:
        pass


def _opened_size(source: Source) -> int:
    """How many bytes come out: each chunk has a tag, and before the first one there is a nonce."""
    header = _HEADER.match(source.read_at(0, _HEADER_BYTES))
    sealed = source.size - _NONCE - (0 if header is None else header.end())
    if header is None or sealed < _TAG:
        raise findings.damaged(source.name, "it does not begin as age's files do, or ends before its end")
    return sealed - _TAG * -(-sealed // (_CHUNK + _TAG))
