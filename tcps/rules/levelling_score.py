"""The levelling score (domain 6.2): how evenly a schedule mixes the buckets, from 0 to 1."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from math import sqrt
from typing import NamedTuple

from tcps.rules.heijunka import Slot


class Score(NamedTuple):
    """The three parts of the score, exact, each from 0 to 1, and their weighted sum."""

    batching: float
    uniformity: float
    priority: float

    @property
    def overall(self) -> float:
        """0.5 batching, 0.3 uniformity, 0.2 priority."""
        return 0.5 * self.batching + 0.3 * self.uniformity + 0.2 * self.priority


def score(slots: Sequence[Slot]) -> Score:
    """The score of a schedule; of an empty one 1 in everything."""
    if not slots:
        return Score(1.0, 1.0, 1.0)
    counts = Counter(slot.bucket for slot in slots).values()
    batching = 1 - (longest_run(slots) - 1) / (len(slots) - 1) if len(slots) > 1 else 1.0
    variation = sqrt(len(counts) * sum(n * n for n in counts) - len(slots) ** 2) / len(slots)
    late = sum(slot.priority * place for place, slot in enumerate(slots)) / len(slots)
    priority = 1 - late / sum(slot.priority for slot in slots)
    return Score(*(min(max(part, 0.0), 1.0) for part in (batching, 1 - min(variation / 2, 1), priority)))


def longest_run(slots: Sequence[Slot]) -> int:
    """How many slots in a row are in one bucket, at most."""
    return max((sum(1 for _ in run) for _, run in groupby(slots, key=lambda slot: slot.bucket)), default=0)
