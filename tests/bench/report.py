"""The report: sections of tables as Markdown, the same figures as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_AIMS = "Measured by the fastest round of a case and of its floor, so that other programs weigh less."
START, END = "<!-- report: start -->", "<!-- report: end -->"


class Table(NamedTuple):
    """One table; cells are text."""

    head: Sequence[str]
    rows: Iterable[Sequence[str]]
    title: str = ""

    def markdown(self) -> str:
        alignment = ["---", *["---:"] * (len(self.head) - 1)]
        lines = (f"| {' | '.join(cells)} |" for cells in (self.head, alignment, *self.rows))
        return (f"**{self.title}**\n\n" if self.title else "") + "\n".join(lines)


class Aim(NamedTuple):
    """What a figure should be at most, and what it is."""

    name: str
    wanted: float
    measured: float
    unit: str


class Section(NamedTuple):
    """One subject of the report."""

    name: str
    title: str
    text: str
    tables: list[Table]
    figures: Mapping[str, Any]
    aims: list[Aim]

    def markdown(self) -> str:
        return "\n\n".join([f"## {self.title}", self.text, *(table.markdown() for table in self.tables)])


class Report(NamedTuple):
    """Everything that was measured in one run."""

    machine: Mapping[str, str]
    sections: list[Section]

    def markdown(self) -> str:
        """The body: aims first, then what they were measured on, then every section."""
        aims = [aim for section in self.sections for aim in section.aims]
        parts = ["## Aims", _AIMS, _aims(aims).markdown()] if aims else []
        parts += ["## Machine", _machine(self.machine).markdown()]
        return "\n\n".join(parts + [section.markdown() for section in self.sections]) + "\n"

    def write(self, folder: Path) -> None:
        """report.md and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(f"# Benchmark report\n\n{self.markdown()}")
        document = {
            "machine": self.machine,
            "sections": {section.name: section.figures for section in self.sections},
            "aims": [aim._asdict() for section in self.sections for aim in section.aims],
        }
        (folder / "report.json").write_text(json.dumps(document, indent=2) + "\n")

    def into(self, page: Path) -> None:
        """Put the report between the marks of a page."""
        before, _, rest = page.read_text().partition(START)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{START}\n\n{self.markdown()}\n{END}{after}")


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def mib(kib: int) -> str:
    return f"{kib / 1024:.0f} MiB"


def times(ratio: float) -> str:
    return f"{ratio:.2f}×"


def _machine(machine: Mapping[str, str]) -> Table:
    return Table(("what", "is"), machine.items())


def _aims(aims: Iterable[Aim]) -> Table:
    head = ("aim, at most", "wanted", "measured", "met")
    rows = [
        (a.name, f"{a.wanted:g} {a.unit}", f"{a.measured:.1f} {a.unit}", _met(a.measured, a.wanted))
        for a in aims
    ]
    return Table(head, rows)


def _met(measured: float, wanted: float) -> str:
    return "yes" if measured <= wanted else f"no, {times(measured / wanted)} of it"
