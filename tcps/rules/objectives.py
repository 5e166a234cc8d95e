"""Service objectives (domain 13.4): five indicators over thirty days, with what is left of their budgets."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from tcps.rules.alerts import percentile

LEAD_TIME_MS, LEAD_BUDGET = 7_200_000, 0.10
PASS_RATE, PASS_BUDGET = 0.95, 0.05
DEPLOYMENTS, DEPLOYMENT_BUDGET = 0.99, 0.01
RESOLUTION_MS = 14_400_000
UPTIME, UPTIME_BUDGET = 0.999, 0.001


class Met(StrEnum):
    """Whether an objective is met; without a sample nobody knows."""

    MET = "met"
    MISSED = "missed"
    NO_DATA = "no_data"


class Facts(NamedTuple):
    """Of thirty days: lead times in ms of published SKUs; gates; SKUs that were published, or failed or
    aborted at publication; the times in ms that Andons took to be resolved; observed and down time in ms
    of the service."""

    lead_times: Sequence[float]
    passed: int
    failed: int
    published: int
    undeployed: int
    resolutions: Sequence[float]
    observed_ms: int = 0
    down_ms: int = 0


class Objective(NamedTuple):
    """One objective: its indicator, what is wanted of it, the error budget and what is spent of it.

    `remaining` is the share of the budget that is left, negative when overspent; null without a budget or
    a sample.
    """

    slo: str
    status: Met
    indicator: float | None
    objective: float
    budget: float | None
    spent: float | None

    @property
    def remaining(self) -> float | None:
        """(budget − spent) / budget."""
        return None if self.budget is None or self.spent is None else (self.budget - self.spent) / self.budget


def objectives(facts: Facts) -> list[Objective]:
    """All five, in their order."""
    late = [time for time in facts.lead_times if time >= LEAD_TIME_MS]
    took = facts.resolutions
    mean = sum(took) / len(took) if took else None
    return [
        _below(
            "lead_time_p90",
            percentile(facts.lead_times, 90),
            LEAD_TIME_MS,
            LEAD_BUDGET,
            len(late) / len(facts.lead_times) if facts.lead_times else None,
        ),
        _rate("quality_gate_pass_rate", facts.passed, facts.failed, PASS_RATE, PASS_BUDGET),
        _rate("deployment_success_rate", facts.published, facts.undeployed, DEPLOYMENTS, DEPLOYMENT_BUDGET),
        _below("andon_avg_resolution_time", mean, RESOLUTION_MS, None, None),
        _rate("uptime_percent", facts.observed_ms - facts.down_ms, facts.down_ms, UPTIME, UPTIME_BUDGET),
    ]


def _below(
    slo: str, indicator: float | None, objective: float, budget: float | None, spent: float | None
) -> Objective:
    """A time that is to be shorter than the objective."""
    if indicator is None:
        return Objective(slo, Met.NO_DATA, None, objective, budget, None)
    met = Met.MET if indicator < objective else Met.MISSED
    return Objective(slo, met, indicator, objective, budget, spent)


def _rate(slo: str, good: int, bad: int, objective: float, budget: float) -> Objective:
    """A share that is to be at least the objective; what it lacks of 1 is spent."""
    if good + bad == 0:
        return Objective(slo, Met.NO_DATA, None, objective, budget, None)
    indicator = good / (good + bad)
    met = Met.MET if indicator >= objective else Met.MISSED
    return Objective(slo, met, indicator, objective, budget, bad / (good + bad))
