"""Measuring: samples of seconds, cases that take turns, work in a process of its own."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
EVERY = 0.02
"""Seconds between two looks at how much memory processes hold."""


class Sample:
    """Repeated measurements of one thing, in seconds."""

    def __init__(self, values: Iterable[float]) -> None:
        self.values = sorted(values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def best(self) -> float:
        """The fastest: what the thing itself takes where other programs disturb the machine."""
        return self.values[0]

    @property
    def iqr(self) -> float:
        """The spread: the distance of the quartiles; 0 for a single value."""
        return self.quantile(0.75) - self.quantile(0.25)

    def quantile(self, share: float) -> float:
        """The value below which this share lies, linear between neighbours."""
        place = share * (len(self.values) - 1)
        low = int(place)
        high = min(low + 1, len(self.values) - 1)
        return self.values[low] + (self.values[high] - self.values[low]) * (place - low)

    def per(self, count: int) -> "Sample":
        """The same measurements, divided by how many things each of them made."""
        return Sample(value / count for value in self.values)

    def as_json(self) -> dict[str, Any]:
        return {
            "median_s": self.median,
            "iqr_s": self.iqr,
            "min_s": self.values[0],
            "max_s": self.values[-1],
            "n": len(self.values),
        }


class Measured(NamedTuple):
    """What work in a process of its own gave, and the most memory that the process held."""

    value: Any
    peak_kib: int


class Once(NamedTuple):
    """One run of a case: wall-clock seconds, and the most memory that all its processes held together."""

    seconds: float
    peak_kib: int


def taking_turns(cases: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run every case once a round, so that a disturbance of the machine hits all of them alike."""
    results: dict[str, list[T]] = {name: [] for name in cases}
    for number in range(rounds):
        names = list(cases)
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(cases[name]())
    return results


def fresh(folder: Path) -> Path:
    """A new place below `folder`, with nothing left to be written back by what ran before.

    Nothing is deleted before everything is measured: on ext4 with online discard, making files gets
    ten times slower for a while after many were removed.
    """
    os.sync()
    return Path(tempfile.mkdtemp(dir=folder))


def isolated(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Do the work in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_with_peak, work, arguments).result()


def once(place: Path, command: list[str], env: Mapping[str, str] = {}) -> Once:
    """Run a command in a store's folder; it must succeed."""
    env = os.environ | {"TCPS_HOME": str(place / "home")} | env
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, cwd=place, env=env, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(_held_kib, _tree(process.pid))))
        time.sleep(EVERY)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Once(time.perf_counter() - start, peak)


def seconds(command: list[str], place: Path) -> float:
    """The wall-clock time of a command that runs in a folder; it must succeed."""
    start = time.perf_counter()
    subprocess.run(command, cwd=place, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _tree(pid: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _held_kib(pid: int) -> int:
    """The resident memory of a process; pages that it shares with others are counted for each."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except (OSError, IndexError):
        return 0


def peak_kib() -> int:
    """The most memory that this process held."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // 1024 if sys.platform == "darwin" else most


def _with_peak(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Measured:
    return Measured(work(*arguments), peak_kib())
