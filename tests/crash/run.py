"""A campaign over all families of workloads, on several cores; and what it says at its end."""

import hashlib
import os
import pickle
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.crash.campaign import Campaign, Violation
from tests.crash.families import Family, Only, families
from tests.crash.histories import Base, based, calls, recorded
from tests.crash.place import Place
from tests.crash.truth import Truths
from tests.crash.workloads import BASES, Workload

Part = list[tuple[Family, Workload]]
_PART = 12
"""How many workloads are done before their result is kept."""


class Result(NamedTuple):
    """What was looked at, by count, and what did not hold."""

    counts: Counter[str]
    distinct: set[bytes]
    violations: list[Violation]


class Bench:
    """A place with the bases, from which histories are recorded."""

    def __init__(self) -> None:
        self.place = Place()
        self.bases: dict[str, Base] = {name: based(self.place, name) for name in BASES}
        self._calls: dict[Workload, int] = {}

    def calls(self, workload: Workload) -> int:
        """How many calls the only act of a workload makes."""
        if workload not in self._calls:
            self._calls[workload] = calls(self.place, self.bases[workload.base], workload.acts[0])
        return self._calls[workload]

    def part(self, chosen: Part, stop_at: int) -> Result:
        """What comes of a part of the workloads, in a place of its own."""
        place, truths = Place(), Truths()
        campaign = Campaign(place, truths, stop_at)
        try:
            for family, workload in chosen:
                campaign.explore(recorded(place, self.bases[workload.base], workload), family.plan)
                campaign.counts[family.name] += 1
        finally:
            place.remove()
            truths.remove()
        return Result(campaign.counts, campaign.distinct, campaign.violations)


class Extent(NamedTuple):
    """How much is done: the deep run or only some workloads; by so many workers, or in this process.

    A part stops at so many violations. Results of parts are kept in a folder, and taken from there if
    nothing was changed since.
    """

    deep: bool
    workers: int
    only: Only | None
    stop_at: int
    keep: Path | None


def run(extent: Extent, say: Callable[[str], None]) -> Result:
    """Do all of it."""
    bench = Bench()

    def done(part: Part) -> Result:
        result = bench.part(part, extent.stop_at)
        say(f"a part of {len(result.distinct)} states, {len(result.violations)} violations")
        return result

    try:
        chosen = _chosen(bench, extent)
        parts = [chosen[start : start + _PART] for start in range(0, len(chosen), _PART)]
        say(f"{len(chosen)} workloads in {len(parts)} parts, {extent.workers} workers")
        if not extent.workers:
            return _together(map(done, parts))
        with tempfile.TemporaryDirectory() as scratch:
            folder = (extent.keep or Path(scratch)) / _version(chosen)
            folder.mkdir(parents=True, exist_ok=True)
            _forked(lambda number: done(parts[number]), len(parts), folder, extent.workers)
            return _together(_kept(folder, len(parts)))
    finally:
        bench.place.remove()


def _chosen(bench: Bench, extent: Extent) -> Part:
    chosen = [
        (family, workload)
        for every in families(bench.calls, extent.deep)
        for family in [every if extent.only is None else extent.only.of(every)]
        for workload in family.workloads
        if random.Random(str(workload)).random() < family.share
    ]
    random.Random(0).shuffle(chosen)  # so that each part has some of all
    return chosen


def _together(results: Iterable[Result]) -> Result:
    whole = Result(Counter(), set(), [])
    for result in results:
        whole.counts.update(result.counts)
        whole.distinct.update(result.distinct)
        whole.violations.extend(result.violations)
    return whole


def _version(chosen: Part) -> str:
    """A name for what is done, by which modules of the package and of the tests."""
    content = hashlib.sha256(repr([(family.plan, str(workload)) for family, workload in chosen]).encode())
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] in ("tcps", "tests") and module.__file__ is not None:
            content.update(Path(module.__file__).read_bytes())
    return content.hexdigest()[:16]


def _forked(work: Callable[[int], Result], parts: int, folder: Path, workers: int) -> None:
    """Let forked workers do the parts that are not in the folder yet."""
    running = []
    for number in range(workers):
        pid = os.fork()
        if pid == 0:
            try:
                for part in range(number, parts, workers):
                    if not (folder / f"{part}").exists():
                        (folder / f"{part}.new").write_bytes(pickle.dumps(work(part)))
                        (folder / f"{part}.new").rename(folder / f"{part}")
                os._exit(0)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(70)
        running.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in running] == [0] * workers, "a worker came to grief"


def _kept(folder: Path, parts: int) -> Iterator[Result]:
    """The results in the folder; one with violations is not kept any longer."""
    for part in range(parts):
        result: Result = pickle.loads((folder / f"{part}").read_bytes())
        if result.violations:
            (folder / f"{part}").unlink()
        yield result


def report(result: Result, seconds: float) -> str:
    """The numbers, one a line."""
    rows = [("distinct states", len(result.distinct)), *sorted(result.counts.items())]
    lines = [f"{name}: {number}" for name, number in rows]
    return "\n".join([*lines, f"violations: {len(result.violations)}", f"seconds: {seconds:.0f}"])
