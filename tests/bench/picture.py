"""A picture of how each cost grows with the store, drawn from the figures of a report."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#000000")
"""Colours that those who see fewer of them can tell apart (Okabe and Ito)."""


class Line(NamedTuple):
    """What one thing takes, in seconds, by how many records there are."""

    name: str
    points: dict[int, float]


def lines(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    """What grows, of the sections that were measured."""
    if "verification" in sections:
        stores = sections["verification"]["stores"]
        seconds = {one["receipts"]: one["cases"]["tcps verify"]["median_s"] for one in stores}
        yield Line("verify", seconds)
    if "backup" in sections:
        for row in ("full", "nothing changed", "restore"):
            growth = sections["backup"]["growth"].items()
            yield Line(f"backup, {row}", {int(n): rows[row]["run"].seconds for n, rows in growth})
    if "recovery" in sections:
        for name in ("index anew", "files anew"):
            yield Line(name, {int(n): row[name]["seconds"] for n, row in sections["recovery"].items()})
    if "lists" in sections:
        listed = sections["lists"].items()
        yield Line("list 50", {int(n): row["tcps work-order list"]["median_s"] for n, row in listed})


def draw(sections: Mapping[str, Mapping[str, Any]], target: Path) -> None:
    """Write the picture, an SVG file, both axes logarithmic; nothing where nothing grows."""
    import pygal
    from pygal.style import Style

    drawn = list(lines(sections))
    if not drawn:
        return
    chart = pygal.XY(
        logarithmic=True,
        x_title="records in the store",
        y_title="seconds",
        style=Style(background="white", plot_background="white", colors=_COLOURS),
        js=[],
        width=900,
        height=520,
        legend_at_bottom=True,
    )
    sizes = sorted({n for line in drawn for n in line.points})
    chart.x_labels = [{"value": math.log10(n), "label": f"{n:,}"} for n in sizes]
    for line in drawn:
        chart.add(line.name, [(math.log10(n), seconds) for n, seconds in sorted(line.points.items())])
    target.write_bytes(chart.render())
