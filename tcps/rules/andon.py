"""Andon events (domain 10): trigger, investigate, resolve, and what they block."""

from bisect import bisect_right
from typing import Any

from msgspec.structs import replace

from tcps.canonical import record_bytes
from tcps.errors import InvalidInput, Refused, missing
from tcps.model import (
    FAILURES,
    AnalysisStatus,
    AndonEvent,
    AndonStatus,
    FailureType,
    Occurrence,
    Resolution,
    Severity,
    Sku,
    Stage,
    WorkOrder,
    parse_enum,
    to_ms,
)
from tcps.model.text import LABEL, RECORD_BYTES, checked_id, checked_object, clean
from tcps.rules.policy import flag
from tcps.rules.state import Production, State, found, wrong_status

LOGGED = 100
"""How many occurrences an Andon keeps, the newest; fewer when they would not fit into a record."""
TRIGGER_FIELDS = ("sku_id", "failure_type", "stage", "severity", "work_order_id", "details")
"""What the one who triggers an Andon may say of it."""
RESOLUTION_TEXTS = ("root_cause", "fix_applied", "prevention_added")
_SPARE_BYTES = 64
"""What is kept free of a record's limit for the revision that it gets when it is stored."""


def trigger(
    state: State,
    *,
    sku_id: object,
    failure_type: object,
    stage: object = None,
    severity: object = None,
    work_order_id: str | None = None,
    details: object = None,
) -> AndonEvent:
    """Stop the line: one more occurrence of the open Andon of this SKU, stage and failure, or a new one."""
    absent = [name for name, value in (("sku_id", sku_id), ("failure_type", failure_type)) if _blank(value)]
    if absent:
        raise missing(absent, "an Andon")
    sku = checked_id("sku_id", sku_id)
    failure = parse_enum(FailureType, failure_type)
    default_severity, default_stage = FAILURES[failure]
    at = default_stage if stage is None else parse_enum(Stage, stage)
    degree = default_severity if severity is None else parse_enum(Severity, severity)
    order_id = _work_order_of(state, sku, work_order_id)
    context = checked_object("details", {} if details is None else details)
    seen = Occurrence(timestamp=state.now, actor=state.actor, details=context)
    for andon in state.open_andons(sku):
        if andon.stage is at and andon.failure_type is failure:
            return _again(state, andon, degree, seen)
    return _first(state, seen, sku, order_id, at, failure, degree)


def investigate(state: State, andon_id: str) -> AndonEvent:
    """open → investigating, by the actor."""
    andon = found(state, AndonEvent, andon_id)
    if andon.status is AndonStatus.RESOLVED:
        raise _already_resolved(andon)
    if andon.status is AndonStatus.INVESTIGATING:
        raise wrong_status(andon, "investigate")
    changed = replace(
        andon,
        status=AndonStatus.INVESTIGATING,
        investigating_at=state.now,
        investigator=state.actor,
    )
    return store(state, changed)


def resolve(
    state: State,
    andon_id: str,
    *,
    root_cause: object,
    fix_applied: object,
    prevention_added: object,
    resolver: object = None,
) -> AndonEvent:
    """→ resolved, with its root cause, the fix and the prevention; terminal."""
    andon = found(state, AndonEvent, andon_id)
    if andon.status is AndonStatus.RESOLVED:
        raise _already_resolved(andon)
    texts = _resolution_texts(root_cause, fix_applied, prevention_added)
    by = clean("resolver", "" if resolver is None else resolver, LABEL) or state.actor
    if flag(state.policy(), "require_five_whys"):
        _require_analysis(state, andon)
    minutes = (to_ms(state.now) - to_ms(andon.created_at)) / 60_000
    resolution = Resolution(**texts, resolver=by, resolved_at=state.now, resolution_minutes=minutes)
    return store(state, replace(andon, status=AndonStatus.RESOLVED, resolution=resolution))


def store(state: State, andon: AndonEvent, at_least: int = 0) -> AndonEvent:
    """Store the Andon with as many of its newest occurrences as fit into a record."""
    try:
        return state.put(andon)
    except InvalidInput as error:
        if error.code != "too_large":
            raise
    return state.put(_shortened(andon, at_least))


def _shortened(andon: AndonEvent, at_least: int) -> AndonEvent:
    log, room = andon.occurrence_log, RECORD_BYTES - _SPARE_BYTES

    def size(logged: int) -> int:
        return len(record_bytes(replace(andon, occurrence_log=log[len(log) - logged :])))

    fitting = max(at_least, bisect_right(range(1, len(log) + 1), room, key=size))
    return replace(andon, occurrence_log=log[len(log) - fitting :])


def blocking(state: Production, sku_id: str, stage: Stage | None = None) -> list[AndonEvent]:
    """The open Andons that hold the SKU at `stage` (None: anywhere), oldest first."""
    return [
        andon for andon in state.open_andons(sku_id) if stage is None or andon.stage.number <= stage.number
    ]


def blocked_by_andons(sku_id: str, andons: list[AndonEvent]) -> Refused:
    """The refusal of a SKU that open Andons hold."""
    ids = [andon.id for andon in andons]
    return Refused(
        f"the line is stopped for {sku_id} by {', '.join(ids)}",
        code="blocked_by_andons",
        hint=f"find the cause, then: tcps andon resolve {ids[0]} --root-cause … --fix … --prevention …",
        details={"andons": ids},
    )


def _first(
    state: State,
    seen: Occurrence,
    sku_id: str,
    work_order_id: str | None,
    stage: Stage,
    failure: FailureType,
    severity: Severity,
) -> AndonEvent:
    event = AndonEvent(
        andon_id=state.next_id("andon_event"),
        sku_id=sku_id,
        work_order_id=work_order_id,
        stage=stage,
        failure_type=failure,
        severity=severity,
        details=seen.details,
        created_at=seen.timestamp,
        created_by=seen.actor,
        occurrence_log=(seen,),
        last_occurrence_at=seen.timestamp,
    )
    return state.put(event)


def _again(state: State, andon: AndonEvent, severity: Severity, seen: Occurrence) -> AndonEvent:
    changed = replace(
        andon,
        severity=min(andon.severity, severity, key=lambda degree: degree.rank),
        details=seen.details,
        occurrences=andon.occurrences + 1,
        occurrence_log=(*andon.occurrence_log, seen)[-LOGGED:],
        last_occurrence_at=seen.timestamp,
    )
    return store(state, changed, at_least=1)


def _resolution_texts(root_cause: object, fix_applied: object, prevention_added: object) -> dict[str, Any]:
    given = dict(zip(RESOLUTION_TEXTS, (root_cause, fix_applied, prevention_added), strict=True))
    texts = {name: clean(name, "" if text is None else text) for name, text in given.items()}
    blank = [name for name, text in texts.items() if not text]
    if blank:
        raise missing(blank, "the resolution of an Andon")
    return texts


def _require_analysis(state: Production, andon: AndonEvent) -> None:
    analyses = state.analyses_of(andon.id)
    if any(analysis.status is AnalysisStatus.FINALIZED for analysis in analyses):
        return
    begun = analyses[-1].id if analyses else None
    raise Refused(
        f"{andon.id} has no finalized root-cause analysis, which policy requires",
        code="root_cause_required",
        hint=f"go on with tcps root-cause show {begun}"
        if begun
        else f"begin one: tcps root-cause start {andon.id} --problem …",
        details={"id": andon.id, "analyses": [analysis.id for analysis in analyses]},
    )


def _work_order_of(state: Production, sku_id: str, given: str | None) -> str | None:
    if given is not None:
        return found(state, WorkOrder, given).id
    sku = state.get(Sku, sku_id)
    return None if sku is None else sku.work_order_id


def _already_resolved(andon: AndonEvent) -> Refused:
    return Refused(f"{andon.id} is resolved already", code="already_resolved", details={"id": andon.id})


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
