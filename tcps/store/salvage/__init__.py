"""Salvage (format 5.7): a store with a damaged ledger made usable, by the word of the one who does it.

Steps, each of which can be interrupted and done again:

1. take both locks and remove the index, so that nobody writes on top of what is there; forget the graphs;
2. read the ledger: its sound beginning is kept byte for byte; the lines after it that can be read, and
   the record files, show newer states of records (`source`, `newest`, `planning`);
3. copy what will be cut off, and checkpoints that no longer fit, to `quarantine/`; write down the plan;
4. cut the ledger after its beginning, append an entry that holds every newer state (`journal`);
5. repair the record files, write a checkpoint, remove the plan.

Nothing is invented: a state is taken as it was shown, or not at all.
"""

from collections.abc import Callable

from tcps.store import repair
from tcps.store.engine import Engine
from tcps.store.repair import Step
from tcps.store.salvage.journal import NAME, Journal
from tcps.store.salvage.planning import plan
from tcps.verify import Report

__all__ = ["salvage"]

_FINISH = Step("ledger", "append", "what a salvage that was interrupted had planned")


def salvage(engine: Engine, actor: str, verify: Callable[[], Report], *, dry_run: bool) -> list[Step]:
    """Salvage the store if its ledger or a checkpoint is damaged, then repair its record files.

    Gives the steps that were (or would be) done.
    """
    steps = repair.plan(verify(), but={NAME}) or repair.disagreement(engine)
    damaged = repair.is_blocked(steps)
    begun = Journal.read(engine.fold.disk, engine.fold.folder) is not None
    if dry_run and begun:
        return [_FINISH]
    if dry_run and damaged:
        return [*(made := plan(engine, actor)).steps, *made.files]
    if not damaged and not begun:
        return repair.repair(engine, verify, dry_run=dry_run)
    done = _change_ledger(engine, actor, damaged)
    steps = repair.plan(verify(), but={NAME, "checkpoint"})  # which is written when the files are right
    repair.carry_out(engine, steps)
    engine.checkpoint()
    _end(engine)
    return done + steps


def _change_ledger(engine: Engine, actor: str, damaged: bool) -> list[Step]:
    """Steps 1 to 4, or what is left of them."""
    fold, records = engine.fold, engine.records
    with fold.locked(), records.locked():
        fold.disown()
        journal = Journal.read(fold.disk, fold.folder)
        if journal is not None:
            if journal.finish(fold.disk, engine.ledger, records):
                return [_FINISH]
            journal.drop(fold.disk, fold.folder, done=False)  # the store was put back from a copy since
        if not damaged:
            return []
        made = plan(engine, actor)
        made.journal.write(fold.disk, engine.ledger, fold.folder)
        made.journal.finish(fold.disk, engine.ledger, records)
        return made.steps


def _end(engine: Engine) -> None:
    fold = engine.fold
    with fold.locked():
        journal = Journal.read(fold.disk, fold.folder)
        if journal is not None:
            journal.drop(fold.disk, fold.folder, done=True)
