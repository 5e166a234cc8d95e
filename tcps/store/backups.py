"""Backups of an open store: where they go, and up to which entry they reach."""

from pathlib import Path

from tcps import __version__
from tcps.backup import Folder, Kind, Live, Made, Settled, create
from tcps.backup.pruning import Pruned
from tcps.backup.pruning import prune as prune_folder
from tcps.backup.verifying import Progress, silent
from tcps.errors import IntegrityError, InvalidInput, TcpsError, Undecided, invalid_field
from tcps.files import Disk
from tcps.model import shown
from tcps.rules.policy import backup_dir
from tcps.rules.retention import Keep
from tcps.store.engine import Engine
from tcps.user import backup_folders


def backup(
    engine: Engine,
    kind: str,
    to: Path | None,
    *,
    wait: float | None = None,
    verify: bool = True,
    progress: Progress | None = None,
) -> Made:
    """Make an archive of the store in a folder, or (None) in the usual one. Raises as `create`."""
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
    return create(
        live,
        folder_for(engine, to),
        Kind(kind),
        wait=engine.fold.wait if wait is None else wait,
        verify=verify,
        progress=progress or silent,
    )


def prune(
    engine: Engine,
    keep: Keep,
    to: Path | None,
    *,
    wait: float | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Pruned:
    """Remove archives of the store that a policy does not keep. Raises as `tcps.backup.pruning.prune`."""
    return prune_folder(
        folder_for(engine, to),
        engine.identity,
        keep,
        wait=engine.fold.wait if wait is None else wait,
        dry_run=dry_run,
        progress=progress or silent,
    )


def folder_for(engine: Engine, given: Path | None) -> Folder:
    """The given folder, else what TCPS_BACKUP_DIR, then the policy, then the user's own data says.

    Raises InvalidInput for one in the store itself.
    """
    chosen = given or _usual(engine)
    inside = chosen.resolve()
    store = engine.fold.folder.resolve()
    if inside == store or store in inside.parents:
        raise InvalidInput(
            f"{chosen} is in the store itself: what takes the store takes its backups",
            hint="give a folder elsewhere with --to DIR",
            details={"fields": ["to"]},
        )
    return Folder(chosen, engine.fold.disk)


def usual_folder() -> Folder:
    """Where backups are when there is no store that could say so."""
    wanted, usual = backup_folders()
    return Folder(wanted or usual, Disk())


def _usual(engine: Engine) -> Path:
    wanted, usual = backup_folders()
    if wanted is not None:
        return wanted
    with engine.view() as view:
        chosen = backup_dir(view.policy())
    return usual if chosen is None else Path(chosen)


def _settled(engine: Engine) -> Settled:
    """Up to where the store is acknowledged: all of it, or where it cannot be written to, what is known."""
    try:
        made = engine.settle()
    except (IntegrityError, Undecided):
        raise
    except TcpsError as error:
        engine.fold.notice(f"the backup holds what is known to be acknowledged: {error.message}")
        kept = engine.fold.checkpoint()
        return Settled(max(engine.records.acknowledged(), 0 if kept is None else kept.checkpoint.size), None)
    return Settled(made.size, made.root)
