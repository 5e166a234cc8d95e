"""Verdicts on archives, their chains included (format 13.7)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tcps.backup import findings
from tcps.backup.chains import Shelf
from tcps.backup.findings import UnsoundError
from tcps.backup.manifest import Manifest
from tcps.backup.names import Name
from tcps.backup.places import PlaceError
from tcps.backup.progress import Progress, silent
from tcps.backup.reading import Archive
from tcps.backup.verifying import verify_alone
from tcps.errors import TcpsError
from tcps.identity import Identity
from tcps.rules.findings import Finding


class Verdict(NamedTuple):
    """What came of verifying an archive; it rests on the `full` one by so many `links`, if that is known."""

    name: str
    size: int
    manifest: Manifest | None
    full: str | None
    links: int
    findings: list[Finding]

    @property
    def intact(self) -> bool:
        """Whether a store can be made of it: it and all that it rests on are what was written."""
        return not self.findings

    @property
    def undecided(self) -> bool:
        """Whether nothing is known to be wrong, and something could not be looked at."""
        return bool(self.findings) and all(one.kind == "undecided" for one in self.findings)


def verify(
    shelf: Shelf, names: Sequence[str], identity: Identity | None = None, progress: Progress = silent
) -> list[Verdict]:
    """The verdicts on some archives, each looked at once, with all that they rest on.

    With an `identity` all of them must be of that store.
    """
    case = _Case(shelf, identity, progress)
    case.measure(names)
    return [case.verdict(name) for name in names]


class _Case:
    """Archives that are proven once, whoever rests on them."""

    def __init__(self, shelf: Shelf, identity: Identity | None, progress: Progress) -> None:
        self._shelf = shelf
        self._identity = identity
        self._progress = progress
        self._proven: dict[str, UnsoundError | None] = {}
        self._total = self._done = 0

    def measure(self, names: Iterable[str]) -> None:
        """Read the beginnings of archives and of their chains, to know how much there is to do."""
        links = {link.name: link for name in names for link in self._chain(name)[0]}
        self._total = sum(link.manifest.content_bytes for link in links.values())

    def verdict(self, name: str) -> Verdict:
        """The verdict on an archive."""
        links, wrong = self._chain(name)
        found = [] if wrong is None else [wrong.finding]
        for link in links:
            error = self._prove(link)
            if error is not None:
                found.append(error.finding if link.name == name else findings.rests(name, error).finding)
        return Verdict(
            name=name,
            size=self._shelf.place.size(name),
            manifest=links[-1].manifest if links else None,
            full=links[0].name if wrong is None else None,
            links=len(links) - 1,
            findings=found,
        )

    def _chain(self, name: str) -> tuple[list[Archive], UnsoundError | None]:
        """An archive after those that it rests on, as far as they are there, and why not further."""
        links: list[Archive] = []
        try:
            links.append(self._shelf.archive(name))
            while links[-1].manifest.parent is not None:
                links.append(self._shelf.parent(links[-1]))
        except UnsoundError as error:
            return links[::-1], error
        return links[::-1], None

    def _prove(self, archive: Archive) -> UnsoundError | None:
        if archive.name not in self._proven:
            try:
                self._require_ours(archive)
                verify_alone(archive, self._told)
                self._proven[archive.name] = None
            except UnsoundError as error:
                self._proven[archive.name] = error
            except PlaceError:
                raise
            except TcpsError as error:
                if error.code != TcpsError.default_code:
                    raise
                self._proven[archive.name] = findings.unreadable(archive.name, error.message, undecided=True)
            archive.source.let_go()
            self._done += archive.manifest.content_bytes
        return self._proven[archive.name]

    def _told(self, what: str, done: int, _: int) -> None:
        self._progress(what, self._done + done, self._total)

    def _require_ours(self, archive: Archive) -> None:
        """Raise UnsoundError for an archive of another store, or with a name that says something else."""
        manifest, name = archive.manifest, Name.parsed(archive.name)
        if self._identity is not None and manifest.store != self._identity:
            raise findings.foreign(archive.name, manifest.store.store_id, self._identity.store_id)
        said = (manifest.store.store_id, manifest.to.seq, manifest.kind)
        if name is not None and (name.store_id, name.seq, name.kind) != said:
            raise findings.misfiled(archive.name, *said)
