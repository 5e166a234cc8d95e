"""Lists: the first fifty of more and more queued orders in a fresh process, beside git and Taskwarrior."""

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.bench import stores
from tests.bench.environment import Environment
from tests.bench.measure import Sample, fresh, seconds, taking_turns
from tests.bench.report import Aim, Section, Table, ms

TCPS, GIT, TASK = "tcps work-order list", "git log", "task list"
_LIST = ["work-order", "list", "--status", "queued", "--limit", "50"]
_TASK_HOLDS = 10_000
"""Taskwarrior reads all of its tasks for each command: more of them take seconds."""


class Size(NamedTuple):
    """How many orders (commits, tasks) there are, and how often each list is made."""

    orders: tuple[int, ...] = (1_000, 10_000, 100_000)
    rounds: int = 15


QUICK = Size((100, 1_000), rounds=3)
LARGE = Size((1_000, 10_000, 100_000, 1_000_000))


def section(folder: Path, environment: Environment, quick: bool, large: bool = False) -> Section:
    """Measure everything in `folder`; with `large` a million orders too."""
    size = QUICK if quick else LARGE if large else Size()
    rows = {orders: _listed(folder, environment, orders, size.rounds) for orders in size.orders}
    return _section(size, rows)


def _listed(folder: Path, environment: Environment, orders: int, rounds: int) -> dict[str, Sample]:
    place = fresh(folder)
    stores.queued(place, orders)
    cases = {TCPS: partial(seconds, [environment.tcps, *_LIST], place), GIT: _git(fresh(folder), orders)}
    if orders <= _TASK_HOLDS and shutil.which("task"):
        cases[TASK] = _task(fresh(folder), orders)
    for case in cases.values():  # the first run makes the index, and reads files from the medium
        case()
    return {name: Sample(found) for name, found in taking_turns(cases, rounds).items()}


def _git(place: Path, commits: int) -> Callable[[], float]:
    """The fifty newest of so many commits."""
    subprocess.run(["git", "init", "-q", "-b", "main", place], check=True)
    stream = b"".join(
        b"commit refs/heads/main\ncommitter bench <bench> %d +0000\ndata 5\norder\n" % (1_700_000_000 + n)
        for n in range(commits)
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=stream, check=True)
    return partial(seconds, ["git", "log", "-n", "50", "--oneline"], place)


def _task(place: Path, tasks: int) -> Callable[[], float]:
    """Fifty of so many pending tasks."""
    (place / "rc").write_text(f"data.location={place}\nconfirmation=off\nverbose=nothing\n")
    row = '[description:"{0}" entry:"1700000000" status:"pending" uuid:"{0:08x}-0000-4000-8000-{0:012x}"]\n'
    (place / "pending.data").write_text("".join(row.format(number) for number in range(tasks)))
    return partial(seconds, ["task", f"rc:{place}/rc", "list", "limit:50"], place)


def _section(size: Size, rows: dict[int, dict[str, Sample]]) -> Section:
    text = (
        "Fresh processes that show fifty of the orders (commits, tasks) that there are, in a clean virtual "
        f"environment; `task` with up to {_TASK_HOLDS:,}. Cases take turns; {size.rounds} rounds after one "
        "that is not counted."
    )
    names = (TCPS, GIT, TASK)
    table = Table(
        ("orders", *(f"`{name}`" for name in names)),
        [
            (f"{n:,}", *(ms(row[name].median) if name in row else "" for name in names))
            for n, row in rows.items()
        ],
    )
    figures = {n: {name: sample.as_json() for name, sample in row.items()} for n, row in rows.items()}
    least, most = min(rows), max(rows)
    growth = rows[most][TCPS].best / rows[least][TCPS].best
    aims = [Aim(f"a list of {most:,}, to one of {least:,}", 1.2, growth, "times")]
    return Section("lists", "Lists", text, [table], figures, aims)
