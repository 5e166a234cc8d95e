"""Where archives lie: names, bytes, a new file that is there whole or not at all (format 13.5)."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from tcps.backup.names import Name
from tcps.backup.progress import Progress, silent
from tcps.errors import TcpsError
from tcps.locks import Lock

if TYPE_CHECKING:
    from tcps.backup.memory import Memory

ENCRYPTED = ".age"
"""How the names of encrypted archives end."""


class PlaceError(TcpsError):
    """Nothing can be said of any archive, for the place where they lie does not answer, or refuses to."""


class Source(ABC):
    """A file of which any part can be read; `name` is what findings call it.

    Of one that is encrypted, and cannot be read here, the manifest may be `remembered`.
    """

    remembered: bytes | None = None

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size

    @abstractmethod
    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end."""

    def some_at(self, offset: int, length: int) -> bytes:
        """As `read_at`, or fewer bytes where more of them take longer; none only at the end."""
        return self.read_at(offset, length)

    def require_here(self) -> None:  # noqa: B027 - most do
        """Make sure that forked processes can read all of it at the same time."""

    def let_go(self) -> None:  # noqa: B027 - most keep nothing
        """Give back what is kept of it meanwhile; it can be read all the same."""

    def until(self, end: int) -> "Beginning":
        """Its bytes up to an offset, one after the other."""
        return Beginning(self, end)


class Beginning:
    """The bytes of a source up to an offset, read in order."""

    def __init__(self, source: Source, end: int) -> None:
        self._source = source
        self._end = end
        self._at = 0

    def read(self, length: int, /) -> bytes:
        """Up to `length` bytes; none at the end."""
        left = self._end - self._at
        got = self._source.some_at(self._at, min(left, length))
        self._at += len(got)
        return got


class Place(ABC):
    """A place with archives, of one store or of several; as text it is what a user calls it.

    New archives are encrypted to the `recipients`, if there are any; encrypted ones are opened with what is
    in the file `identity`. `memory` remembers what those hold that were made here.
    """

    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    memory: "Memory | None" = None

    @abstractmethod
    def files(self) -> Iterable[str]:
        """The names of what is there."""

    def names(self, store_id: str | None = None) -> list[Name]:
        """The archives, of one store or (None) of all, in the order in which they were made."""
        found = [name for one in self.files() if (name := Name.parsed(one)) is not None]
        return sorted(
            (name for name in found if store_id in (None, name.store_id)),
            key=lambda name: (name.made, name.seq, name),
        )

    @abstractmethod
    def where(self, name: str = "") -> str:
        """The whole name of an archive, or of the place itself, that holds anywhere."""

    @abstractmethod
    def size(self, name: str) -> int:
        """How many bytes an archive has; 0 when it is not there."""

    def source(self, name: str) -> Source | None:
        """An archive by its name, opened if it is encrypted; None when it is not there or no plain file."""
        found = self.file(name)
        if found is None or not name.endswith(ENCRYPTED):
            return found
        from tcps.backup.age import opened

        return opened(found, self.identity, lambda: self._remembered(name, found.size))

    @abstractmethod
    def file(self, name: str) -> Source | None:
        """An archive as it lies there; None when it is not there or no plain file."""

    @abstractmethod
    def lock(self, store_id: str, wait: float) -> Lock:
        """What whoever adds or removes archives of a store holds; the kernel frees it when they end."""

    @abstractmethod
    def make(self) -> None:
        """Make the place, durably, where it is missing."""

    @abstractmethod
    def clear(self, store_id: str) -> None:
        """Remove what a crash has left of unfinished archives; the lock is held."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove an archive; the lock is held. It is gone for good after `sync`."""

    @abstractmethod
    def sync(self) -> None:
        """Make durable which archives are there."""

    @contextlib.contextmanager
    def adding(
        self, name: str, pieces: Iterable[bytes], *, check: bool = True, progress: Progress = silent
    ) -> Iterator[Source]:
        """Write an archive and give it, to be looked at; after the body it is there, durable, with its name.

        If it is to be encrypted, that comes after the body. With `check` what is there is compared with what
        was written. When anything fails there is no archive, nor anything else that looks like one. The lock
        is held.
        """
        if name.endswith(ENCRYPTED):
            from tcps.backup import age

            content = age.kept(name, pieces)
            yield content
            sealed = age.encrypted(content, self.recipients)
            with self.storing(name, sealed.pieces(), check, progress) as source:
                if check:
                    age.require_same(source, sealed)
        else:
            with self.storing(name, pieces, check, progress) as source:
                yield source

    @abstractmethod
    def storing(
        self, name: str, pieces: Iterable[bytes], check: bool, progress: Progress
    ) -> AbstractContextManager[Source]:
        """As `adding`, of the bytes as they will lie there."""

    def remember(self, name: str, manifest: bytes) -> None:
        """Keep the manifest of an archive that was added, if it is encrypted; the lock is held."""
        if self.memory is not None and name.endswith(ENCRYPTED):
            self.memory.note(name, self.size(name), manifest, set(self.files()))

    def _remembered(self, name: str, size: int) -> bytes | None:
        return None if self.memory is None else self.memory.recall(name, size)
