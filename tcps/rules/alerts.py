"""Alert rules (domain 13.3): what of the last thirty days and of now somebody should be told.

Here is when a rule's condition holds. To whom it is said, and not again before the cooldown is over, is
for what watches the store all the time.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from tcps.model import HOUR_MS, AndonEvent, Bucket, Json, Timestamp, to_ms
from tcps.rules.metrics import Measured, gate_pass_rate
from tcps.rules.past import Runs

CRITICAL_OPEN_MS = 3_600_000
"""How long a critical Andon may be unresolved before it is an alert."""
HIGH_UTILIZATION, LOW_PASS_RATE, MOST_DEFECTS, LOW_COMPLIANCE = 0.9, 0.95, 0.05, 0.9
SLOW_LEAD_MS = 6_840_000
"""The P90 of lead times that comes close to the objective of two hours."""
ANOMALY = 2
"""How many times the P50 of lead times the P90 may be."""
LEAST_RECEIPTS, LEAST_SKUS = 20, 10
_NAMED = 10
Why = tuple[str, Json]


class Level(StrEnum):
    """How urgent an alert is."""

    CRITICAL = "critical"
    WARNING = "warning"


class Facts(NamedTuple):
    """What the rules look at; all but the Andons, the utilization and `late` is of the last thirty days.

    `critical` are the critical Andons that are not resolved, `utilization` is of the buckets with a limit,
    `late` are the open orders whose SLA status is warning or breached, lead times are in milliseconds.
    """

    now: Timestamp
    critical: Sequence[AndonEvent]
    utilization: Mapping[Bucket, float]
    late: Sequence[str]
    lead_times: Sequence[float]
    runs: tuple[Runs, ...]
    measured: Measured
    compliance: float


class Alert(NamedTuple):
    """A rule whose condition holds, and why."""

    rule: str
    component: str
    severity: Level
    message: str
    details: Json


class Rule(NamedTuple):
    """What an alert is about, how urgent it is, and the least seconds between two notifications of it."""

    component: str
    severity: Level
    cooldown_seconds: int
    judge: Callable[[Facts], Why | None]


def percentile(values: Sequence[float], share: int) -> float | None:
    """The value at rank ceil(n·share/100) of the sorted values, from 1 (domain 2); None of none."""
    return sorted(values)[ceil(len(values) * share / 100) - 1] if values else None


def active(facts: Facts) -> list[Alert]:
    """The alerts whose conditions hold now, in the order of the rules."""
    judged = ((name, rule, rule.judge(facts)) for name, rule in RULES.items())
    return [Alert(name, rule.component, rule.severity, *why) for name, rule, why in judged if why is not None]


def _critical_open(facts: Facts) -> Why | None:
    late = [a.id for a in facts.critical if to_ms(facts.now) - to_ms(a.created_at) > CRITICAL_OPEN_MS]
    if not late:
        return None
    return f"critical and not resolved for an hour: {_named(late)}", {
        "andons": late[:_NAMED],
        "count": len(late),
    }


def _wip_breach(facts: Facts) -> Why | None:
    full = {bucket.value: share for bucket, share in facts.utilization.items() if share > HIGH_UTILIZATION}
    told = ", ".join(f"{bucket} {share:.0%}" for bucket, share in full.items())
    return (f"WIP is at its limit: {told}", {"utilization": full}) if full else None


def _sla_imminent(facts: Facts) -> Why | None:
    slow = percentile(facts.lead_times, 90)
    is_slow = slow is not None and slow > SLOW_LEAD_MS
    if not facts.late and not is_slow:
        return None
    told = (
        f"late or nearly so: {_named(facts.late)}" if facts.late else "one in ten lead times is 1.9 h or more"
    )
    return told, {
        "work_orders": list(facts.late[:_NAMED]),
        "count": len(facts.late),
        "lead_time_p90_ms": slow,
    }


def _gate_failures(facts: Facts) -> Why | None:
    receipts, rate = sum(run.total for run in facts.runs), gate_pass_rate(facts.runs)
    if rate is None or receipts < LEAST_RECEIPTS or rate >= LOW_PASS_RATE:
        return None
    return f"only {rate:.1%} passed of {receipts} receipts", {"gate_pass_rate": rate, "receipts": receipts}


def _defects(facts: Facts) -> Why | None:
    finished, rate = facts.measured.sample_size, facts.measured.values["defect_rate"] / 100
    if finished < LEAST_SKUS or rate <= MOST_DEFECTS:
        return None
    return f"defects are {rate:.1%} of the published SKUs", {"defect_rate": rate, "finished": finished}


def _lead_anomaly(facts: Facts) -> Why | None:
    slow, usual = percentile(facts.lead_times, 90), percentile(facts.lead_times, 50)
    if slow is None or usual is None or len(facts.lead_times) < LEAST_SKUS or slow <= ANOMALY * usual:
        return None
    told = (
        f"one in ten SKUs takes {slow / HOUR_MS:.2f} h or more, half of them {usual / HOUR_MS:.2f} h or less"
    )
    return told, {"p90_ms": slow, "p50_ms": usual, "published": len(facts.lead_times)}


def _tpm_overdue(facts: Facts) -> Why | None:
    kept = facts.compliance
    if kept >= LOW_COMPLIANCE:
        return None
    return f"{kept:.0%} of the runs that are due were made in time", {"maintenance_compliance": kept}


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


RULES = {
    "andon_critical_open": Rule("andon", Level.CRITICAL, 300, _critical_open),
    "wip_limit_breach": Rule("kanban", Level.WARNING, 600, _wip_breach),
    "sla_breach_imminent": Rule("work_orders", Level.CRITICAL, 1800, _sla_imminent),
    "quality_gate_failures": Rule("receipts", Level.WARNING, 3600, _gate_failures),
    "high_defect_rate": Rule("receipts", Level.CRITICAL, 1800, _defects),
    "lead_time_anomaly": Rule("work_orders", Level.WARNING, 3600, _lead_anomaly),
    "tpm_overdue": Rule("tpm", Level.WARNING, 86_400, _tpm_overdue),
}
"""Every rule by its name."""
