"""A place of archives in an object store (format 13.5).

An archive is made here, in a scratch file, and proven; then it travels, and is there whole or not at all. A
lock on a file of this machine keeps its processes apart: object stores have none.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from tcps.backup import s3
from tcps.backup.places import Place, PlaceError, Source
from tcps.backup.progress import Progress
from tcps.backup.scratch import Drawn, Scratch
from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.locks import Lock, lock
from tcps.rules.addresses import Address

_BEGINNING = 72 * 1024
"""How much is fetched of an archive before anybody asks for more: a chunk of age, often a whole manifest."""


class Bucket(Place):
    """Objects whose names begin alike; `locks` is the folder of the locks."""

    def __init__(self, address: Address, locks: Path, disk: Disk) -> None:
        self._address = address
        self._locks = locks
        self._disk = disk
        self._sizes: dict[str, int] = {}

    @cached_property
    def _client(self) -> s3.Client:
        return s3.Client(self._address)

    def __str__(self) -> str:
        return str(self._address)

    def files(self) -> Iterable[str]:
        """The names of what is there."""
        begin = self._address.key("")
        self._sizes = {key[len(begin) :]: size for key, size in self._client.keys(begin + "tcps-")}
        return self._sizes

    def where(self, name: str = "") -> str:
        """The address."""
        return str(Address(self._address.bucket, self._address.key(name)))

    def size(self, name: str) -> int:
        """How many bytes an archive has; 0 when it is not there."""
        if name not in self._sizes:
            source = self.file(name)
            self._sizes[name] = 0 if source is None else source.size
        return self._sizes[name]

    def file(self, name: str) -> Source | None:
        """An archive, of which the beginning is fetched, and the rest when it is asked for."""
        first = self._client.read(self._address.key(name), 0, _BEGINNING)
        if first is None:
            return None
        return Drawn(
            name,
            first.total,
            lambda: self._pieces(name, first),
            lambda offset, size: self._read(name, offset, size),
        )

    def lock(self, store_id: str, wait: float) -> Lock:
        """A lock on a file of this user's on this machine."""
        place = hashlib.sha256(str(self).encode()).hexdigest()[:16]
        self._disk.make_dirs(self._locks)
        return lock(self._locks / f"{place}-{store_id}.lock", wait, self._disk)

    def make(self) -> None:
        """Nothing: a bucket is made by whoever pays for it, and a prefix by its first object."""

    def clear(self, store_id: str) -> None:
        """Remove parts that were sent and never became an archive, if we may."""
        try:
            self._client.give_up_parts(self._address.key(f"tcps-{store_id}-"))
        except PlaceError as error:
            if "answer" not in error.details:
                raise

    def remove(self, name: str) -> None:
        """Remove an archive."""
        self._client.remove(self._address.key(name))
        self._sizes.pop(name, None)

    def sync(self) -> None:
        """Nothing: what was answered is durable."""

    @contextlib.contextmanager
    def storing(
        self, name: str, pieces: Iterable[bytes], check: bool, progress: Progress
    ) -> Iterator[Source]:
        """Write an archive here, send it after the body, and read it back."""
        scratch, sha256 = Scratch(name), hashlib.sha256()
        for piece in pieces:
            scratch.append(piece)
            sha256.update(piece)
        yield scratch
        self._client.write(self._address.key(name), scratch, progress)
        if check:
            self._require(name, scratch.size, sha256.hexdigest(), progress)
        self._sizes[name] = scratch.size

    def _require(self, name: str, size: int, sha256: str, progress: Progress) -> None:
        """Raise IntegrityError, and remove what is there, unless it has this size and SHA-256."""
        found, got = hashlib.sha256(), 0
        first = self._client.read(self._address.key(name), 0, s3.PART)
        for piece in () if first is None else self._pieces(name, first):
            found.update(piece)
            got += len(piece)
            progress("reading back", got, size)
        if (got, found.hexdigest()) != (size, sha256):
            self.remove(name)
            raise IntegrityError(
                f"no backup was made: {self.where(name)} did not arrive as it was sent, and was removed",
                hint="try again",
            )

    def _pieces(self, name: str, first: s3.Piece) -> Iterator[bytes]:
        """An archive from its first to its last byte, the first of them fetched already."""
        yield first.data
        at = length = len(first.data)
        while at < first.total and (piece := self._read(name, at, length := min(4 * length, s3.PART))):
            yield piece
            at += len(piece)

    def _read(self, name: str, offset: int, length: int) -> bytes:
        found = self._client.read(self._address.key(name), offset, length)
        return b"" if found is None else found.data
