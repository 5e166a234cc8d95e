"""Verification of whole stores, beside `sha256sum` over the same files in the same run."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import stores
from tests.bench.measure import EVERY, Once, Sample, fresh, once, taking_turns
from tests.bench.report import Aim, Section, Table, times

TCPS, FLOOR = "tcps verify", "sha256sum"
GIT, RESTIC = "git fsck", "restic check"
_MAKING = {
    GIT: "cd .tcps && git init -q . && git add ledger records && "
    "git -c user.name=bench -c user.email=bench commit -qm all",
    RESTIC: "restic -q -r backups init && restic -q -r backups backup .tcps/ledger .tcps/records",
}
_CHECKING = {GIT: "cd .tcps && git fsck --full", RESTIC: "restic -q -r backups check --read-data"}
_FLOOR = "find .tcps/ledger .tcps/records -type f -print0 | xargs -0 sha256sum"
_COMPARED = 100_000
"""The aim is set for a store with so many receipts."""


class Size(NamedTuple):
    """How many receipts the stores have, and how often each is verified."""

    receipts: tuple[int, ...] = (10_000, 100_000)
    rounds: int = 5


QUICK = Size((500, 1_000), rounds=2)
LARGE = Size((10_000, 100_000, 1_000_000), rounds=3)


def section(folder: Path, quick: bool, large: bool = False) -> Section:
    """Measure everything in `folder`; `large` has a store of a million receipts too."""
    size = QUICK if quick else LARGE if large else Size()
    rows = [_verified(folder, receipts, size.rounds) for receipts in size.receipts]
    return _section(size, rows)


class Verified(NamedTuple):
    """A store, and what it took to verify it and to take the digests of its files."""

    receipts: int
    files: int
    size: int
    runs: dict[str, list[Once]]

    def seconds(self, case: str) -> Sample:
        return Sample(run.seconds for run in self.runs[case])

    def peak_kib(self, case: str) -> int:
        return max(run.peak_kib for run in self.runs[case])


def _verified(folder: Path, receipts: int, rounds: int) -> Verified:
    place = fresh(folder)
    store = stores.large(place, receipts)
    lengths = [path.stat().st_size for path in _files(store)]
    os.sync()
    tcps = [sys.executable, "-m", "tcps"]
    cases: dict[str, Callable[[], Once]] = {
        TCPS: partial(once, place, [*tcps, "verify", "--quiet"]),
        FLOOR: partial(_shell, place, _FLOOR),
    }
    once(place, [*tcps, "stats", "--quiet"])  # makes the index, as whoever used the store would have
    for warm_up in cases.values():
        warm_up()
    runs = taking_turns(cases, rounds)
    return Verified(receipts, len(lengths), sum(lengths), runs | _peers(place, receipts))


def _peers(place: Path, receipts: int) -> dict[str, list[Once]]:
    """Programs that check their own copies of the same files, once each; a million take them too long."""
    if receipts > _COMPARED:
        return {}
    found = {}
    for name, making in _MAKING.items():
        if shutil.which(name.split()[0]):
            _shell(place, making)
            found[name] = [_shell(place, _CHECKING[name])]
    return found


def _shell(place: Path, command: str) -> Once:
    return once(place, ["sh", "-c", command], {"RESTIC_PASSWORD": "bench"})


def _files(store: Path) -> Iterator[Path]:
    return (path for name in ("ledger", "records") for path in (store / name).rglob("*") if path.is_file())


def _section(size: Size, rows: list[Verified]) -> Section:
    text = (
        "Stores with ten receipts to a SKU and as many records as that takes, warm in the page cache. "
        "`tcps verify` is a fresh process, its start included. `sha256sum` takes the digest of every file of "
        f"the ledger and of the records: `{_FLOOR}`. Both are wall-clock time, on all cores of the machine. "
        "The peak is the sum of the resident memory of all processes of the case, looked at every "
        f"{EVERY * 1000:.0f} ms. Cases take turns; {size.rounds} rounds after one that is not counted. "
        f"`{GIT}` and `{RESTIC}` read their own copies of the same files, once."
    )
    head = (
        "receipts",
        "files",
        "bytes",
        TCPS,
        "IQR",
        FLOOR,
        GIT,
        RESTIC,
        "to sha256sum",
        "receipts/s",
        "peak",
    )
    table = Table(head, [_row(row) for row in rows])
    figures = {"rounds": size.rounds, "stores": [_figures(row) for row in rows]}
    return Section("verification", "Verification", text, [table], figures, _aims(rows))


def _row(row: Verified) -> tuple[str, ...]:
    ours, floor = row.seconds(TCPS), row.seconds(FLOOR)
    return (
        f"{row.receipts:,}",
        f"{row.files:,}",
        f"{row.size / 1e6:,.0f} MB",
        f"{ours.median:.2f} s",
        f"{ours.iqr:.2f} s",
        f"{floor.median:.2f} s",
        *(f"{row.seconds(peer).median:.2f} s" if peer in row.runs else "" for peer in _CHECKING),
        times(ours.median / floor.median),
        f"{row.receipts / ours.median:,.0f}",
        f"{row.peak_kib(TCPS) / 1024:.0f} MiB",
    )


def _figures(row: Verified) -> dict[str, Any]:
    cases = {case: row.seconds(case).as_json() | {"peak_kib": row.peak_kib(case)} for case in row.runs}
    return {"receipts": row.receipts, "files": row.files, "bytes": row.size, "cases": cases}


def _aims(rows: list[Verified]) -> list[Aim]:
    smallest, largest = rows[0], rows[-1]
    compared = max((row for row in rows if row.receipts <= _COMPARED), key=lambda row: row.receipts)
    ours = compared.seconds(TCPS).best
    ratio = ours / compared.seconds(FLOOR).best
    growth = largest.peak_kib(TCPS) / smallest.peak_kib(TCPS)
    return [
        Aim(f"verify {compared.receipts:,} receipts, to sha256sum of the same files", 3, ratio, "times"),
        Aim(f"memory for {largest.receipts:,} receipts, to {smallest.receipts:,}", 1.25, growth, "times"),
        *(
            Aim(
                f"verify {compared.receipts:,} receipts, to {peer}",
                1,
                ours / compared.seconds(peer).best,
                "times",
            )
            for peer in _CHECKING
            if peer in compared.runs
        ),
        Aim(f"verify {largest.receipts:,} receipts", 25, largest.seconds(TCPS).best, "s"),
        Aim(f"memory for {largest.receipts:,} receipts", 150, largest.peak_kib(TCPS) / 1024, "MiB"),
    ]
