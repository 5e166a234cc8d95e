"""Chains: an incremental archive and those that it goes on from, back to a full one (format 13.6)."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from tcps.backup import findings
from tcps.backup.findings import UnjudgedError, UnsoundError
from tcps.backup.manifest import Manifest
from tcps.backup.names import Name
from tcps.backup.places import Place, PlaceError
from tcps.backup.reading import Archive
from tcps.errors import TcpsError


class Listed(NamedTuple):
    """An archive by what its beginning says; `problem` is why it cannot be used, as far as that tells.

    Of an encrypted one without an identity there may be no manifest, and no problem.
    """

    name: Name
    size: int
    manifest: Manifest | None
    parent: str | None
    problem: str | None


class Shelf:
    """The archives of a place, as they are now; each is opened once."""

    def __init__(self, place: Place, store_id: str | None = None, others: Sequence[Place] = ()) -> None:
        """Those of one store, or (None) of all; what is not there may be in one of the `others`."""
        self.place = place
        self.names = place.names(store_id)
        self._others = others
        for other in others:
            with contextlib.suppress(TcpsError):  # perhaps nothing of it is needed
                self.names += [name for name in other.names(store_id) if name not in self.names]
        self._opened: dict[str, Archive | UnsoundError] = {}

    def archive(self, name: str) -> Archive:
        """The archive in a file. Raises UnsoundError when it cannot be read."""
        if name not in self._opened:
            try:
                self._opened[name] = self._open(name)
            except UnsoundError as error:
                self._opened[name] = error
        found = self._opened[name]
        if isinstance(found, UnsoundError):
            raise found
        return found

    def chain(self, archive: Archive) -> list[Archive]:
        """The full archive that one rests on, those in between, and itself. Raises UnsoundError."""
        links = [archive]
        while links[-1].manifest.parent is not None:
            links.append(self.parent(links[-1]))
        return links[::-1]

    def listed(self) -> list[Listed]:
        """Every archive, the oldest first; only beginnings are read."""
        return [self._listed(name) for name in self.names]

    def parent(self, archive: Archive) -> Archive:
        """The archive that an incremental one goes on from. Raises UnsoundError when it is not there."""
        manifest = archive.manifest
        assert manifest.parent is not None
        assert manifest.from_ is not None
        closed = None
        for name in self._up_to(manifest.store.store_id, manifest.from_.seq):
            try:
                found = self.archive(str(name))
            except UnsoundError as error:
                closed = error if isinstance(error, UnjudgedError) else closed
                continue
            if found.digest == manifest.parent:
                _require_joined(archive, found)
                return found
        if closed is not None:  # it may be the one
            raise findings.rests(archive.name, closed)
        raise findings.missing_parent(archive.name, manifest.parent)

    def _listed(self, name: Name) -> Listed:
        manifest = parent = problem = None
        try:
            archive = self.archive(str(name))
            manifest = archive.manifest
            parent = None if manifest.parent is None else self.parent(archive).name
        except UnsoundError as error:
            closed = error.hint == findings.IDENTITY_HINT and self.place.identity is None
            problem = None if closed else error.message
        return Listed(name, self.place.size(str(name)), manifest, parent, problem)

    def _up_to(self, store_id: str, seq: int) -> list[Name]:
        """The archives of a store that end at an entry, by their names."""
        return [name for name in self.names if (name.store_id, name.seq) == (store_id, seq)]

    def _open(self, name: str) -> Archive:
        try:
            places = (self.place, *self._others)
            source = next((found for one in places if (found := one.source(name)) is not None), None)
            if source is None:
                raise findings.unreadable(name, "it is no plain file")
            return Archive(source)
        except PlaceError:
            raise
        except TcpsError as error:
            if error.code != TcpsError.default_code:
                raise
            raise findings.unreadable(name, error.message, undecided=True) from None


def _require_joined(archive: Archive, found: Archive) -> None:
    """Raise UnsoundError unless one begins where the other ends, in the same store."""
    ours, theirs = archive.manifest, found.manifest
    if ours.store != theirs.store:
        raise findings.foreign(found.name, theirs.store.store_id, ours.store.store_id)
    if ours.from_ != theirs.to:
        got = None if ours.from_ is None else ours.from_.seq
        raise findings.gap(archive.name, found.name, theirs.to.seq, got)
