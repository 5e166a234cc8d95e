"""What is made anew from the ledger, and how a store opens after a clean and an unclean stop."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.bench import stores
from tests.bench.measure import Once, fresh, once
from tests.bench.report import Section, Table, us

CLEAN, UNCLEAN, INDEX, FILES = "open after a clean stop", "open after a power cut", "index anew", "files anew"
COPY, SQLITE = "cp -r", "SQLite import"
_SHOW = [sys.executable, "-m", "tcps", "work-order", "show", "WO-1", "--quiet"]
_IMPORT = """
import pathlib, sqlite3
db = sqlite3.connect("plain.sqlite", isolation_level=None)
db.execute("PRAGMA synchronous=OFF")
db.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, line TEXT)")
db.execute("BEGIN")
for path in sorted(pathlib.Path(".tcps/ledger").glob("*.jsonl")):
    with open(path) as lines:
        db.executemany("INSERT INTO entry (line) VALUES (?)", ((line,) for line in lines))
db.execute("COMMIT")
"""


class Size(NamedTuple):
    """How many receipts the stores have."""

    receipts: tuple[int, ...] = (1_000, 10_000, 100_000)


QUICK = Size((100, 1_000))
LARGE = Size((1_000, 10_000, 100_000, 1_000_000))


def section(folder: Path, quick: bool, large: bool = False) -> Section:
    """Measure everything in `folder`; with `large` a million receipts too."""
    size = QUICK if quick else LARGE if large else Size()
    return _section({receipts: _recovered(folder, receipts) for receipts in size.receipts})


def _recovered(folder: Path, receipts: int) -> dict[str, Once]:
    place = fresh(folder)
    stores.large(place, receipts)
    cases: dict[str, tuple[Callable[[Path], object], list[str]]] = {
        INDEX: (_without_index, _SHOW),
        CLEAN: (_nothing, _SHOW),
        SQLITE: (_nothing, [sys.executable, "-c", _IMPORT]),
        UNCLEAN: (_power_cut, _SHOW),
        COPY: (_nothing, ["cp", "-r", ".tcps", "copy"]),
        FILES: (_without_files, [sys.executable, "-m", "tcps", "repair", "--quiet"]),
    }
    return {name: _after(broken, command, place) for name, (broken, command) in cases.items()}


def _after(broken: Callable[[Path], object], command: list[str], place: Path) -> Once:
    broken(place)
    return once(place, command)


def _nothing(place: Path) -> None:
    pass


def _without_index(place: Path) -> None:
    for path in (place / ".tcps").glob("index.sqlite*"):
        path.unlink()


def _power_cut(place: Path) -> None:
    """As after a restart: the index and the position of the record files are of another boot."""
    with closing(sqlite3.connect(place / ".tcps" / "index.sqlite")) as db, db:
        db.execute("UPDATE position SET boot='before the power cut'")
    note = place / ".tcps" / "records.lock"
    note.write_text(f"{note.read_text().split()[0]} before-the-power-cut\n")


def _without_files(place: Path) -> None:
    (place / ".tcps" / "records").rename(place / "records-before")


def _section(rows: dict[int, dict[str, Once]]) -> Section:
    text = (
        "Each case once, a fresh process; the store has ten receipts to a SKU, its files in the page cache. "
        f"*{INDEX}* and *{UNCLEAN}* are `tcps work-order show`, which needs the index, and makes it from the "
        f"ledger. After a power cut the record files that no checkpoint covers are written again; here one "
        f"covers all. *{FILES}* is `tcps repair` of a store whose record files are gone, durable, verified "
        f"before and after. *{SQLITE}* puts the ledger's lines into one table, in one transaction that is "
        "not synced."
    )
    names = (CLEAN, UNCLEAN, INDEX, SQLITE, FILES, COPY)
    table = Table(
        ("receipts", *names, f"{INDEX}, an entry", f"{SQLITE}, an entry", "peak"),
        [
            (
                f"{n:,}",
                *(f"{row[name].seconds:.2f} s" for name in names),
                *(us(row[name].seconds / stores.entries(n)) for name in (INDEX, SQLITE)),
                _peak(row),
            )
            for n, row in rows.items()
        ],
    )
    figures = {n: {name: one._asdict() for name, one in row.items()} for n, row in rows.items()}
    return Section("recovery", "Recovery", text, [table], figures, [])


def _peak(row: dict[str, Once]) -> str:
    return f"{max(row[name].peak_kib for name in (INDEX, UNCLEAN, FILES)) // 1024} MiB"
