"""Contention: many processes that each make durable writes, beside flock + append and beside SQLite."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tcps.store import Store
from tests.bench import load
from tests.bench.measure import Sample, fresh, peak_kib, taking_turns
from tests.bench.report import Section, Table, mib, ms, times

Write = Callable[[int], object]


class Size(NamedTuple):
    """How many processes write how often each."""

    processes: int = 16
    writes: int = 200
    rounds: int = 3


QUICK = Size(processes=4, writes=25, rounds=2)


class Outcome(NamedTuple):
    """One case once: the latency of every acknowledged write, and how long all of them took."""

    latencies: list[float]
    seconds: float
    peak_kib: int


def section(folder: Path, quick: bool) -> Section:
    """Measure everything in `folder`."""
    size = QUICK if quick else Size()
    line_bytes = _line_bytes(folder)
    cases = {
        "tcps": partial(_round, folder, size, tcps_writer, line_bytes),
        "flock, append, unlock, fdatasync": partial(_round, folder, size, append_writer, line_bytes),
        "SQLite, WAL, synchronous=FULL": partial(_round, folder, size, sqlite_writer, line_bytes),
    }
    return _section(size, line_bytes, taking_turns(cases, size.rounds))


@contextmanager
def tcps_writer(place: Path, process: int, size: Size, line_bytes: int) -> Iterator[Write]:
    """Creates a work order a write, through the library."""
    demands = load.demands(size.writes, seed=load.SEED + process)
    with Store.open(place, actor=f"bench-{process}", wait=120) as store:
        yield lambda number: store.store_work_order(demands[number])


@contextmanager
def append_writer(place: Path, process: int, size: Size, line_bytes: int) -> Iterator[Write]:
    """Appends a line of the same size under a lock, and syncs after the lock."""
    lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    log = os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    line = os.urandom(line_bytes // 2).hex().encode() + b"\n"

    def write(number: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(log, line)
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.fdatasync(log)

    yield write


@contextmanager
def sqlite_writer(place: Path, process: int, size: Size, line_bytes: int) -> Iterator[Write]:
    """Inserts a row of the same size a write, one transaction each."""
    db = sqlite3.connect(place / "log.sqlite", timeout=120, isolation_level=None)
    db.execute("PRAGMA synchronous=FULL")
    line = os.urandom(line_bytes // 2).hex()

    def write(number: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO log (line) VALUES (?)", (line,))
        db.execute("COMMIT")

    yield write
    db.close()


def _round(folder: Path, size: Size, writer: Callable[..., Any], line_bytes: int) -> Outcome:
    place = fresh(folder)
    _prepared(place)
    outcome = _together(place, size, writer, line_bytes)
    if writer is tcps_writer:
        _require_all(place, size)
    return outcome


def _together(place: Path, size: Size, writer: Callable[..., Any], line_bytes: int) -> Outcome:
    """Start the processes, let them begin at the same moment, collect what they measured."""
    context = get_context("spawn")
    barrier, results = context.Barrier(size.processes), context.SimpleQueue()
    arguments = (barrier, results, writer, place, size, line_bytes)
    processes = [context.Process(target=_work, args=(n, *arguments)) for n in range(size.processes)]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    first, last = min(begin for begin, _, _ in found), max(end for _, end, _ in found)
    latencies = [latency for _, _, (values, _) in found for latency in values]
    return Outcome(latencies, last - first, max(peak for _, _, (_, peak) in found))


def _work(
    process: int,
    barrier: Any,
    results: Any,
    writer: Callable[..., Any],
    place: Path,
    size: Size,
    line_bytes: int,
) -> None:
    with writer(place, process, size, line_bytes) as write:
        barrier.wait()
        begin, latencies = time.monotonic(), []
        for number in range(size.writes):
            start = time.perf_counter()
            write(number)
            latencies.append(time.perf_counter() - start)
        end = time.monotonic()
    results.put((begin, end, (latencies, peak_kib())))


def _prepared(place: Path) -> None:
    """An empty store, and an empty database in WAL mode."""
    Store.create(place, actor="bench").close()
    db = sqlite3.connect(place / "log.sqlite")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, line TEXT)")
    db.commit()
    db.close()


def _require_all(place: Path, size: Size) -> None:
    """A figure counts only if every acknowledged write is there."""
    with Store.open(place, actor="bench") as store, store.view() as view:
        found = sum(view.counts("work_order", "status").values())
    if found != size.processes * size.writes:
        raise RuntimeError(f"{found} of {size.processes * size.writes} acknowledged writes are there")


def _line_bytes(folder: Path) -> int:
    """How long the ledger's line of one such work order is."""
    place = fresh(folder)
    with Store.create(place, actor="bench") as store:
        for demand in load.demands(20):
            store.store_work_order(demand)
    return Path(place, ".tcps", "ledger", "000000000001.jsonl").stat().st_size // 20


def _section(size: Size, line_bytes: int, results: dict[str, list[Outcome]]) -> Section:
    text = (
        f"{size.processes} processes begin at the same moment and make {size.writes} durable writes each; "
        "a write's latency ends when it is acknowledged. tcps creates a work order through the library; "
        f"the others write the same {line_bytes} bytes. SQLite has a busy time-out of 120 s. "
        f"Cases take turns; {size.rounds} rounds; latencies are those of all rounds together."
    )
    floor = _throughput(size, results["flock, append, unlock, fdatasync"])
    rows = [_row(name, size, outcomes, 1 / floor.median) for name, outcomes in results.items()]
    head = ("case", "writes/s", "IQR", "of the floor", "p50", "p99", "longest", "peak of a process")
    figures = {name: _figures(size, outcomes) for name, outcomes in results.items()}
    table = Table(head, rows)
    return Section("contention", f"{size.processes} writing processes", text, [table], figures, [])


def _throughput(size: Size, outcomes: list[Outcome]) -> Sample:
    return Sample(size.processes * size.writes / outcome.seconds for outcome in outcomes)


def _latencies(outcomes: list[Outcome]) -> Sample:
    return Sample(latency for outcome in outcomes for latency in outcome.latencies)


def _row(name: str, size: Size, outcomes: list[Outcome], scale: float) -> tuple[str, ...]:
    rate, latency = _throughput(size, outcomes), _latencies(outcomes)
    return (
        name,
        f"{rate.median:,.0f}",
        f"{rate.iqr:,.0f}",
        times(rate.median * scale),
        ms(latency.median),
        ms(latency.quantile(0.99)),
        ms(latency.values[-1]),
        mib(max(outcome.peak_kib for outcome in outcomes)),
    )


def _figures(size: Size, outcomes: list[Outcome]) -> dict[str, Any]:
    latency, rate = _latencies(outcomes), _throughput(size, outcomes)
    return {
        "size": size._asdict(),
        "writes_per_second": {"median": rate.median, "iqr": rate.iqr, "rounds": rate.values},
        "latency": latency.as_json() | {"p99_s": latency.quantile(0.99)},
        "peak_kib": max(outcome.peak_kib for outcome in outcomes),
    }
