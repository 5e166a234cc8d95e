"""Imports: where the milliseconds of start-up go, as `python -X importtime` tells it."""

import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.bench.environment import Environment
from tests.bench.measure import fresh
from tests.bench.report import Section, Table
from tests.bench.startup import COMMANDS, prepare

_TOP = 25


class Import(NamedTuple):
    """One module's import, in microseconds; `cumulative` has what it imported too."""

    module: str
    own: float
    cumulative: float
    depth: int


def section(folder: Path, environment: Environment, quick: bool) -> Section:
    """The imports of every command of the start-up benchmark."""
    rounds = 3 if quick else 7
    place = fresh(folder)
    prepare(place)
    found = {
        name: _median([_imports(environment, rest, place) for _ in range(rounds)])
        for name, rest in COMMANDS.items()
    }
    text = (
        "Medians of "
        f"{rounds} runs under `python -X importtime`, which makes imports somewhat slower than they are. "
        "A package's own time is that of its modules without what they import; its cumulative time has it."
    )
    tables = [table for name, imports in found.items() for table in _tables(name, imports)]
    figures = {name: {i.module: i._asdict() for i in imports} for name, imports in found.items()}
    return Section("imports", "Where start-up goes", text, tables, figures, [])


def _imports(environment: Environment, rest: list[str], place: Path) -> list[Import]:
    command = [environment.python, "-X", "importtime", environment.tcps, *rest]
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    lines = [line.split("|") for line in ran.stderr.splitlines() if line.startswith("import time:")]
    return [_parsed(*line) for line in lines if line[0].split(":")[1].strip().isdigit()]


def _parsed(own: str, cumulative: str, name: str) -> Import:
    depth = (len(name) - len(name.lstrip()) - 1) // 2
    return Import(name.strip(), float(own.split(":")[1]), float(cumulative), depth)


def _median(runs: list[list[Import]]) -> list[Import]:
    """Each module's median over the runs, in the order of the first run."""
    by_module: dict[str, list[Import]] = defaultdict(list)
    for run in runs:
        for one in run:
            by_module[one.module].append(one)
    return [
        Import(
            module,
            statistics.median(one.own for one in found),
            statistics.median(one.cumulative for one in found),
            found[0].depth,
        )
        for module, found in by_module.items()
    ]


def _tables(name: str, imports: list[Import]) -> list[Table]:
    own = sorted(imports, key=lambda one: -one.own)[:_TOP]
    modules = [(f"`{one.module}`", _ms(one.own), _ms(one.cumulative)) for one in own]
    total = _ms(sum(one.own for one in imports))
    packages = [(f"`{package}`", *cells) for package, *cells in _packages(imports)[:_TOP]]
    return [
        Table(("package", "modules", "own", "cumulative"), packages, f"`{name}`: packages, {total} in all"),
        Table(("module", "own", "cumulative"), modules, f"`{name}`: modules"),
    ]


def _packages(imports: Iterable[Import]) -> list[tuple[str, str, str, str]]:
    """Top-level packages by their own time; cumulative is that of their outermost imports."""
    by_package: dict[str, list[Import]] = defaultdict(list)
    for one in imports:
        by_package[one.module.partition(".")[0]].append(one)
    rows = []
    for package, found in by_package.items():
        outermost = min(one.depth for one in found)
        cumulative = sum(one.cumulative for one in found if one.depth == outermost)
        rows.append((sum(one.own for one in found), package, len(found), cumulative))
    return [(package, str(n), _ms(own), _ms(whole)) for own, package, n, whole in sorted(rows, reverse=True)]


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.1f} ms"
