"""`tcps restore`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tcps.cli.backup import IdentityOption
from tcps.cli.base import context, outside, say, single
from tcps.errors import NoStore
from tcps.model import Json
from tcps.render import counted


def _restore(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="An archive, or its name in the usual place of backups.")
    ],
    into: Annotated[
        str | None,
        typer.Option("--into", metavar="DIR", help="Restore to DIR/.tcps, not to the store of this folder."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the store that is there; it is kept beside it.")
    ] = False,
    to_sequence: Annotated[
        int | None,
        typer.Option("--to-sequence", metavar="N", min=1, help="Only up to the entry with this number."),
    ] = None,
    to_time: Annotated[
        str | None,
        typer.Option("--to-time", metavar="TIME", help="Only up to the last entry at or before this time."),
    ] = None,
    accept_rollback: Annotated[
        bool,
        typer.Option(
            "--accept-rollback", help="Give up later entries that are known; an entry of the ledger says so."
        ),
    ] = False,
    identity: IdentityOption = None,
) -> None:
    """Restore a store from an archive and those that it goes on from.

    Nothing is touched before all of them are proven. The store is made beside its place, verified whole, and
    put there in one step; one that was there is kept. Exits with 5 when a store is there and --force is not
    given, with 12 when an archive is damaged or later entries would be given up; also when what was restored
    was not intact when it was backed up.
    """
    from tcps.backup.wanted import Until
    from tcps.cli.progress import told
    from tcps.cli.unwinding import unwinding
    from tcps.model.text import LABEL, required
    from tcps.service import restoring
    from tcps.user import user_name

    chosen, out = context(ctx)
    with unwinding(), told(chosen) as progress:
        done = restoring.restore(
            file,
            _folder(chosen.store, into),
            outside(ctx),
            actor=required("actor", chosen.actor or user_name(), "a store", LABEL),
            wait=chosen.wait,
            until=Until.read(to_sequence, to_time),
            force=force,
            accept_rollback=accept_rollback,
            identity=identity,
            progress=progress,
        )
    out.record(done, _lines(done))
    for warning in done["warnings"]:
        say(f"warning: {warning}")
    if done["verdict"] != "intact":
        say("warning: the store is as it was backed up, which was not intact")
        raise typer.Exit(12)


def _folder(store: str | None, into: str | None) -> Path:
    """The folder of the store that is made or replaced."""
    from tcps.store import find
    from tcps.store.location import in_folder

    if into is None:
        try:
            return find(store, Path.cwd())
        except NoStore as error:
            error.hint = "restore it to a new place with --into DIR"
            raise
    return in_folder(Path(into))


def _lines(done: Json) -> Iterator[str]:
    until = "" if done["last_entry_at"] is None else f" of {done['last_entry_at']}"
    yield (
        f"restored the store {done['store_id']} up to entry {done['sequence']}{until} in {done['path']}:"
        f" {counted(done['records'], 'record')}, {done['verdict']}"
    )
    for found in done["findings"]:
        yield f"{found['class']}: {found['message']}"
    if done["given_up"] is not None:
        yield f"entries up to {done['given_up']} are given up, which entry {done['sequence'] + 1} says"
    if done["replaced"] is not None:
        yield f"the store that was there is in {done['replaced']}"


restore = single(
    _restore,
    """tcps restore backups/tcps-0123456789abcdef-000000000007-full-20260120T100000.000Z.tar.zst --into .
    tcps restore FILE --force
    tcps restore FILE --into ../yesterday --to-time 2026-01-20T10:00:00Z
    tcps restore FILE --force --to-sequence 120 --accept-rollback""",
)
