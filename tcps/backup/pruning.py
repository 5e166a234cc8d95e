"""Removing archives that a policy does not keep, under the lock of the archives (`tcps.rules.retention`).

1. take the lock; read the beginning of every archive of the store;
2. decide; where something would go, prove the newest archives from their first byte to their last until one
   is found that can be restored;
3. remove those first on which nothing rests, and sync the folder before what they rested on is removed.

What is no archive of the store, or is damaged so that it cannot say what it is, is never removed. What
cannot be read now, or only by a later program, could rest on any other: then nothing is removed.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tcps.backup import findings
from tcps.backup.findings import UnsoundError
from tcps.backup.holding import holding
from tcps.backup.names import Name
from tcps.backup.places import Place
from tcps.backup.progress import Progress, silent
from tcps.backup.reading import Archive
from tcps.backup.verifying import verify_alone
from tcps.errors import Undecided
from tcps.identity import Identity
from tcps.rules.retention import Backup, Decision, Keep, decide, removals


class Judged(NamedTuple):
    """An archive, its size, and why it is kept; without a reason it goes, or has gone."""

    name: Name
    size: int
    reasons: tuple[str, ...]


class Pruned(NamedTuple):
    """What became of each archive, the oldest first, and what is wrong with some that were left alone."""

    archives: list[Judged]
    problems: dict[str, str]


def prune(
    folder: Place,
    identity: Identity,
    keep: Keep,
    *,
    wait: float,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Pruned:
    """Remove what a policy does not keep, or (`dry_run`) say what would go.

    Raises InvalidInput for a policy that keeps nothing, IntegrityError when something would go and no
    archive can be restored, LockTimeout.
    """
    keep.require_sound()
    if dry_run or not folder.names(identity.store_id):
        return _Pruning(folder, identity, progress).judged(keep)[1]
    with holding(folder, identity.store_id, wait):
        decisions, pruned = _Pruning(folder, identity, progress).judged(keep)
        for step in removals(decisions):
            for one in step:
                folder.remove(one.name)
            folder.sync()
    return pruned


class _Pruning:
    """The archives of a store as they are now."""

    def __init__(self, folder: Place, identity: Identity, progress: Progress) -> None:
        self._folder = folder
        self._identity = identity
        self._progress = progress
        self._problems: dict[str, str] = {}
        self.is_good = cache(self._proven)

    def judged(self, keep: Keep) -> tuple[list[Decision], Pruned]:
        """What the rules say of each archive; with what can be told of it."""
        names = self._folder.names(self._identity.store_id)
        known = [one for name in names if (one := self._read(name)) is not None]
        decisions = decide(known, keep, self.is_good)
        reasons = {one.backup.name: one.reasons for one in decisions}
        return decisions, Pruned([self._told(name, reasons) for name in names], self._problems)

    def _read(self, name: Name) -> Backup | None:
        """What the beginning of an archive says; None, and a problem, for what is none of the store.

        Raises TcpsError where that cannot be told.
        """
        try:
            archive = self._opened(str(name))
            manifest = archive.manifest
            if archive.source.remembered is not None:
                archive.seal()
            if manifest.store != self._identity:
                raise findings.foreign(archive.name, manifest.store.store_id, self._identity.store_id)
            if (manifest.kind, manifest.to.seq) != (name.kind, name.seq):
                raise findings.misfiled(archive.name, manifest.store.store_id, manifest.to.seq, manifest.kind)
        except UnsoundError as error:
            if error.finding.class_ == "ENCRYPTED":
                raise Undecided(f"none is removed: {error.message}", hint=error.hint) from None
            if error.finding.class_ == "TOO_NEW":
                raise Undecided(
                    f"none is removed: {error.message}", code="format_too_new", hint="use a newer tcps"
                ) from None
            self._problems[str(name)] = error.message
            return None
        return Backup(archive.name, name.made, archive.digest, manifest.parent)

    def _opened(self, name: str) -> Archive:
        source = self._folder.source(name)
        if source is None:
            raise findings.unreadable(name, "it is no plain file")
        return Archive(source)

    def _proven(self, name: str) -> bool:
        """Whether an archive is good by itself, as read now."""
        try:
            archive = self._opened(name)
            verify_alone(archive, self._progress if archive.manifest.parent is None else silent)
        except UnsoundError as error:
            self._problems[name] = error.message
            return False
        return True

    def _told(self, name: Name, reasons: Mapping[str, tuple[str, ...]]) -> Judged:
        text = str(name)
        return Judged(name, self._folder.size(text), reasons.get(text, ("no archive of this store",)))
