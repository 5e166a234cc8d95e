"""Use cases of backups: make one, list them, prove them (format 13)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tcps.backup import Kind, Listed, Made, Manifest, Place, Shelf, Verdict
from tcps.backup import verify as judge
from tcps.backup.keys import recipients_in
from tcps.backup.newest import newest_good
from tcps.backup.progress import Progress, silent
from tcps.backup.pruning import Judged
from tcps.errors import IntegrityError, NotFound, TcpsError
from tcps.files import Disk
from tcps.model import Json, system_clock, to_ms
from tcps.rules.findings import Finding
from tcps.rules.maintenance import Backups
from tcps.rules.retention import Keep
from tcps.service import views
from tcps.store import Store, backups

LISTED = (
    "archive",
    "store_id",
    "kind",
    "made_at",
    "from_sequence",
    "to_sequence",
    "last_entry_at",
    "bytes",
    "encrypted",
    "parent",
    "problem",
)
"""The fields of a listed archive."""


def create(
    store: Store,
    *,
    incremental: bool,
    to: str | None,
    verify: bool,
    recipients: Sequence[str] = (),
    recipients_file: str | None = None,
    progress: Progress | None = None,
) -> Json:
    """Make an archive; what it holds, and what it took."""
    kind = Kind.INCREMENTAL if incremental else Kind.FULL
    whom = [*recipients, *(() if recipients_file is None else recipients_in(recipients_file))]
    made = store.backup(kind, to=to, recipients=whom, verify=verify, progress=progress)
    return _made(made)


def list_archives(store: Store | None, to: str | None, identity: str | None = None) -> list[Json]:
    """Every archive of the store, or without one of any store, the oldest first; only beginnings are read."""
    return [_listed(one) for one in _shelf(store, place_of(store, to, identity)).listed()]


def verify(
    store: Store | None,
    files: Sequence[str],
    to: str | None,
    *,
    everything: bool = False,
    identity: str | None = None,
    scratch: Path | None = None,
    restored: bool = False,
    progress: Progress | None = None,
) -> Json:
    """Prove archives, their chains included: files, or all in the place, or the newest one there.

    With `restored` those that are intact are restored for a moment, in the folder `scratch` or where the
    system has temporary files, and the stores verified. Raises NotFound when there is none.
    """
    ours = None if store is None else store.engine.identity
    rows: list[Json] = []
    for shelf, names in _chosen(store, files, to, identity, everything=everything):
        for one in judge(shelf, names, ours, progress or silent):
            tried = _tried(shelf.place, one.name, scratch, progress) if restored and one.intact else None
            rows.append(_verdict(one, tried))
    return {"archives": rows, "verdict": _worst(row["verdict"] for row in rows)}


def _tried(place: Place, name: str, scratch: Path | None, progress: Progress | None) -> list[Finding]:
    """What is found when an archive is restored for a moment."""
    from tcps.store.rehearsing import rehearse

    try:
        report = rehearse(place, name, scratch, system_clock, progress)
    except IntegrityError as error:
        found = error.details.get("class", "DAMAGED")
        return [Finding(kind="integrity", class_=found, path=name, message=error.message)]
    chains = [one for verdict in report.verdicts for one in verdict.findings if one.kind == "integrity"]
    return [*report.findings, *chains]


def _chosen(
    store: Store | None, files: Sequence[str], to: str | None, identity: str | None, *, everything: bool
) -> Iterator[tuple[Shelf, list[str]]]:
    """Which archives are meant, by the place that they and their chains are in."""
    for file in files:
        where, name = os.path.split(file)
        place = backups.at(where or ".", _disk(store), identity)
        if place.source(name) is None and name not in place.files():
            raise NotFound(f"there is no file {file}", details={"path": file})
        yield _shelf(None, place), [name]
    if not files:
        shelf = _shelf(store, place_of(store, to, identity))
        names = [str(name) for name in shelf.names]
        if not names:
            raise NotFound(f"there is no archive in {shelf.place}", hint="tcps backup create")
        yield shelf, names if everything else names[-1:]


def prune(
    store: Store,
    keep: Keep,
    *,
    to: str | None,
    identity: str | None = None,
    dry_run: bool,
    progress: Progress | None = None,
) -> Json:
    """Remove what a policy does not keep; every archive, and why it is kept."""
    done = backups.prune(store.engine, keep, to, identity=identity, dry_run=dry_run, progress=progress)
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


def place_of(store: Store | None, to: str | None, identity: str | None = None) -> Place:
    """Where archives are looked for; `identity` is the file with what opens encrypted ones."""
    if store is None:
        return backups.place_without_store(to, identity)
    return backups.place_for(store.engine, to, identity)


def _shelf(store: Store | None, place: Place) -> Shelf:
    return Shelf(place, None if store is None else store.store_id)


def _disk(store: Store | None) -> Disk:
    return Disk() if store is None else store.engine.fold.disk


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
        "encrypted": made.name.is_encrypted,
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


def _verdict(one: Verdict, tried: list[Finding] | None) -> Json:
    manifest = one.manifest
    verdict = "broken" if tried else _overall(one)
    return {
        "archive": one.name,
        "verdict": verdict,
        "store_id": None if manifest is None else manifest.store.store_id,
        "kind": None if manifest is None else manifest.kind,
        "from_sequence": None if manifest is None else _after(manifest),
        "to_sequence": None if manifest is None else manifest.to.seq,
        "root": None if manifest is None else manifest.to.root,
        "bytes": one.size,
        "full": one.full,
        "links": one.links,
        "restored": tried is not None,
        "findings": [views.finding(finding) for finding in [*one.findings, *(tried or ())]],
    }


def _overall(one: Verdict) -> str:
    if one.intact:
        return "intact"
    return "undecided" if one.undecided else "broken"


def _worst(verdicts: Iterable[str]) -> str:
    """The verdict on all."""
    found = set(verdicts)
    return next((one for one in ("broken", "undecided") if one in found), "intact")


def _listed(one: Listed) -> Json:
    manifest = one.manifest
    return {
        "archive": str(one.name),
        "store_id": one.name.store_id,
        "kind": one.name.kind,
        "made_at": one.name.made,
        "from_sequence": None if manifest is None else _after(manifest),
        "to_sequence": one.name.seq if manifest is None else manifest.to.seq,
        "last_entry_at": None if manifest is None else manifest.to.time,
        "bytes": one.size,
        "encrypted": one.name.is_encrypted,
        "parent": one.parent,
        "problem": one.problem,
    }


def _after(manifest: Manifest) -> int:
    return 0 if manifest.from_ is None else manifest.from_.seq
