"""Repair: the record files made what the ledger says, strangers put aside (format 5.6).

Only what can be derived from the ledger is changed. A file that is wrong or foreign is moved to
`quarantine/`, never removed: it is evidence. A ledger or a checkpoint that is damaged is not repaired,
nor is anything else beside it, for then nobody can say what is right.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tcps.store.engine import Engine
from tcps.store.view import View
from tcps.verify import Report

QUARANTINE = "quarantine"
_STRANGERS = ("EXTRA", "MISFILED")


class Step(NamedTuple):
    """What is done about one file: `rewrite`, `quarantine`, or `leave` with the reason."""

    path: str
    action: str
    why: str


def plan(report: Report) -> list[Step]:
    """The steps that a verification's findings ask for, one for each file."""
    found = [*report.findings, *(f for verdict in report.verdicts for f in verdict.findings)]
    broken = [finding for finding in found if finding.kind == "integrity"]
    files = {f.path: f for f in broken if f.path is not None and f.path.startswith("records/")}
    others = [Step(f.path or "", "leave", f.message) for f in broken if f.path not in files]
    if others:
        return others
    return [
        Step(path, "quarantine" if finding.class_ in _STRANGERS else "rewrite", finding.message)
        for path, finding in sorted(files.items())
    ]


def carry_out(engine: Engine, steps: list[Step]) -> None:
    """Do the steps under the writer's lock, with an index that was made anew from the ledger."""
    with engine.exclusive() as view:
        place = engine.fold.folder / QUARANTINE / view.now.replace(":", "")
        for step in steps:
            if step.action != "leave":
                _put_aside(engine, step.path, place)
        for kind, record_id in _records_at(view, {step.path for step in steps}):
            row = view.loader.row(kind, record_id)
            assert row is not None
            engine.fold.disk.replace(engine.fold.folder / row.path, view.loader.from_ledger(row))


def _put_aside(engine: Engine, path: str, place: Path) -> None:
    source, disk = engine.fold.folder / path, engine.fold.disk
    if source.is_symlink() or source.exists():
        disk.make_dirs((place / path).parent)
        disk.rename(source, place / path)


def _records_at(view: View, paths: set[str]) -> Iterator[tuple[str, str]]:
    """The records of the ledger whose files belong at these paths."""
    for path in sorted(paths):
        sql = "SELECT kind, id FROM record WHERE path=?"
        yield from view.loader.index.db.execute(sql, (path,)).fetchall()
