"""`tcps backup …`."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from tcps.cli.base import EXIT_CODES, Command, DryRun, context, examples_text, group, opened, say, tried
from tcps.errors import IntegrityError, InvalidInput, NoStore, deciding, invalid_field, missing
from tcps.model import Json
from tcps.render import Section, columns, counted

app = group("Backups: made while others write, and proven before they are relied on.")
_LIST = columns("archive", "entries", "bytes", "state")
_PRUNED = columns("archive", "bytes", "kept for=why")
PlaceOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="PLACE",
        help="The archives' folder or s3://BUCKET/PREFIX; else $TCPS_BACKUP_DIR, else the policy's.",
    ),
]
IdentityOption = Annotated[
    str | None,
    typer.Option(
        "--identity", metavar="FILE", help="What opens encrypted archives; else $TCPS_BACKUP_IDENTITY."
    ),
]


def _number(says: str) -> Any:
    return typer.Option(min=0, metavar="N", show_default=False, help=says)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps backup create --to /mnt/backups
        tcps backup create --to s3://bucket/backups
        tcps backup create --incremental --quiet
        tcps backup create --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
        tcps backup create --incremental --json"""
    ),
)
def create(
    ctx: typer.Context,
    incremental: Annotated[
        bool,
        typer.Option("--incremental", help="Only what is new since the newest archive, if there is one."),
    ] = False,
    to: PlaceOption = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="KEY", help="Encrypt it with age to age1… or ssh-…; repeatable."),
    ] = None,
    recipients_file: Annotated[
        str | None,
        typer.Option(
            "--recipients-file",
            metavar="FILE",
            help="The same, a key a line; else $TCPS_BACKUP_RECIPIENTS_FILE, else the policy's.",
        ),
    ] = None,
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
                store,
                incremental=incremental,
                to=to,
                recipients=recipient or (),
                recipients_file=recipients_file,
                verify=not no_verify,
                progress=progress,
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
def list_archives(ctx: typer.Context, to: PlaceOption = None, identity: IdentityOption = None) -> None:
    """List the archives of the store, the oldest first; where there is no store, those of every store."""
    from tcps.service import backups

    with _perhaps_opened(ctx) as (store, out):
        rows = backups.list_archives(store, to, identity)
        shown = [row | {"entries": _entries(row), "state": _state(row)} for row in rows]
        out.table(shown, _LIST, "there is no archive", rows, backups.LISTED)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps backup prune --keep-hourly 48 --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --dry-run
        tcps backup prune --keep-last 10 --keep-yearly 5 --quiet
        tcps backup prune --keep-daily 7 --json"""
    ),
)
def prune(
    ctx: typer.Context,
    keep_last: Annotated[int, _number("The newest N archives.")] = 0,
    keep_hourly: Annotated[int, _number("The newest of each of the N newest hours that have one.")] = 0,
    keep_daily: Annotated[int, _number("The same of days.")] = 0,
    keep_weekly: Annotated[int, _number("The same of weeks, Monday to Sunday.")] = 0,
    keep_monthly: Annotated[int, _number("The same of months.")] = 0,
    keep_yearly: Annotated[int, _number("The same of years.")] = 0,
    to: PlaceOption = None,
    identity: IdentityOption = None,
    dry_run: DryRun = False,
) -> None:
    """Remove the archives of the store that no rule keeps; periods are those of UTC.

    What a kept archive goes on from is kept too, and the newest archive that can be restored, and the newest
    good full one, which are read for that from first to last. What cannot be read is left alone. Exits with
    12 when something would go and none can be restored, with 11 when a backup is under way for too long.
    """
    from tcps.cli.progress import told
    from tcps.rules.retention import Keep
    from tcps.service import backups

    keep = Keep(keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    if keep == Keep():
        raise missing(["--keep-last, -hourly, -daily, -weekly, -monthly or -yearly"], "backup prune")
    with opened(ctx) as (store, out):
        with told(context(ctx).settings) as progress:
            done = backups.prune(store, keep, to=to, identity=identity, dry_run=dry_run, progress=progress)
        sections = (
            [Section("Archives", (), [_row(row) for row in done["archives"]], _PRUNED)] if dry_run else []
        )
        out.report(done, _pruned(done), sections, done["archives"])
        for one in done["problems"]:
            say(f"warning: {one['problem']}")
        tried(dry_run)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps backup verify
        tcps backup verify --all --to /mnt/backups
        tcps backup verify --restore-test --quiet
        tcps backup verify tcps-0123456789abcdef-000000000120-full-20260120T100000.000Z.tar.zst --json"""
    ),
)
def verify(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE…]", help="Archives; without any, the newest one in the place."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every archive in the place.")] = False,
    restore_test: Annotated[
        bool, typer.Option("--restore-test", help="Restore them for a moment, and verify the stores.")
    ] = False,
    scratch: Annotated[
        str | None,
        typer.Option("--scratch", metavar="DIR", help="Where to restore to; else where temporary files go."),
    ] = None,
    to: PlaceOption = None,
    identity: IdentityOption = None,
) -> None:
    """Prove archives, with all that they rest on: every byte is read, every root computed anew.

    With --restore-test each is restored into a folder that is gone afterwards.

    Exits with 0 when intact, 12 when broken, 13 when that cannot be decided, 4 when there is none.
    """
    from pathlib import Path

    from tcps.cli.progress import told
    from tcps.cli.unwinding import unwinding
    from tcps.service import backups

    if files and everything:
        raise InvalidInput("--all and files exclude each other", code="usage")
    if scratch is not None and not restore_test:
        raise InvalidInput("--scratch goes with --restore-test", code="usage")
    with deciding(), _perhaps_opened(ctx) as (store, out), unwinding():
        with told(context(ctx).settings) as progress:
            report = backups.verify(
                store,
                files or (),
                to,
                everything=everything,
                identity=identity,
                restored=restore_test,
                scratch=None if scratch is None else Path(scratch),
                progress=progress,
            )
        out.record(report, _verdicts(report))
    if report["verdict"] != "intact":
        out.failed(_verdicts(report))
        raise typer.Exit(EXIT_CODES[report["verdict"]])


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps backup schedule --print crontab --to /mnt/backups
        tcps backup schedule --print systemd --to /mnt/backups"""
    ),
)
def schedule(
    ctx: typer.Context,
    form: Annotated[
        str, typer.Option("--print", metavar="crontab|systemd", help="For which of them the lines are.")
    ],
    to: PlaceOption = None,
) -> None:
    """Print what lets cron or systemd back up this store; nothing is installed.

    An incremental backup each hour, a full one each week, prune and verify each day. In JSON it is the jobs.
    """
    from tcps.config import Format
    from tcps.service import backups
    from tcps.service import schedule as schedules

    if form not in schedules.WRITTEN:
        raise invalid_field("print", f"is one of {', '.join(schedules.WRITTEN)}, not {form!r}")
    with opened(ctx) as (store, out):
        plan = schedules.schedule(store, backups.place_of(store, to), _program())
        text = schedules.WRITTEN[form](plan)
        if out.form is Format.TEXT:
            out.document(text)
        else:
            out.record(plan)


def _program() -> list[str]:
    """How tcps is called where PATH and the working folder are others."""
    own = Path(sys.executable).absolute()
    script = own.with_name("tcps")
    return [str(script)] if os.access(script, os.X_OK) else [str(own), "-P", "-m", "tcps"]


@contextlib.contextmanager
def _perhaps_opened(ctx: typer.Context) -> Iterator[tuple[Any, Any]]:
    """The store, or None where there is none, or a damaged one: backups outlive their stores."""
    with contextlib.ExitStack() as stack:
        try:
            store, out = stack.enter_context(opened(ctx))
        except (NoStore, IntegrityError) as error:
            chosen = context(ctx)
            if chosen.settings.store is not None and isinstance(error, NoStore):
                raise
            if isinstance(error, IntegrityError):
                say(f"warning: {error.message}")
            store, out = None, chosen.out
        yield store, out


def _summary(made: Json) -> str:
    """One line for a log."""
    proven = "verified" if made["verified"] else "not verified"
    proven = f"encrypted, {proven}" if made["encrypted"] else proven
    return f"{made['archive']}: {made['kind']}, {_entries(made)}, {counted(made['bytes'], 'byte')}, {proven}"


def _state(row: Json) -> str:
    if row["problem"] is not None:
        return str(row["problem"])
    return "encrypted, nothing more is known" if row["from_sequence"] is None else "ok"


def _pruned(done: Json) -> str:
    """One line for a log."""
    gone = f"{counted(done['removed'], 'archive')} ({counted(done['removed_bytes'], 'byte')})"
    return f"{gone} {'would go' if done['dry_run'] else 'removed'}, {done['kept']} kept"


def _row(row: Json) -> Json:
    return row | {"why": ", ".join(row["reasons"]) or "nothing: it would go"}


def _verdicts(report: Json) -> Iterator[str]:
    """Every finding, a line for each archive, and one for all."""
    rows = report["archives"]
    for row in rows:
        yield from (f"{found['class']}: {found['message']}" for found in row["findings"])
        rests = f"on {row['full']} by {counted(row['links'], 'link')}" if row["links"] else "on no other"
        what = "" if row["kind"] is None else f": {row['kind']}, {_entries(row)}, rests {rests}"
        tried = ", restored and verified" if row["restored"] else ""
        yield f"{row['archive']}: {row['verdict']}{what}{tried}"
    if len(rows) > 1:
        intact = sum(row["verdict"] == "intact" for row in rows)
        yield f"{report['verdict']}: {intact} of {counted(len(rows), 'archive')} intact"


def _entries(row: Json) -> str:
    first, last = row["from_sequence"], row["to_sequence"]
    if first is None:
        return f"up to {last}"
    if first == last:
        return f"none after {last}"
    return f"entries {first + 1} to {last}"
