"""The story of an Andon."""

from tcps.model import AndonEvent, AndonStatus, Record
from tcps.rules.story.words import Told, one_line


def told(before: Record | None, after: AndonEvent) -> list[Told]:
    """What happened to an Andon: raised, seen again, looked into, escalated, resolved."""
    if not isinstance(before, AndonEvent):
        raised = f"stops {after.sku_id} at {after.stage}: {after.failure_type} ({after.severity})"
        events = [Told("andon_triggered", raised, after.created_at)]
        events += _again(1, after)
    else:
        events = [*_again(before.occurrences, after), *_worse(before, after)]
    events += _looked_into(before, after)
    events += _overdue(before if isinstance(before, AndonEvent) else None, after)
    if after.status is AndonStatus.RESOLVED and getattr(before, "status", None) is not AndonStatus.RESOLVED:
        at = after.resolution.resolved_at if after.resolution else None
        events.append(Told("andon_resolved", _resolution(after), at))
    return events


def _again(known: int, after: AndonEvent) -> list[Told]:
    """That it was seen again, once or more often."""
    more = after.occurrences - known
    if more < 1:
        return []
    times = "" if more == 1 else f" {more} times"
    return [
        Told(
            "andon_occurrence", f"seen again{times}: {after.occurrences} times now", after.last_occurrence_at
        )
    ]


def _worse(before: AndonEvent, after: AndonEvent) -> list[Told]:
    if before.severity is after.severity:
        return []
    return [Told("andon_updated", f"severity: {before.severity} → {after.severity}")]


def _looked_into(before: Record | None, after: AndonEvent) -> list[Told]:
    if after.investigating_at is None or getattr(before, "investigating_at", None) is not None:
        return []
    return [Told("andon_investigated", f"{after.investigator} looks into it", after.investigating_at)]


def _overdue(before: AndonEvent | None, after: AndonEvent) -> list[Told]:
    events = []
    if after.escalated_at is not None and (before is None or before.escalated_at is None):
        events.append(Told("andon_escalated", "escalated: nobody looks into it", after.escalated_at))
    if after.timed_out_at is not None and (before is None or before.timed_out_at is None):
        events.append(Told("andon_timed_out", "timed out: it is not resolved", after.timed_out_at))
    return events


def _resolution(andon: AndonEvent) -> str:
    ended = andon.resolution
    if ended is None:
        return "resolved"
    texts = (
        f"resolved by {ended.resolver}",
        f"root cause: {one_line(ended.root_cause)}",
        f"fix: {one_line(ended.fix_applied)}",
        f"prevention: {one_line(ended.prevention_added)}",
    )
    return "; ".join(texts)
