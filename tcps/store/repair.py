"""Repair: the record files made what the ledger says, strangers put aside (format 5.6).

Only what can be derived from the ledger is changed. What is wrong or foreign is moved to `quarantine/`,
never removed: it is evidence. A graph or an index is forgotten: it is made anew by who asks. Beside a
ledger or a checkpoint that is damaged nothing is changed, for then the ledger does not say what is right;
`salvage` is for that.
"""

import itertools
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.ontology.generations import FOLDER, Generations
from tcps.rules.findings import Finding
from tcps.store.engine import Engine
from tcps.store.view import View
from tcps.verify import Report
from tcps.verify.indexed import NAME as INDEX

QUARANTINE = "quarantine"
_POSITION = "records.lock"
_STRANGERS = ("EXTRA", "MISFILED")
_OF_LINES = ("FORKED", "timestamp_in_future", "timestamp_decreasing")
"""What is found of receipts in the ledger's own lines, and no file can mend."""


class Step(NamedTuple):
    """What is done about one thing: `rewrite`, `quarantine`, `forget`, or `leave` with the reason."""

    path: str
    action: str
    why: str


def repair(engine: Engine, verify: Callable[[], Report], *, dry_run: bool) -> list[Step]:
    """Repair what the ledger knows; gives the steps that were (or would be) done."""
    steps = plan(verify()) or disagreement(engine)
    if dry_run or all(step.action == "leave" for step in steps):
        return steps
    carry_out(engine, steps)
    uncovered = [step for step in plan(verify()) if step not in steps and step.action != "leave"]
    carry_out(engine, uncovered)  # what was behind something that was put aside, such as a folder
    return steps + uncovered


def plan(report: Report, but: Collection[str] = ()) -> list[Step]:
    """The steps that a verification's findings ask for, one for each file; those on files `but` left out."""
    found = [*report.findings, *(f for verdict in report.verdicts for f in verdict.findings)]
    broken = [finding for finding in found if finding.kind == "integrity" and finding.path not in but]
    damage = [Step(f.path or "", "leave", f.message) for f in broken if _is_damage(f)]
    if damage:
        return damage
    if broken and report.size == 0:
        return [Step("ledger", "leave", "the ledger has no entry, and there are record files")]
    made = {place: f for f in reversed(broken) if (place := _made_anew(f)) is not None}
    others = [f for f in broken if _made_anew(f) is None]
    files = {f.path: f for f in others if f.path is not None and f.class_ not in _OF_LINES}
    return [
        *(Step(f.path or "", "leave", f.message) for f in others if f not in files.values()),
        *(Step(place, "forget", finding.message) for place, finding in sorted(made.items())),
        *(
            Step(path, "quarantine" if finding.class_ in _STRANGERS else "rewrite", finding.message)
            for path, finding in sorted(files.items())
        ),
    ]


def disagreement(engine: Engine) -> list[Step]:
    """What an index says that saw another ledger (format 8.6): it is older than what is there now."""
    try:
        with engine.view():
            return []
    except IntegrityError as error:
        return [Step("ledger", "leave", error.message)]


def is_blocked(steps: list[Step]) -> bool:
    """Whether the ledger or a checkpoint is damaged, so that nothing can be repaired by it."""
    return any(step.action == "leave" and _is_of_ledger(step.path) for step in steps)


def _is_damage(finding: Finding) -> bool:
    """Whether a finding is about what the ledger is, or was when somebody looked."""
    path = finding.path or ""
    if path == INDEX:
        return finding.class_ != "EDITED"  # it saw another ledger
    return _is_of_ledger(path) and (finding.class_ != "EXTRA" or path == "salvage")


def _made_anew(finding: Finding) -> str | None:
    """The folder of the graph that a finding is about, or the index."""
    if finding.path == INDEX:
        return INDEX
    parts = (finding.path or "").split("/")
    return "/".join(parts[:2]) if parts[0] == FOLDER and len(parts) > 1 else None


def _is_of_ledger(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] in ("ledger", "checkpoint", "checkpoints", "salvage", INDEX)


def carry_out(engine: Engine, steps: list[Step]) -> None:
    """Do the steps under the writer's lock, with an index that was made anew from the ledger.

    Each stage is durable before the next one begins, so a power cut loses no evidence; and the last one
    before this returns, for what the checkpoint covers is not written again after a power cut.
    """
    folder, disk = engine.fold.folder, engine.fold.disk
    for step in steps:
        if step.action == "forget" and step.path == INDEX:
            with engine.fold.locked():
                engine.fold.discard()
        elif step.action == "forget":
            Generations(disk, folder / step.path, 0).forget()
    paths = {step.path for step in steps if step.action not in ("leave", "forget")}
    if not paths:
        return
    place = folder / free_place(disk, folder, engine.clock())
    with engine.fold.locked():
        wrong = [path for path in sorted(paths) if _is_there(folder / path)]
        for path in wrong:
            disk.make_dirs((place / path).parent)
        disk.sync_all()
        for path in wrong:  # before the index is made, for that may write record files
            if path == _POSITION:  # it is written anew when the index is made
                _copy_aside(disk, folder / path, place / path)
            else:
                disk.rename(folder / path, place / path)
        disk.sync_all()
        with engine.exclusive() as view:
            for kind, record_id in _records_at(view, paths):
                row = view.loader.row(kind, record_id)
                assert row is not None
                disk.replace(folder / row.path, view.loader.from_ledger(row))
            disk.sync_all()


def free_place(disk: Disk, folder: Path, now: str) -> str:
    """A folder below the store's that is not there yet, named for the time."""
    taken, name = disk.names(folder / QUARANTINE), now.replace(":", "")
    names = itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
    return f"{QUARANTINE}/{next(one for one in names if one not in taken)}"


def _copy_aside(disk: Disk, source: Path, target: Path) -> None:
    content = disk.read_plain(source)
    if content is None:
        disk.rename(source, target)
    else:
        disk.replace(target, content)


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _records_at(view: View, paths: set[str]) -> Iterator[tuple[str, str]]:
    """The records of the ledger whose files belong at these paths; the index is read once."""
    for path, kind, record_id in view.loader.index.db.execute("SELECT path, kind, id FROM record"):
        if path in paths:
            yield kind, record_id
