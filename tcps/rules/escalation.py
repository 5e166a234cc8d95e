"""Andons that nobody looks into in time (domain 10.2, sweep): escalated, then timed out, each once."""

from typing import NamedTuple

from msgspec.structs import replace

from tcps.model import HOUR_MS, AndonEvent, AndonStatus, Severity, to_ms
from tcps.rules import andon as andon_rules
from tcps.rules.state import State, found


class Patience(NamedTuple):
    """How old an Andon may get, in milliseconds: before it is escalated, before it is timed out."""

    escalation_ms: int
    timeout_ms: int


PATIENCE = {
    Severity.CRITICAL: Patience(HOUR_MS, 2 * HOUR_MS),
    Severity.HIGH: Patience(HOUR_MS, 2 * HOUR_MS),
    Severity.MEDIUM: Patience(4 * HOUR_MS, 8 * HOUR_MS),
    Severity.LOW: Patience(24 * HOUR_MS, 48 * HOUR_MS),
}
ESCALATED, TIMED_OUT = 1, 2
"""The escalation levels; 0 is neither."""


def sweep(state: State, andon_id: str) -> AndonEvent:
    """Escalate the Andon if it is still open, time it out if it is not resolved, when it is old enough."""
    andon = found(state, AndonEvent, andon_id)
    age = to_ms(state.now) - to_ms(andon.created_at)
    changed = andon
    if _may_be_escalated(andon) and age >= PATIENCE[andon.severity].escalation_ms:
        changed = replace(changed, escalation_level=ESCALATED, escalated_at=state.now)
    if _may_be_timed_out(andon) and age >= PATIENCE[andon.severity].timeout_ms:
        changed = replace(changed, escalation_level=TIMED_OUT, timed_out_at=state.now)
    return andon if changed is andon else andon_rules.store(state, changed)


def _may_be_escalated(andon: AndonEvent) -> bool:
    return andon.status is AndonStatus.OPEN and andon.escalation_level < ESCALATED


def _may_be_timed_out(andon: AndonEvent) -> bool:
    return andon.status is not AndonStatus.RESOLVED and andon.escalation_level < TIMED_OUT
