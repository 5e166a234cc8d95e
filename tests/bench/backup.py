"""Backups beside restic, borg and `tar | zstd` over the same record files, in the same run."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tcps.store import Store
from tests.bench import stores
from tests.bench.measure import Once, fresh, once
from tests.bench.report import Aim, Section, Table, ms

ROWS = ("full", "nothing changed", "1 % changed", "verify")
_SECRETS = {"RESTIC_PASSWORD": "bench", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
"""restic encrypts always; borg is asked not to."""


class Size(NamedTuple):
    """How many receipts the store has."""

    receipts: int = 100_000


QUICK = Size(1_000)


class Tool(NamedTuple):
    """How one program does each row; a row that it has no way for is not there."""

    name: str
    prepare: str
    rows: Mapping[str, str]


class Took(NamedTuple):
    """A program's run of a row, and the bytes of its archives after it."""

    run: Once
    size: int


def section(folder: Path, quick: bool, size: Size | None = None) -> Section:
    """Measure everything in `folder`."""
    size = size or (QUICK if quick else Size())
    place = fresh(folder)
    stores.large(place, size.receipts)
    tools = [tool for tool in _tools(fresh(folder)) if shutil.which(tool.rows["full"].split()[0])]
    took: dict[str, dict[str, Took]] = {tool.name: {} for tool in tools}
    for tool in tools:
        _run(tool.prepare, place)
    for row in ROWS:
        if row == "1 % changed":
            _change(place, size.receipts // 100)
        os.sync()
        for tool in tools:
            if row in tool.rows:
                took[tool.name][row] = Took(_run(tool.rows[row], place), _archives(tool))
    return _section(size, took)


def _tools(folder: Path) -> list[Tool]:
    """The programs, with their archives below `folder`."""
    tcps, restic, borg, tar = (folder / name for name in ("tcps", "restic", "borg", "tar"))
    for place in (tcps, restic, borg, tar):
        (place / "archives").mkdir(parents=True)
    command = f"{sys.executable} -m tcps"
    create = f"{command} backup create --no-verify --quiet --to {tcps}/archives"
    snapshot = f"restic -q -r {restic}/archives backup .tcps/records"
    archived = f"borg create {borg}/archives::"
    return [
        Tool(
            "tcps",
            "true",
            {
                "full": create,
                "nothing changed": f"{create} --incremental",
                "1 % changed": f"{create} --incremental",
                "verify": f"{command} backup verify --all --quiet --to {tcps}/archives",
            },
        ),
        Tool(
            "restic",
            f"restic -q -r {restic}/archives init",
            {
                "full": snapshot,
                "nothing changed": snapshot,
                "1 % changed": snapshot,
                "verify": f"restic -q -r {restic}/archives check --read-data",
            },
        ),
        Tool(
            "borg",
            f"borg init -e none {borg}/archives",
            {
                "full": f"{archived}full .tcps/records",
                "nothing changed": f"{archived}same .tcps/records",
                "1 % changed": f"{archived}changed .tcps/records",
                "verify": f"borg check --verify-data {borg}/archives",
            },
        ),
        Tool(
            "tar | zstd",
            "true",
            {
                "full": f"tar --zstd -cf {tar}/archives/full.tar.zst .tcps/records",
                "verify": f"zstd -tq {tar}/archives/full.tar.zst",
            },
        ),
    ]


def _change(place: Path, count: int) -> None:
    """So many new records."""
    with Store.open(place, actor="bench") as store, store.batch():
        for number in range(count):
            store.store_work_order({"title": f"one more, {number}"})


def _run(command: str, place: Path) -> Once:
    """A command in the folder of the store."""
    return once(place, ["sh", "-c", f"exec {command}"], _SECRETS)


def _archives(tool: Tool) -> int:
    """The bytes of all that a tool has archived."""
    where = Path(tool.rows["full"].partition("/archives")[0].split()[-1]) / "archives"
    return sum(path.stat().st_size for path in where.rglob("*") if path.is_file())


def _section(size: Size, took: Mapping[str, Mapping[str, Took]]) -> Section:
    text = (
        f"A store of {size.receipts:,} receipts, its caches warm; each case once, in a process of its own. "
        "tcps backs the ledger up, from which the record files follow; the others back the record files up. "
        "What changed are new work orders. restic encrypts, borg does not; tar has no increments."
    )
    head = ("", *ROWS, "full archive", "all archives", "peak")
    table = Table(head, [_row(name, rows) for name, rows in took.items()])
    figures = {name: {row: one._asdict() for row, one in rows.items()} for name, rows in took.items()}
    return Section(
        "backup", "Backups", text, [table], {"receipts": size.receipts, "tools": figures}, _aims(took)
    )


def _row(name: str, rows: Mapping[str, Took]) -> tuple[str, ...]:
    seconds = (ms(rows[row].run.seconds) if row in rows else "" for row in ROWS)
    peak = max(one.run.peak_kib for one in rows.values()) // 1024
    sizes = (_mib(rows["full"].size), _mib(max(one.size for one in rows.values())))
    return (name, *seconds, *sizes, f"{peak} MiB")


def _aims(took: Mapping[str, Mapping[str, Took]]) -> list[Aim]:
    ours = took["tcps"]
    peers = {name: rows for name, rows in took.items() if name != "tcps"}
    times = [
        Aim(f"backup, {row}: to {name}", 1, ours[row].run.seconds / rows[row].run.seconds, "times")
        for row in ROWS
        for name, rows in peers.items()
        if row in rows
    ]
    sizes = [
        Aim(f"size of a full backup, to {name}", 1, ours["full"].size / rows["full"].size, "times")
        for name, rows in peers.items()
    ]
    return times + sizes


def _mib(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB"
