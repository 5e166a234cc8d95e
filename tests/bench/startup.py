"""Start-up: whole processes from nothing to their exit, beside a bare Python of the same environment."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tcps.store import Store
from tests.bench import load
from tests.bench.environment import Environment
from tests.bench.measure import Sample, fresh, seconds, taking_turns
from tests.bench.report import Aim, Section, Table, mib, ms, times

COMMANDS = {
    "tcps --version": ["--version"],
    "tcps work-order create": ["work-order", "create", "--title", "x"],
    "tcps work-order show": ["work-order", "show", "WO-1"],
    "tcps work-order list": ["work-order", "list", "--status", "queued", "--limit", "50"],
}
_BARE = "python -c pass"
_ISOLATED = "python -I -c pass"
_OVER_BARE_MS = {"tcps --version": 37, "tcps work-order create": 52, "tcps work-order list": 52}
_ORDERS = 1000
_PEAK = (
    "import os, sys\n"
    "pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,"
    " file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])\n"
    "print(os.wait4(pid, 0)[2].ru_maxrss)"
)
"""A small process that runs a command and says how many KiB it held; itself holds less than any."""


def section(folder: Path, environment: Environment, quick: bool) -> Section:
    """Measure everything in `folder`, in a store with work orders in it."""
    rounds = 5 if quick else 25
    place = fresh(folder)
    prepare(place)
    arguments = _arguments(environment)
    cases: dict[str, Callable[[], float]] = {
        name: partial(seconds, command, place) for name, command in arguments.items()
    }
    for case in cases.values():  # the first run reads the files from the medium
        case()
    samples = {name: Sample(found) for name, found in taking_turns(cases, rounds).items()}
    peaks = {name: _peak(environment, command, place) for name, command in arguments.items()}
    return _section(rounds, samples, peaks)


def prepare(place: Path) -> None:
    """A store with work orders, some of them queued."""
    with Store.create(place, actor="bench") as store, store.batch():
        for demand in load.demands(_ORDERS):
            store.store_work_order(demand)


def _arguments(environment: Environment) -> dict[str, list[str]]:
    bare = {_BARE: [environment.python, "-c", "pass"], _ISOLATED: [environment.python, "-I", "-c", "pass"]}
    return bare | {name: [environment.tcps, *rest] for name, rest in COMMANDS.items()}


def _peak(environment: Environment, command: list[str], place: Path) -> int:
    found = subprocess.run(
        [environment.python, "-I", "-c", _PEAK, *command],
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout)


def _section(rounds: int, samples: dict[str, Sample], peaks: dict[str, int]) -> Section:
    text = (
        "Wall-clock time of a fresh process, in a clean virtual environment with tcps installed as users "
        f"install it, with compiled bytecode; the store holds {_ORDERS} work orders, and `list` prints 50. "
        f"Cases take turns; {rounds} rounds after one that is not counted."
    )
    bare = samples[_BARE].median
    rows = [_row(name, sample, bare, peaks[name]) for name, sample in samples.items()]
    table = Table(("command", "median", "IQR", "fastest", "over bare", "to bare", "peak"), rows)
    figures: dict[str, Any] = {
        name: sample.as_json() | {"over_bare_s": sample.median - bare, "peak_kib": peaks[name]}
        for name, sample in samples.items()
    }
    return Section("startup", "Start-up of a fresh process", text, [table], figures, _aims(samples))


def _row(name: str, sample: Sample, bare: float, peak: int) -> tuple[str, ...]:
    over = ms(sample.median - bare)
    return (
        f"`{name}`",
        ms(sample.median),
        ms(sample.iqr),
        ms(sample.best),
        over,
        times(sample.median / bare),
        mib(peak),
    )


def _aims(samples: dict[str, Sample]) -> list[Aim]:
    bare = samples[_BARE].best
    return [
        Aim(f"`{name}` over a bare Python", wanted, (samples[name].best - bare) * 1e3, "ms")
        for name, wanted in _OVER_BARE_MS.items()
    ]
