"""Improvements (domain 12.3): proposed against waste, applied by people, measured, or rejected."""

from msgspec.structs import replace

from tcps.errors import Refused
from tcps.model import (
    DAY_MS,
    Effort,
    Improvement,
    ImprovementStatus,
    Json,
    Period,
    WasteType,
    from_ms,
    last_days,
    number_of,
    to_ms,
)
from tcps.model.text import clean, required
from tcps.rules.state import State, found, wrong_status
from tcps.rules.waste import CURES, WEEK_DAYS, Key, WastePoint, waste

LEAST_WEEKLY_HOURS = 1.0
"""A waste of fewer hours a week is not proposed to be ended."""
EFFORT_HOURS = {Effort.LOW: 4, Effort.MEDIUM: 16, Effort.HIGH: 40}
_NAMED = 200
"""How much of a root cause a description names."""


def propose(state: State) -> list[Improvement]:
    """Bring the proposals up to date with the waste of the last seven days; gives those that are open.

    Each cause that costs an hour a week or more has a proposal. None is made for one whose improvement
    is being measured, or was rejected when the waste was as large.
    """
    period = last_days(WEEK_DAYS, state.now)
    newest = {key_of(improvement): improvement for improvement in state.improvements()}
    for point in waste(state.past(period)):
        weekly = point.weekly(period)
        if weekly >= LEAST_WEEKLY_HOURS:
            _propose(state, point, weekly, newest.get(point.key))
    proposed = (one for one in state.improvements() if one.status is ImprovementStatus.PROPOSED)
    return sorted(proposed, key=by_return)


def apply(state: State, improvement_id: str, changes: object = None) -> Improvement:
    """proposed → measuring: people have changed something. Notes the waste of the seven days before."""
    improvement = _in_status(state, improvement_id, ImprovementStatus.PROPOSED, "apply")
    applied = replace(
        improvement,
        status=ImprovementStatus.MEASURING,
        applied_at=state.now,
        changes=clean("changes", "" if changes is None else changes) or None,
        before_waste_hours=_wasted(state, last_days(WEEK_DAYS, state.now), key_of(improvement)),
    )
    return state.put(applied)


def measure(state: State, improvement_id: str) -> Improvement:
    """measuring → applied: compares the waste of the seven days after with that of the seven before."""
    improvement = _in_status(state, improvement_id, ImprovementStatus.MEASURING, "measure")
    start = improvement.applied_at or state.now
    week = Period(start, from_ms(to_ms(start) + WEEK_DAYS * DAY_MS))
    if state.now < week.end:
        raise Refused(
            f"{improvement.id} was applied at {improvement.applied_at}: it is too early to measure it",
            code="measurement_too_early",
            hint=f"it can be measured from {week.end} on",
            details={"id": improvement.id, "measurable_at": week.end},
        )
    after = _wasted(state, week, key_of(improvement))
    measured = replace(
        improvement,
        status=ImprovementStatus.APPLIED,
        measured_at=state.now,
        after_waste_hours=after,
        actual_benefit_hours=max(0.0, (improvement.before_waste_hours or 0.0) - after),
    )
    return state.put(measured)


def reject(state: State, improvement_id: str, reason: object) -> Improvement:
    """proposed → rejected."""
    improvement = _in_status(state, improvement_id, ImprovementStatus.PROPOSED, "reject")
    text = required("reason", reason, "a rejection")
    return state.put(replace(improvement, status=ImprovementStatus.REJECTED, rejection_reason=text))


def key_of(improvement: Improvement) -> Key:
    """Which cause of waste it is against."""
    return improvement.waste_type, improvement.stage, improvement.root_cause


def by_return(improvement: Improvement) -> tuple[float, int]:
    """Sorts improvements: the best return first, then the oldest."""
    return -improvement.roi, number_of(improvement.id, improvement.kind)


def _propose(state: State, point: WastePoint, weekly: float, newest: Improvement | None) -> None:
    """A new proposal, the open one updated, or nothing."""
    figures = _figures(point, weekly)
    status = None if newest is None else newest.status
    if newest is not None and status is ImprovementStatus.PROPOSED:
        if replace(newest, **figures) != newest:
            state.put(replace(newest, **figures))
    elif newest is None or status is ImprovementStatus.APPLIED or _outgrown(newest, weekly):
        proposal = Improvement(
            improvement_id=state.next_id("improvement"),
            waste_type=point.waste_type,
            stage=point.stage,
            root_cause=point.root_cause,
            created_at=state.now,
            **figures,
        )
        state.put(proposal)


def _outgrown(improvement: Improvement, weekly: float) -> bool:
    """Whether a waste is larger than when its proposal was rejected."""
    return improvement.status is ImprovementStatus.REJECTED and weekly > improvement.weekly_waste_hours


def _figures(point: WastePoint, weekly: float) -> Json:
    """What of a proposal changes with the waste."""
    cure = CURES[point.waste_type]
    hours, saving = EFFORT_HOURS[cure.effort], weekly * cure.saving
    return {
        "description": describe(point),
        "weekly_waste_hours": weekly,
        "expected_saving_hours": saving,
        "effort": cure.effort,
        "effort_hours": hours,
        "roi": saving / hours,
        "waste_ratio": weekly / hours,
    }


def describe(point: WastePoint) -> str:
    """What to do about a waste, in a sentence."""
    names = ", ".join(point.examples)
    match point.waste_type:
        case WasteType.COMPILATION_SLOW:
            return "Make compilation faster: it takes longer than 5 minutes"
        case WasteType.FLAKY_TEST:
            return f"Make the tests stable that both pass and fail: {names}"
        case WasteType.MANUAL_INTERVENTION:
            return f"Automate what is done by hand: {names}"
        case WasteType.REPEAT_ANDON:
            return f"End the cause that comes back: {(point.root_cause or '')[:_NAMED]}"
        case WasteType.LONG_LEAD_TIME:
            return f"Shorten {point.stage}: a run takes longer than an hour"
        case WasteType.EXCESSIVE_REWORK:
            return f"Find out earlier what fails at the gates: {names}"


def _wasted(state: State, period: Period, key: Key) -> float:
    """The hours a week that one cause costs in a period."""
    return sum(point.weekly(period) for point in waste(state.past(period)) if point.key == key)


def _in_status(state: State, improvement_id: str, status: ImprovementStatus, operation: str) -> Improvement:
    improvement = found(state, Improvement, improvement_id)
    if improvement.status is not status:
        raise wrong_status(improvement, operation)
    return improvement
