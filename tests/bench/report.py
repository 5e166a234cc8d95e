"""The report: sections of tables as Markdown, the same figures as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_AIMS = "Measured by the fastest round of a case and of its floor, so that other programs weigh less."


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

    def markdown(self, when: str) -> str:
        """With its aims; `when` says when it was measured, and how busy the machine was."""
        aims = [_AIMS, _aims(self.aims).markdown()] if self.aims else []
        tables = [table.markdown() for table in self.tables]
        return "\n\n".join([f"## {self.title}", f"{self.text} {when}", *aims, *tables]) + "\n"


class Report(NamedTuple):
    """Everything that was measured in one run."""

    machine: Mapping[str, str]
    sections: list[Section]

    def markdown(self) -> str:
        """The body: what it was measured on, then every section."""
        sections = (section.markdown(self._when) for section in self.sections)
        return "\n".join([f"## Machine\n\n{self._machine}", *sections])

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
        """Put the machine and each section between their marks on a page; other sections stay."""
        text = _between(page.read_text(), "machine", self._machine)
        for section in self.sections:
            text = _between(text, section.name, section.markdown(self._when))
        page.write_text(text)

    @property
    def _machine(self) -> str:
        return Table(("what", "is"), self.machine.items()).markdown() + "\n"

    @property
    def _when(self) -> str:
        load = self.machine["load average at the start"]
        return f"Measured on {self.machine['date']}, when the load average was {load}."


def _between(text: str, name: str, content: str) -> str:
    """A page with this between the marks of that name. Raises ValueError when it has none."""
    start, end = f"<!-- {name}: start -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(start)
    _, also, after = rest.partition(end)
    if not (found and also):
        raise ValueError(f"the page has no place for {name}")
    return f"{before}{start}\n{content}\n{end}{after}"


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def mib(kib: int) -> str:
    return f"{kib / 1024:.0f} MiB"


def times(ratio: float) -> str:
    return f"{ratio:.2f}×"


def _aims(aims: Iterable[Aim]) -> Table:
    head = ("aim, at most", "wanted", "measured", "met")
    rows = [
        (a.name, f"{a.wanted:g} {a.unit}", f"{a.measured:.1f} {a.unit}", _met(a.measured, a.wanted))
        for a in aims
    ]
    return Table(head, rows)


def _met(measured: float, wanted: float) -> str:
    return "yes" if measured <= wanted else f"no, {times(measured / wanted)} of it"
