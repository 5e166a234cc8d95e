"""What a change did to a record, in plain words: its story is these, from the first to the last.

Each is told from the record before and after, so it holds for any ledger, whoever wrote it.
"""

from tcps.model import (
    Analysis,
    AndonEvent,
    Improvement,
    Policy,
    Receipt,
    Record,
    Sku,
    TpmRun,
    WorkOrder,
)
from tcps.rules.story import learning, line, orders, stops
from tcps.rules.story.words import Told

__all__ = ["Told", "told"]


def told(before: Record | None, after: Record | None) -> list[Told]:
    """What happened between two states of one record; None is before it was made, or after its end."""
    match after if after is not None else before:
        case WorkOrder():
            return orders.told(before, after)
        case Sku() as sku:
            return line.sku(before, sku)
        case Receipt() as receipt:
            return line.receipt(receipt)
        case AndonEvent() as event:
            return stops.told(before, event)
        case Policy() as policy:
            return orders.policy(before, policy)
        case Analysis() as analysis:
            return learning.analysis(before, analysis)
        case Improvement() as improvement:
            return learning.improvement(before, improvement)
        case TpmRun() as run:
            return learning.maintenance(run)
        case _:
            return []
