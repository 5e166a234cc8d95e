"""Signals: files of 10,000 and of 100,000 of them made into work orders, beside only reading the JSON."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tcps.service import intake
from tcps.service.intake import Options
from tcps.store import Store
from tests.bench import load
from tests.bench.measure import Measured, Sample, fresh, isolated, taking_turns
from tests.bench.report import Section, Table, mib, us
from tests.signals import payloads


class Size(NamedTuple):
    """How many signals a small and a large file have, and how often each is taken."""

    small: int = 10_000
    large: int = 100_000
    rounds: int = 3


QUICK = Size(small=200, large=1000, rounds=2)


class File(NamedTuple):
    """A file of signals, and how many they are."""

    path: Path
    count: int


def section(folder: Path, quick: bool) -> Section:
    """Measure everything in `folder`."""
    size = QUICK if quick else Size()
    plain = _saved(folder / "plain.jsonl", _plain(size.small))
    large = _saved(folder / "large.jsonl", _plain(size.large))
    hooks = _saved(folder / "hooks.jsonl", map(_hook, range(size.small)))
    advisories = _saved(folder / "osv.jsonl", map(_advisory, range(size.small)))
    array = File(folder / "osv.json", size.small)
    array.path.write_text(f"[{','.join(advisories.path.read_text().splitlines())}]")
    tenth = size.large // 10
    cases: dict[str, tuple[File, Callable[[], Measured]]] = {
        f"{size.small:,} plain, only read": (plain, partial(_measured, folder, _only_read, plain, None)),
        f"{size.small:,} plain": (plain, partial(_measured, folder, _taken, plain, None)),
        f"{size.small:,} webhooks": (hooks, partial(_measured, folder, _taken, hooks, None)),
        f"{size.small:,} OSV records": (advisories, partial(_measured, folder, _taken, advisories, None)),
        f"{size.small:,} OSV records, an array": (array, partial(_measured, folder, _taken, array, None)),
        f"{size.large:,} plain, only read": (large, partial(_measured, folder, _only_read, large, None)),
        f"{size.large:,} plain, --chunk {tenth}": (large, partial(_measured, folder, _taken, large, tenth)),
        f"{size.large:,} plain, --chunk {tenth // 10}": (
            large,
            partial(_measured, folder, _taken, large, tenth // 10),
        ),
    }
    runs = taking_turns({name: run for name, (_, run) in cases.items()}, size.rounds)
    return _section(size, {name: file for name, (file, _) in cases.items()}, runs)


def _measured(folder: Path, work: Callable[..., float], file: File, chunk: int | None) -> Measured:
    return isolated(work, fresh(folder), file, chunk)


def _taken(place: Path, file: File, chunk: int | None) -> float:
    """Seconds to take the whole file: all in one transaction, or chunk by chunk."""
    with Store.create(place, actor="bench") as store, open(file.path, "rb") as stream:
        start = time.perf_counter()
        results = intake.take(store, stream, Options(chunk=chunk, derived=False))[1]
        made = sum(result.outcome == "created" for result in results)
        spent = time.perf_counter() - start
        with store.view() as view:
            kept = sum(view.counts("work_order", "status").values())
    if not made == kept == file.count:
        raise RuntimeError(f"{file.count} signals should make as many orders: {made} were made, {kept} kept")
    return spent


def _only_read(place: Path, file: File, chunk: int | None) -> float:
    """The floor: Python's own JSON reader, a line after the other, nothing kept."""
    start = time.perf_counter()
    with open(file.path, "rb") as stream:
        for line in stream:
            json.loads(line)
    return time.perf_counter() - start


def _saved(path: Path, signals: Iterator[dict[str, Any]]) -> File:
    count = 0
    with open(path, "w") as file:
        for signal in signals:
            file.write(json.dumps(signal) + "\n")
            count += 1
    return File(path, count)


def _plain(count: int) -> Iterator[dict[str, Any]]:
    for number, demand in enumerate(load.demands(count)):
        yield demand | {"type": "github_issue", "source": f"https://github.com/acme/rocket/issues/{number}"}


def _hook(number: int) -> dict[str, Any]:
    url = f"https://github.com/acme/rocket/issues/{number}"
    return payloads.issue(html_url=url, number=number, body="It sticks. " * 40)


def _advisory(number: int) -> dict[str, Any]:
    ids = {"id": f"GHSA-{number}", "aliases": [f"CVE-2026-{number}"]}
    versions = [f"1.{minor}.{patch}" for minor in range(10) for patch in range(5)]
    package = {"package": {"ecosystem": "PyPI", "name": "rocket"}, "versions": versions}
    severity = {"severity": "CRITICAL" if number % 10 == 0 else "MODERATE"}
    return payloads.osv(**ids, details="It opens. " * 80, affected=[package], database_specific=severity)


def _section(size: Size, files: dict[str, File], runs: dict[str, list[Measured]]) -> Section:
    seconds = {name: Sample(run.value for run in found) for name, found in runs.items()}
    peaks = {name: max(run.peak_kib for run in found) for name, found in runs.items()}
    text = (
        "JSON lines, and once an array, are read from a file and made into work orders: "
        f"{size.small:,} in one transaction, {size.large:,} in several, since one of 64 MiB does not hold "
        "them. A tenth of the OSV records are critical and raise an Andon. Only read: `json.loads` of each "
        f"line, in a bare loop. Cases take turns, each in a new process; {size.rounds} rounds."
    )
    head = ("case", "bytes a signal", "the file", "IQR", "fastest", "a signal", "signals/s", "peak")
    rows = [
        (
            name,
            f"{file.path.stat().st_size / file.count:,.0f}",
            f"{seconds[name].median:.2f} s",
            f"{seconds[name].iqr:.2f} s",
            f"{seconds[name].best:.2f} s",
            us(seconds[name].median / file.count),
            f"{file.count / seconds[name].median:,.0f}",
            mib(peaks[name]),
        )
        for name, file in files.items()
    ]
    figures = {name: seconds[name].as_json() | {"peak_kib": peaks[name]} for name in files}
    return Section("signals", "Signals", text, [Table(head, rows)], figures, [])
