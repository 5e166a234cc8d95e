"""Metrics over the Andons that were created in a period (domain 10.2); exact, not rounded."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tcps.model import HOUR_MS, AndonEvent, FailureType, Resolution, Severity, Stage, Timestamp, to_ms
from tcps.rules.chain import andon_span, covered


class AndonMetrics(NamedTuple):
    """The metrics; `recurrence_rate` is a fraction, `blocked_hours` are by SKU."""

    total_andons: int
    open_andons: int
    resolved_andons: int
    avg_resolution_time_seconds: float
    by_type: dict[FailureType, int]
    by_severity: dict[Severity, int]
    by_stage: dict[Stage, int]
    occurrences: int
    recurrence_rate: float
    blocked_hours: dict[str, float]


def andon_metrics(andons: Sequence[AndonEvent], now: Timestamp) -> AndonMetrics:
    """The metrics of these Andons, those not resolved being open until now."""
    types = Counter(andon.failure_type for andon in andons)
    severities = Counter(andon.severity for andon in andons)
    stages = Counter(andon.stage for andon in andons)
    seconds = [
        (to_ms(andon.resolution.resolved_at) - to_ms(andon.created_at)) / 1000
        for andon in andons
        if andon.resolution is not None
    ]
    return AndonMetrics(
        total_andons=len(andons),
        open_andons=len(andons) - len(seconds),
        resolved_andons=len(seconds),
        avg_resolution_time_seconds=sum(seconds) / len(seconds) if seconds else 0.0,
        by_type={failure: types[failure] for failure in FailureType},
        by_severity={severity: severities[severity] for severity in Severity},
        by_stage={stage: stages[stage] for stage in Stage},
        occurrences=sum(andon.occurrences for andon in andons),
        recurrence_rate=_recurring([andon.resolution for andon in andons if andon.resolution is not None]),
        blocked_hours=_blocked_hours(andons, now),
    )


def cause(text: str) -> str:
    """A root cause as it is compared: without case, white space collapsed."""
    return " ".join(text.casefold().split())


def _recurring(resolutions: Sequence[Resolution]) -> float:
    """The share of the resolutions whose root cause is that of another one too; 0.0 if there are none."""
    counts = Counter(cause(resolution.root_cause) for resolution in resolutions)
    return sum(n for n in counts.values() if n > 1) / len(resolutions) if resolutions else 0.0


def _blocked_hours(andons: Iterable[AndonEvent], now: Timestamp) -> dict[str, float]:
    """How long each SKU was held by any of the Andons; time under several counts once."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for andon in andons:
        spans[andon.sku_id].append(andon_span(andon, now))
    return {
        sku_id: covered(held, min(held)[0], max(end for _, end in held)) / HOUR_MS
        for sku_id, held in spans.items()
    }
