"""`tcps backup …`."""

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tcps.cli.base import Command, context, examples_text, group, opened, say
from tcps.errors import NoStore
from tcps.model import Json
from tcps.render import columns, counted

app = group("Backups: made while others write, and proven before they are relied on.")
_LIST = columns("archive", "entries", "bytes", "state")
FolderOption = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DIR", help="The folder of the archives; else $TCPS_BACKUP_DIR, else the policy's."
    ),
]


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps backup create --to /mnt/backups
        tcps backup create --incremental --quiet
        tcps backup create --incremental --json"""
    ),
)
def create(
    ctx: typer.Context,
    incremental: Annotated[
        bool,
        typer.Option("--incremental", help="Only what is new since the newest archive, if there is one."),
    ] = False,
    to: FolderOption = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not open the archive again and prove it.")
    ] = False,
) -> None:
    """Make a backup of the store while others may write to it.

    Everything that was acknowledged before is in it. Exits with 12 when the ledger is damaged or is not
    the one that the newest archive holds, with 11 when another backup is under way for too long.
    """
    from tcps.cli.progress import told
    from tcps.service import backups

    with opened(ctx) as (store, out):
        with told(context(ctx).settings) as progress:
            made = backups.create(
                store, incremental=incremental, to=to, verify=not no_verify, progress=progress
            )
        out.record(made, [_summary(made)])
        if made["reason"] is not None:
            say(f"note: a full backup was made: {made['reason']}")
        if made["warning"] is not None:
            say(f"warning: {made['warning']}")


@app.command(
    cls=Command,
    name="list",
    epilog=examples_text("tcps backup list\ntcps backup list --to /mnt/backups --json"),
)
def list_archives(ctx: typer.Context, to: FolderOption = None) -> None:
    """List the archives of the store, the oldest first; where there is no store, those of every store."""
    from tcps.service import backups

    with _perhaps_opened(ctx) as (store, out):
        rows = backups.list_archives(store, to)
        shown = [row | {"entries": _entries(row), "state": row["problem"] or "ok"} for row in rows]
        out.table(shown, _LIST, "there is no archive", rows, backups.LISTED)


@contextlib.contextmanager
def _perhaps_opened(ctx: typer.Context) -> Iterator[tuple[Any, Any]]:
    """The store, or None where there is none: backups outlive their stores."""
    with contextlib.ExitStack() as stack:
        try:
            store, out = stack.enter_context(opened(ctx))
        except NoStore:
            chosen = context(ctx)
            if chosen.settings.store is not None:
                raise
            store, out = None, chosen.out
        yield store, out


def _summary(made: Json) -> str:
    """One line for a log."""
    proven = "verified" if made["verified"] else "not verified"
    return f"{made['archive']}: {made['kind']}, {_entries(made)}, {counted(made['bytes'], 'byte')}, {proven}"


def _entries(row: Json) -> str:
    first, last = row["from_sequence"], row["to_sequence"]
    if first is None:
        return f"up to {last}"
    if first == last:
        return f"none after {last}"
    return f"entries {first + 1} to {last}"
