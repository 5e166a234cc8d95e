"""Use cases of backups: make one, list them (format 13)."""

from collections.abc import Iterable

from tcps.backup import Archive, Kind, Made, Manifest, Name, Place, UnsoundError
from tcps.backup.chains import chain, opened
from tcps.backup.newest import newest_good
from tcps.backup.pruning import Judged
from tcps.backup.verifying import verify_alone
from tcps.errors import TcpsError
from tcps.model import Json, to_ms
from tcps.rules.maintenance import Backups
from tcps.rules.retention import Keep
from tcps.store import Store, backups
from tcps.verify import Progress

LISTED = (
    "archive",
    "store_id",
    "kind",
    "made_at",
    "from_sequence",
    "to_sequence",
    "last_entry_at",
    "bytes",
    "parent",
    "problem",
)
"""The fields of a listed archive."""


def create(
    store: Store, *, incremental: bool, to: str | None, verify: bool, progress: Progress | None = None
) -> Json:
    """Make an archive; what it holds, and what it took."""
    kind = Kind.INCREMENTAL if incremental else Kind.FULL
    made = store.backup(kind, to=to, verify=verify, progress=progress)
    return _made(made)


def list_archives(store: Store | None, to: str | None) -> list[Json]:
    """Every archive of the store, or without one of any store, the oldest first; only beginnings are read."""
    place = place_of(store, to)
    names = place.names(None if store is None else store.store_id)
    read = [(name, _opened(place, name)) for name in names]
    known = {one.digest: one.name for _, one in read if isinstance(one, Archive)}
    return [_listed(place, name, one, known) for name, one in read]


def prune(
    store: Store, keep: Keep, *, to: str | None, dry_run: bool, progress: Progress | None = None
) -> Json:
    """Remove what a policy does not keep; every archive, and why it is kept."""
    done = backups.prune(store.engine, keep, to, dry_run=dry_run, progress=progress)
    gone = [one for one in done.archives if not one.reasons]
    return {
        "place": backups.place_for(store.engine, to).where(),
        "store_id": store.store_id,
        "dry_run": dry_run,
        "kept": len(done.archives) - len(gone),
        "removed": len(gone),
        "removed_bytes": sum(one.size for one in gone),
        "archives": [_judged(one) for one in done.archives],
        "problems": [{"archive": name, "problem": why} for name, why in sorted(done.problems.items())],
    }


def known(store: Store) -> Backups:
    """When the first entry was made, and when the newest good backup; only beginnings and ends are read."""
    with store.view() as view:
        head = view.loader.index.position().head.seq
        first = view.loader.entry(1).time if head else None
    newest = newest_good(place_of(store, None), store.engine.identity)
    return Backups(first, None if newest is None else newest.made)


def verify_newest(store: Store) -> tuple[str | None, int]:
    """Read the newest archive and its chain from first to last; its name, and how many archives that were.

    Raises UnsoundError.
    """
    place = place_of(store, None)
    names = place.names(store.store_id)
    if not names:
        return None, 0
    links = chain(place, opened(place, str(names[-1])))
    for link in links:
        verify_alone(link)
    return links[-1].name, len(links)


def overview(store: Store) -> Json:
    """How many archives there are in the usual place, and how old the newest good one is."""
    place, now = place_of(store, None), store.engine.clock()
    told: Json = {
        "place": place.where(),
        "archives": 0,
        "newest_good": None,
        "age_ms": None,
        "problem": None,
    }
    try:
        told["archives"] = len(place.names(store.store_id))
        newest = newest_good(place, store.engine.identity)
    except TcpsError as error:
        return told | {"problem": error.message}
    if newest is None:
        return told
    return told | {"newest_good": str(newest), "age_ms": to_ms(now) - to_ms(newest.made)}


def place_of(store: Store | None, to: str | None) -> Place:
    """Where archives are looked for."""
    return backups.place_without_store(to) if store is None else backups.place_for(store.engine, to)


def _made(made: Made) -> Json:
    manifest = made.manifest
    return {
        "archive": str(made.name),
        "path": made.where,
        "store_id": manifest.store.store_id,
        "kind": manifest.kind,
        "made_at": made.name.made,
        "from_sequence": _after(manifest),
        "to_sequence": manifest.to.seq,
        "root": manifest.to.root,
        "bytes": made.size,
        "content_bytes": manifest.content_bytes,
        "verified": made.verified,
        "reason": made.reason,
        "warning": made.warning,
    }


def _judged(one: Judged) -> Json:
    return {
        "archive": str(one.name),
        "kind": one.name.kind,
        "made_at": one.name.made,
        "to_sequence": one.name.seq,
        "bytes": one.size,
        "kept": bool(one.reasons),
        "reasons": list(one.reasons),
    }


def _opened(place: Place, name: Name) -> Archive | UnsoundError:
    try:
        return opened(place, str(name))
    except UnsoundError as error:
        return error


def _listed(place: Place, name: Name, read: Archive | UnsoundError, known: dict[str, str]) -> Json:
    row: Json = dict.fromkeys(LISTED)
    row |= {
        "archive": str(name),
        "store_id": name.store_id,
        "kind": name.kind,
        "made_at": name.made,
        "to_sequence": name.seq,
        "bytes": place.size(str(name)),
    }
    if isinstance(read, UnsoundError):
        return row | {"problem": str(read)}
    manifest = read.manifest
    parent = None if manifest.parent is None else known.get(manifest.parent)
    lost = manifest.parent is not None and parent is None
    return row | {
        "from_sequence": _after(manifest),
        "to_sequence": manifest.to.seq,
        "last_entry_at": manifest.to.time,
        "parent": parent,
        "problem": "the archive that it goes on from is not there" if lost else None,
    }


def _after(manifest: Manifest) -> int:
    return 0 if manifest.from_ is None else manifest.from_.seq


def problems(rows: Iterable[Json]) -> list[str]:
    """What is wrong with listed archives, as lines."""
    return [f"{row['archive']}: {row['problem']}" for row in rows if row["problem"] is not None]
