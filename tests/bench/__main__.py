"""`python -m tests.bench`: measure, each case beside its peer or floor, and write the report."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench import (
    backup,
    bulk,
    contention,
    environment,
    imports,
    levelling,
    lists,
    machine,
    ontology,
    recovery,
    signals,
    startup,
    tables,
    verification,
)
from tests.bench.picture import draw
from tests.bench.report import Report, Section

SECTIONS = (
    "bulk",
    "signals",
    "verification",
    "contention",
    "levelling",
    "tables",
    "ontology",
    "backup",
    "recovery",
    "startup",
    "lists",
    "imports",
)
_CLEAN = ("startup", "lists", "imports")
"""What is measured in a clean environment."""


def main() -> None:
    """Run the chosen sections; write report.md and report.json, and the page if it is wanted."""
    chosen = _parser().parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chosen.work, prefix="tcps-bench-") as name:
        folder = Path(name)
        report = Report(machine.described(folder), _sections(folder, chosen))
    report.write(chosen.out)
    print(f"wrote {chosen.out / 'report.md'} and {chosen.out / 'report.json'}")
    figures = {section.name: section.figures for section in report.sections}
    draw(figures, chosen.out / "growth.svg")
    if chosen.docs is not None:
        report.into(chosen.docs)
        draw(figures, chosen.docs.with_name("growth.svg"))


def _sections(folder: Path, chosen: argparse.Namespace) -> list[Section]:
    wanted = chosen.only or SECTIONS
    clean = None
    if set(_CLEAN) & set(wanted):
        _say("making a clean environment")
        clean = environment.installed(chosen.env or folder / "env")
    return [_measured(name, folder, clean, chosen) for name in SECTIONS if name in wanted]


def _measured(
    name: str, folder: Path, clean: environment.Environment | None, chosen: argparse.Namespace
) -> Section:
    _say(f"measuring {name}")
    quick = chosen.quick
    if clean is not None and name in _CLEAN:
        installed: dict[str, Callable[[Path, environment.Environment, bool], Section]] = {
            "startup": startup.section,
            "lists": partial(lists.section, large=chosen.large),
            "imports": imports.section,
        }
        return installed[name](folder, clean, quick)
    sections: dict[str, Callable[[Path, bool], Section]] = {
        "bulk": bulk.section,
        "signals": signals.section,
        "contention": contention.section,
        "verification": partial(verification.section, large=chosen.large),
        "levelling": levelling.section,
        "tables": tables.section,
        "ontology": ontology.section,
        "backup": partial(backup.section, large=chosen.large),
        "recovery": partial(recovery.section, large=chosen.large),
    }
    return sections[name](folder, quick)


def _say(what: str) -> None:
    print(what, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs")
    parser.add_argument("--large", action="store_true", help="stores of a million receipts too")
    parser.add_argument("--out", type=Path, default=Path("bench-report"), metavar="DIR")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="may be repeated")
    parser.add_argument("--env", type=Path, metavar="DIR", help="a virtual environment to use again")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()), metavar="DIR", help="where to write"
    )
    parser.add_argument("--docs", type=Path, metavar="FILE", help="put the report into this page too")
    return parser


if __name__ == "__main__":
    main()
