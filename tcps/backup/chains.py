"""Chains: an incremental archive and those that it goes on from, back to a full one (format 13.6)."""

from tcps.backup import findings
from tcps.backup.findings import UnsoundError
from tcps.backup.names import Kind
from tcps.backup.places import Place
from tcps.backup.reading import Archive
from tcps.errors import TcpsError


def opened(folder: Place, name: str) -> Archive:
    """The archive with this name. Raises UnsoundError when there is none that can be read."""
    try:
        source = folder.source(name)
    except TcpsError as error:
        raise findings.unreadable(name, error.message) from None
    if source is None:
        raise findings.unreadable(name, "it is no plain file")
    return Archive(source)


def chain(folder: Place, archive: Archive) -> list[Archive]:
    """The full archive that one rests on, those in between, and itself. Raises UnsoundError."""
    links = [archive]
    while links[0].manifest.kind is Kind.INCREMENTAL:
        links.insert(0, parent(folder, links[0]))
    return links


def parent(folder: Place, archive: Archive) -> Archive:
    """The archive that an incremental one goes on from. Raises UnsoundError when it is not there."""
    manifest = archive.manifest
    assert manifest.parent is not None
    assert manifest.from_ is not None
    for name in folder.names(manifest.store.store_id):
        if name.seq != manifest.from_.seq:
            continue
        try:
            found = opened(folder, str(name))
        except UnsoundError:
            continue
        if found.digest == manifest.parent:
            _require_joined(archive, found)
            return found
    raise findings.missing_parent(archive.name, manifest.parent)


def _require_joined(archive: Archive, found: Archive) -> None:
    """Raise UnsoundError unless one begins where the other ends, in the same store."""
    ours, theirs = archive.manifest, found.manifest
    if ours.store != theirs.store:
        raise findings.foreign(found.name, theirs.store.store_id, ours.store.store_id)
    if ours.from_ != theirs.to:
        got = None if ours.from_ is None else ours.from_.seq
        raise findings.gap(archive.name, found.name, theirs.to.seq, got)
