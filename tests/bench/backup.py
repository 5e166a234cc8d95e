"""Backups beside restic, borg and `tar` with zstd over the same record files, in the same run."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tcps.store import Store
from tests.bench import stores
from tests.bench.measure import Once, fresh, once
from tests.bench.report import Aim, Section, Table, ms

ROWS = ("full", "nothing changed", "1 % changed", "verify", "restore")
_SECRETS = {"RESTIC_PASSWORD": "bench", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
"""restic encrypts always; borg is asked not to."""


class Size(NamedTuple):
    """How many receipts the store has that all programs back up, and those that tcps backs up alone."""

    receipts: int = 100_000
    growth: Sequence[int] = (1_000, 10_000, 100_000)


QUICK = Size(1_000, (100, 1_000))


class Tool(NamedTuple):
    """How one program does each row; a row that it has no way for is not there."""

    name: str
    prepare: str
    rows: Mapping[str, str]


class Took(NamedTuple):
    """A program's run of a row, and the bytes of its archives after it."""

    run: Once
    size: int


_Rows = Mapping[str, Mapping[str, Took]]


def section(folder: Path, quick: bool, size: Size | None = None, *, large: bool = False) -> Section:
    """Measure everything in `folder`; with `large` a store of a million receipts too."""
    size = size or (QUICK if quick else Size())
    growth = [*size.growth, *([1_000_000] if large and not quick else [])]
    took = _compared(folder, size.receipts)
    return _section(size, took, {count: _compared(folder, count, alone=True)["tcps"] for count in growth})


def _compared(folder: Path, receipts: int, *, alone: bool = False) -> dict[str, dict[str, Took]]:
    """Every row of the programs that are installed, in turn; or of tcps `alone`."""
    place = fresh(folder)
    stores.large(place, receipts)
    tools = [tool for tool in _tools(fresh(folder)) if shutil.which(tool.rows["full"].split()[0])]
    tools = tools[:1] if alone else tools
    took: dict[str, dict[str, Took]] = {tool.name: {} for tool in tools}
    for tool in tools:
        _run(tool.prepare, place)
    for row in ROWS:
        if row == "1 % changed":
            _change(place, receipts // 100)
        os.sync()
        for tool in tools:
            if row in tool.rows:
                took[tool.name][row] = Took(_run(tool.rows[row], place), _archives(tool))
    return took


def _tools(folder: Path) -> list[Tool]:
    """The programs, with their archives below `folder`."""
    tcps, restic, borg, tar = (folder / name for name in ("tcps", "restic", "borg", "tar"))
    for place in (tcps, restic, borg, tar):
        (place / "archives").mkdir(parents=True)
        (place / "back").mkdir()
    command = f"{sys.executable} -m tcps"
    newest = f'"$(ls {tcps}/archives/* | tail -n 1)"'
    create = f"{command} backup create --no-verify --quiet --to {tcps}/archives"
    snapshot = f"restic -q -r {restic}/archives backup .tcps/records"
    archived = f"borg create {borg}/archives::"
    return [
        Tool(
            "tcps",
            f"{command} stats --quiet",
            {
                "full": create,
                "nothing changed": f"{create} --incremental",
                "1 % changed": f"{create} --incremental",
                "verify": f"{command} backup verify --all --quiet --to {tcps}/archives",
                "restore": f"{command} restore --quiet --into {tcps}/back {newest}",
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
                "restore": f"restic -q -r {restic}/archives restore latest --target {restic}/back",
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
                "restore": f"env -C {borg}/back borg extract {borg}/archives::changed",
            },
        ),
        Tool(
            "tar, zstd",
            "true",
            {
                "full": f"tar --zstd -cf {tar}/archives/full.tar.zst .tcps/records",
                "verify": f"zstd -tq {tar}/archives/full.tar.zst",
                "restore": f"tar --zstd -xf {tar}/archives/full.tar.zst -C {tar}/back",
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


def _section(size: Size, took: _Rows, alone: Mapping[int, Mapping[str, Took]]) -> Section:
    text = (
        f"A store of {size.receipts:,} receipts, its index made, its caches warm; each case once, in a "
        "process of its own. tcps backs the ledger up, from which the record files follow; the others back "
        "the record files up. What changed are new work orders. restic encrypts, borg does not; tar has no "
        "increments. A restore of tcps makes every record file, verifies the store and is durable when it "
        "ends; the others write files."
    )
    head = ("", *ROWS, "full archive", "all archives", "peak")
    compared = Table(head, [_row(name, rows) for name, rows in took.items()])
    grown = Table(
        ("receipts", *head[1:]),
        [_row(f"{n:,}", rows) for n, rows in alone.items()],
        "tcps, as the store grows",
    )
    figures = {
        "receipts": size.receipts,
        "tools": {name: _figures(rows) for name, rows in took.items()},
        "growth": {n: _figures(rows) for n, rows in alone.items()},
    }
    aims = [*_aims(took), _flat(alone)]
    return Section("backup", "Backups", text, [compared, grown], figures, aims)


def _figures(rows: Mapping[str, Took]) -> dict[str, Any]:
    return {row: one._asdict() for row, one in rows.items()}


def _flat(alone: Mapping[int, Mapping[str, Took]]) -> Aim:
    """The memory that the largest store takes, to that of the one before."""
    (fewer, before), (most, last) = list(alone.items())[-2:]
    peaks = [max(one.run.peak_kib for one in rows.values()) for rows in (last, before)]
    return Aim(f"memory for {most:,} receipts, to {fewer:,}", 1.25, peaks[0] / peaks[1], "times")


def _row(name: str, rows: Mapping[str, Took]) -> tuple[str, ...]:
    seconds = (ms(rows[row].run.seconds) if row in rows else "" for row in ROWS)
    peak = max(one.run.peak_kib for one in rows.values()) // 1024
    sizes = (_mib(rows["full"].size), _mib(max(one.size for one in rows.values())))
    return (name, *seconds, *sizes, f"{peak} MiB")


def _aims(took: _Rows) -> list[Aim]:
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
