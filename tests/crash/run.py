"""A campaign over all families of workloads, on several cores; and what it says at its end."""

import os
import pickle
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.crash.campaign import Campaign, Plan, Violation
from tests.crash.histories import Base, based, calls, recorded
from tests.crash.place import Place
from tests.crash.truth import Truths
from tests.crash.workloads import BASES, Workload, interrupted, meeting, overtaken, sequences


class Family(NamedTuple):
    """Workloads of one sort, the share of them that is done, and how much is looked at in each."""

    name: str
    workloads: Iterable[Workload]
    share: float
    plan: Plan


Share = list[tuple[Family, Workload]]


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

    def part(self, chosen: Share, stop_at: int, say: Callable[[str], None]) -> Result:
        """One worker's share, in a place of its own."""
        place, truths = Place(), Truths()
        campaign, told = Campaign(place, truths, stop_at), time.monotonic()
        try:
            for done, (family, workload) in enumerate(chosen, 1):
                campaign.explore(recorded(place, self.bases[workload.base], workload), family.plan)
                campaign.counts[family.name] += 1
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    say(f"{done} of {len(chosen)} workloads, {len(campaign.distinct)} states")
        finally:
            place.remove()
            truths.remove()
        return Result(campaign.counts, campaign.distinct, campaign.violations)


def families(bench: Bench, deep: bool) -> list[Family]:
    """What is done in the gate, or in the deep run."""
    ordinary = [
        ("one operation", sequences(1)),
        ("two operations", sequences(2)),
        ("three operations", sequences(3)),
        ("one killed, another goes on", interrupted("killed", bench.calls)),
        ("one call fails, another goes on", interrupted("fails", bench.calls)),
        ("the disk is full, another goes on", interrupted("fills", bench.calls)),
        ("two processes at once", meeting("", bench.calls)),
        ("two processes at once, and a call fails", meeting("fails", bench.calls)),
        ("one overtaken by another, and its sync fails", overtaken()),
    ]
    if deep:
        plans = [Plan(2048, 0.02, 8), Plan(100, 0.02, 6), Plan(60, 0.01, 8), *[Plan(8, 0.005, 3)] * 6]
        shares = [1.0] * 9
    else:
        plans = [Plan(100, 0.01, 3), Plan(9, 0.01, 3), Plan(9, 0.01, 3), *[Plan(4, 0.01, 2)] * 6]
        shares = [1.0, 1.0, 0.03, 0.015, 0.015, 0.015, 0.015, 0.015, 0.15]
    return [Family(*one, share, plan) for one, share, plan in zip(ordinary, shares, plans, strict=True)]


class Only(NamedTuple):
    """Workloads by their whole names, a regular expression, and how much is looked at."""

    names: str
    plan: Plan

    def of(self, family: Family) -> Family:
        chosen = (one for one in family.workloads if re.fullmatch(self.names, str(one)))
        return Family(family.name, chosen, 1, self.plan)


def run(deep: bool, workers: int, only: Only | None, stop_at: int, say: Callable[[str], None]) -> Result:
    """Do all of it, or only some; without workers in this process. Each stops at so many violations."""
    bench = Bench()
    try:
        chosen = [
            (family, workload)
            for every in families(bench, deep)
            for family in [every if only is None else only.of(every)]
            for workload in family.workloads
            if random.Random(str(workload)).random() < family.share
        ]
        random.Random(0).shuffle(chosen)  # so that each worker has some of all
        say(f"{len(chosen)} workloads, {workers} workers")
        if workers:
            shares = [chosen[number::workers] for number in range(workers)]
            parts = list(_forked(lambda share: bench.part(share, stop_at, say), shares))
        else:
            parts = [bench.part(chosen, stop_at, say)]
    finally:
        bench.place.remove()
    return Result(
        sum((part.counts for part in parts), Counter()),
        set().union(*(part.distinct for part in parts)),
        [violation for part in parts for violation in part.violations],
    )


def _forked(work: Callable[[Share], Result], shares: list[Share]) -> Iterator[Result]:
    """The results of forked workers, one for each share."""
    with tempfile.TemporaryDirectory() as folder:
        running = {}
        for number, share in enumerate(shares):
            path = Path(folder) / str(number)
            pid = os.fork()
            if pid == 0:
                try:
                    path.write_bytes(pickle.dumps(work(share)))
                    os._exit(0)
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                finally:
                    os._exit(70)
            running[pid] = path
        for pid, path in running.items():
            assert os.waitpid(pid, 0)[1] == 0, "a worker came to grief"
            yield pickle.loads(path.read_bytes())


def report(result: Result, seconds: float) -> str:
    """The numbers, one a line."""
    rows = [("distinct states", len(result.distinct)), *sorted(result.counts.items())]
    lines = [f"{name}: {number}" for name, number in rows]
    return "\n".join([*lines, f"violations: {len(result.violations)}", f"seconds: {seconds:.0f}"])
