"""Families of workloads, and how much of each is looked at: in the gate, in the deep run, or by name."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.crash.campaign import Plan
from tests.crash.workloads import Workload, interrupted, meeting, overtaken, sequences


class Family(NamedTuple):
    """Workloads of one sort, the share of them that is done, and how much is looked at in each."""

    name: str
    workloads: Iterable[Workload]
    share: float
    plan: Plan


def families(calls: Callable[[Workload], int], deep: bool) -> list[Family]:
    """What is done in the gate, or in the deep run; `calls` says how many a workload's only act makes."""
    ordinary = [
        ("one operation", sequences(1)),
        ("two operations", sequences(2)),
        ("three operations", sequences(3)),
        ("one killed, another goes on", interrupted("killed", calls)),
        ("one call fails, another goes on", interrupted("fails", calls)),
        ("the disk is full, another goes on", interrupted("fills", calls)),
        ("two processes at once", meeting("", calls)),
        ("two processes at once, and a call fails", meeting("fails", calls)),
        ("one overtaken by another, and its sync fails", overtaken()),
    ]
    if deep:
        plans = [Plan(2048, 0.01, 6), Plan(1000, 0.004, 4), Plan(400, 0.0005, 3), *[Plan(4, 0.002, 3)] * 6]
        shares = [1.0] * 9
    else:
        plans = [Plan(100, 0.01, 3), Plan(10, 0.01, 3), Plan(10, 0.01, 3), *[Plan(4, 0.01, 2)] * 6]
        shares = [1.0, 1.0, 0.03, 0.015, 0.015, 0.015, 0.015, 0.015, 0.15]
    return [Family(*one, share, plan) for one, share, plan in zip(ordinary, shares, plans, strict=True)]


class Only(NamedTuple):
    """Workloads by their whole names, a regular expression, and how much is looked at."""

    names: str
    plan: Plan

    def of(self, family: Family) -> Family:
        chosen = (one for one in family.workloads if re.fullmatch(self.names, str(one)))
        return Family(family.name, chosen, 1, self.plan)
