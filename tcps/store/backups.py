"""Backups of an open store: where they go, and up to which entry they reach."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tcps import __version__
from tcps.backup import (
    Folder,
    Kind,
    Listed,
    Live,
    Made,
    Place,
    Settled,
    Shelf,
    Verdict,
    create,
    keys,
    verify,
)
from tcps.backup.memory import Memory
from tcps.backup.progress import Progress, silent
from tcps.backup.pruning import Pruned
from tcps.backup.pruning import prune as prune_place
from tcps.errors import Conflict, IntegrityError, InvalidInput, NotFound, TcpsError, Undecided, invalid_field
from tcps.files import Disk
from tcps.model import shown
from tcps.rules.addresses import address
from tcps.rules.policy import backup_dir, backup_recipients
from tcps.rules.retention import Keep
from tcps.store.engine import Engine
from tcps.user import backup_keys, backup_places, state_folder


def backup(
    engine: Engine,
    kind: str,
    to: str | Path | None,
    *,
    recipients: Sequence[str] = (),
    wait: float | None = None,
    verify: bool = True,
    progress: Progress | None = None,
) -> Made:
    """Make an archive of the store in a place, or (None) in the usual one. Raises as `create`.

    It is encrypted to the recipients, or to those that the environment, then the policy names.
    """
    if kind not in Kind.__members__.values():
        raise invalid_field("kind", f"{shown(kind)} is neither full nor incremental")
    live = Live(
        folder=engine.fold.folder,
        disk=engine.fold.disk,
        identity=engine.identity,
        ledger=engine.ledger,
        settle=lambda: _settled(engine),
        clock=engine.clock,
        version=__version__,
    )
    place = place_for(engine, to)
    place.recipients = _recipients(engine, recipients)
    return create(
        live,
        place,
        Kind(kind),
        wait=engine.fold.wait if wait is None else wait,
        verify=verify,
        progress=progress or silent,
    )


def listed(engine: Engine, to: str | Path | None, identity: str | Path | None) -> list[Listed]:
    """The archives of the store in a place, or (None) in the usual one."""
    return Shelf(place_for(engine, to, identity), engine.identity.store_id).listed()


def verified(
    engine: Engine,
    name: str | None,
    to: str | Path | None,
    *,
    identity: str | Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """The verdict on an archive in a place, or (None) on the newest one there. Raises NotFound."""
    shelf = Shelf(place_for(engine, to, identity), engine.identity.store_id)
    names = [str(one) for one in shelf.names[-1:]] if name is None else [name]
    if not set(names) & set(shelf.place.files()):
        raise NotFound(f"there is no archive in {shelf.place}" + (f" named {name}" if name else ""))
    (verdict,) = verify(shelf, names, engine.identity, progress or silent)
    return verdict


def prune(
    engine: Engine,
    keep: Keep,
    to: str | Path | None,
    *,
    identity: str | Path | None = None,
    wait: float | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Pruned:
    """Remove archives of the store that a policy does not keep. Raises as `tcps.backup.pruning.prune`."""
    return prune_place(
        place_for(engine, to, identity),
        engine.identity,
        keep,
        wait=engine.fold.wait if wait is None else wait,
        dry_run=dry_run,
        progress=progress or silent,
    )


def place_for(engine: Engine, given: str | Path | None, identity: str | Path | None = None) -> Place:
    """The given place, else what TCPS_BACKUP_DIR, then the policy, then the user's own data says.

    Raises InvalidInput for a folder in the store itself.
    """
    place = at(given or _usual(engine), engine.fold.disk, identity)
    if not isinstance(place, Folder):
        return place
    inside = place.path.resolve()
    store = engine.fold.folder.resolve()
    if inside == store or store in inside.parents:
        raise InvalidInput(
            f"{place} is in the store itself: what takes the store takes its backups",
            hint="give a folder elsewhere with --to DIR",
            details={"fields": ["to"]},
        )
    return place


def at(place: str | Path, disk: Disk, identity: str | Path | None = None) -> Place:
    """A place by its name: a folder, or a bucket of an object store.

    What is encrypted there is opened with an identity, or with the one that TCPS_BACKUP_IDENTITY names.
    """
    found, opens = _at(place, disk), identity or backup_keys()[1]
    found.identity = None if opens is None else Path(opens)
    whose = hashlib.sha256(found.where().encode()).hexdigest()[:16]
    found.memory = Memory(state_folder() / "manifests" / whose, disk)
    return found


def _at(place: str | Path, disk: Disk) -> Place:
    found = address(place, "to") if isinstance(place, str) else None
    if found is None:
        return Folder(Path(place), disk)
    from tcps.backup.bucket import Bucket

    return Bucket(found, state_folder() / "locks", disk)


def place_without_store(given: str | Path | None, identity: str | Path | None = None) -> Place:
    """The given place, or the usual one when there is no store that could say so."""
    wanted, usual = backup_places()
    return at(given or wanted or usual, Disk(), identity)


def _usual(engine: Engine) -> str | Path:
    wanted, usual = backup_places()
    if wanted is not None:
        return wanted
    with engine.view() as view:
        return backup_dir(view.policy()) or usual


def _recipients(engine: Engine, given: Sequence[str]) -> tuple[str, ...]:
    """The given recipients, else those of TCPS_BACKUP_RECIPIENTS_FILE, else the policy's; all are sound."""
    file, _ = backup_keys()
    if given:
        chosen = tuple(given)
    elif file is not None:
        chosen = keys.recipients_in(file)
    else:
        with engine.view() as view:
            chosen = backup_recipients(view.policy())
    if chosen:
        keys.recipients(chosen)
    return chosen


def _settled(engine: Engine) -> Settled:
    """Up to where the store is acknowledged: all of it, or where it cannot be written to, what is known."""
    try:
        made = engine.settle()
    except (IntegrityError, Undecided, Conflict):
        raise
    except TcpsError as error:
        engine.fold.notice(f"the backup holds what is known to be acknowledged: {error.message}")
        kept = engine.fold.checkpoint()
        return Settled(max(engine.records.acknowledged(), 0 if kept is None else kept.checkpoint.size), None)
    return Settled(made.size, made.root)
