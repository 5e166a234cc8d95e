"""Improvements: proposed against waste, applied, measured, rejected (domain 12.3)."""

from typing import Any

import pytest

from tcps.model import DAY_MS, AndonEvent, Effort, Improvement, Stage, from_ms, to_ms
from tcps.rules import andon, kaizen
from tcps.rules.kaizen import EFFORT_HOURS
from tcps.store import Store
from tcps.store.draft import Draft
from tests.conftest import FixedClock
from tests.rules.line import FAILING, act, record, refused, resolve, run, sku, trigger, unchanged


def tick(store: Store) -> None:
    """A millisecond passes: a period does not hold its own end."""
    assert isinstance(store.engine.clock, FixedClock)
    store.engine.clock.forward(ms=1)


def fail(store: Store, times: int = 1) -> None:
    """Receipts that fail, each a waste of two hours."""
    for _ in range(times):
        made = sku(store)
        run(store, made.id, Stage.SHACL_VALIDATION)
        record(store, made.id, Stage.COMPILATION, FAILING)
    tick(store)


def propose(store: Store) -> list[Improvement]:
    found: list[Improvement] = act(store, kaizen.propose)
    return found


def proposed(store: Store) -> Improvement:
    (improvement,) = propose(store)
    return improvement


def stored(store: Store) -> tuple[Improvement, ...]:
    with store.view() as view:
        return view.improvements()


def compiled(store: Store, hours: float) -> None:
    """One compilation that takes so long beyond five minutes."""
    made = sku(store)
    run(store, made.id, Stage.SHACL_VALIDATION)
    run(store, made.id, Stage.COMPILATION, duration_ms=300_000 + round(hours * 3_600_000))
    tick(store)


# proposals


def test_effort_is_four_sixteen_or_forty_hours() -> None:
    assert EFFORT_HOURS == {Effort.LOW: 4, Effort.MEDIUM: 16, Effort.HIGH: 40}


def test_a_waste_has_a_proposal_with_what_it_costs_and_saves(store: Store, clock: FixedClock) -> None:
    fail(store, 3)
    improvement = proposed(store)
    assert (improvement.id, improvement.status, improvement.created_at) == ("KZ-1", "proposed", clock.now)
    assert kaizen.key_of(improvement) == ("excessive_rework", None, None)
    assert improvement.description == "Find out earlier what fails at the gates: RCPT-2, RCPT-4, RCPT-6"
    assert (improvement.weekly_waste_hours, improvement.expected_saving_hours) == (6.0, 3.0)
    assert (improvement.effort, improvement.effort_hours) == ("medium", 16)
    assert (improvement.roi, improvement.waste_ratio) == (3 / 16, 6 / 16)
    assert (improvement.applied_at, improvement.measured_at, improvement.changes) == (None, None, None)
    assert stored(store) == (improvement,)


def test_55_2_hours_of_slow_compilation_return_1_38(store: Store) -> None:
    compiled(store, 55.2)
    found = {kaizen.key_of(one)[0]: one for one in propose(store)}
    slow = found["compilation_slow"]
    assert (round(slow.roi, 3), round(slow.waste_ratio, 3)) == (1.38, 3.45)


@pytest.mark.parametrize(("hours", "kinds"), [(1.0, ["compilation_slow"]), (0.999, [])])
def test_a_waste_of_an_hour_a_week_is_the_least_that_is_proposed(
    store: Store, hours: float, kinds: list[str]
) -> None:
    compiled(store, hours / 2)
    compiled(store, hours / 2)
    assert [one.waste_type for one in propose(store)] == kinds


def test_only_the_last_seven_days_count(store: Store, clock: FixedClock) -> None:
    fail(store)
    clock.forward(hours=7 * 24)
    assert propose(store) == []
    clock.forward(ms=-1)
    assert len(propose(store)) == 1


def test_a_proposal_whose_waste_has_gone_stays_as_it_was(store: Store, clock: FixedClock) -> None:
    fail(store)
    made = proposed(store)
    clock.forward(hours=8 * 24)
    with unchanged(store):
        assert propose(store) == [made]


def test_proposals_come_with_the_best_return_first_then_the_oldest(store: Store) -> None:
    fail(store, 2)
    for cause in ("a", "a", "b", "b"):
        event = trigger(store, "x", stage="smoke_test")
        act(store, resolve_with, event.id, cause)
    tick(store)
    found = propose(store)
    assert [(one.waste_type, one.root_cause, one.id) for one in found] == [
        ("repeat_andon", "a", "KZ-2"),
        ("repeat_andon", "b", "KZ-3"),
        ("excessive_rework", None, "KZ-1"),
    ]
    assert [one.roi for one in found] == [1.0, 1.0, 0.125]


def resolve_with(draft: Draft, andon_id: str, cause: str) -> AndonEvent:
    return andon.resolve(draft, andon_id, root_cause=cause, fix_applied="a", prevention_added="b")


def test_an_open_proposal_of_the_same_cause_is_updated_not_doubled(store: Store) -> None:
    fail(store)
    proposed(store)
    with unchanged(store):
        proposed(store)
    fail(store)
    again = proposed(store)
    assert (again.id, again.revision, again.weekly_waste_hours) == ("KZ-1", 2, 4.0)


def test_nothing_new_is_proposed_while_an_improvement_of_the_same_cause_is_measured(
    store: Store, clock: FixedClock
) -> None:
    fail(store)
    act(store, kaizen.apply, proposed(store).id)
    fail(store, 5)
    with unchanged(store):
        assert propose(store) == []
    clock.forward(hours=7 * 24)
    act(store, kaizen.measure, "KZ-1")
    fail(store)
    assert proposed(store).id == "KZ-2"


def test_what_was_rejected_is_proposed_again_only_when_the_waste_has_grown(store: Store) -> None:
    fail(store, 2)
    act(store, kaizen.reject, proposed(store).id, "too dear")
    with unchanged(store):
        assert propose(store) == []
    fail(store)
    assert (proposed(store).id, proposed(store).weekly_waste_hours) == ("KZ-2", 6.0)


@pytest.mark.parametrize("kind", ["flaky_test", "manual_intervention", "long_lead_time"])
def test_every_kind_of_waste_has_its_description(store: Store, kind: str) -> None:
    evidence: dict[str, Any] = {"manual_intervention": True} if kind == "manual_intervention" else {}
    if kind == "flaky_test":
        evidence["tests"] = [{"name": f"t{n}", "outcome": o} for n in range(4) for o in ("passed", "failed")]
    hours = 3 if kind == "long_lead_time" else 0
    run(store, sku(store).id, Stage.SHACL_VALIDATION, evidence=evidence, duration_ms=hours * 3_600_000)
    tick(store)
    wanted = {
        "flaky_test": "Make the tests stable that both pass and fail: t0, t1, t2, t3",
        "manual_intervention": "Automate what is done by hand: RCPT-1",
        "long_lead_time": "Shorten shacl_validation: a run takes longer than an hour",
    }
    assert proposed(store).description == wanted[kind]


# apply


def test_apply_notes_the_waste_of_the_week_before(store: Store, clock: FixedClock) -> None:
    fail(store)
    made = proposed(store)
    clock.forward(hours=24)
    fail(store, 2)
    applied = act(store, kaizen.apply, made.id, "  a linter before the build ")
    assert (applied.status, applied.applied_at, applied.changes) == (
        "measuring",
        clock.now,
        "a linter before the build",
    )
    assert (applied.weekly_waste_hours, applied.before_waste_hours) == (2.0, 6.0)
    assert act(store, kaizen.propose) == []


def test_a_waste_that_has_gone_by_itself_costs_nothing_before(store: Store, clock: FixedClock) -> None:
    fail(store)
    made = proposed(store)
    clock.forward(hours=8 * 24)
    applied = act(store, kaizen.apply, made.id)
    assert (applied.before_waste_hours, applied.changes) == (0.0, None)


# measure


def test_measure_compares_the_week_after_with_the_week_before(store: Store, clock: FixedClock) -> None:
    fail(store, 3)
    made = proposed(store)
    act(store, kaizen.apply, made.id)
    fail(store)
    clock.forward(hours=7 * 24)
    fail(store, 5)
    done = act(store, kaizen.measure, made.id)
    assert (done.status, done.measured_at) == ("applied", clock.now)
    assert (done.before_waste_hours, done.after_waste_hours, done.actual_benefit_hours) == (6.0, 2.0, 4.0)


def test_a_change_for_the_worse_has_no_benefit(store: Store, clock: FixedClock) -> None:
    fail(store)
    made = proposed(store)
    act(store, kaizen.apply, made.id)
    fail(store, 3)
    clock.forward(hours=7 * 24)
    done = act(store, kaizen.measure, made.id)
    assert (done.after_waste_hours, done.actual_benefit_hours) == (6.0, 0.0)


def test_an_improvement_can_be_measured_after_seven_days_and_not_before(
    store: Store, clock: FixedClock
) -> None:
    fail(store)
    made = proposed(store)
    act(store, kaizen.apply, made.id)
    due = from_ms(to_ms(clock.now) + 7 * DAY_MS)
    clock.forward(hours=7 * 24, ms=-1)
    with refused(store, "measurement_too_early") as caught:
        act(store, kaizen.measure, made.id)
    assert caught.value.details == {"id": made.id, "measurable_at": due}
    clock.forward(ms=1)
    assert act(store, kaizen.measure, made.id).status == "applied"


# reject, and what the status does not allow


def test_reject_keeps_the_reason(store: Store) -> None:
    fail(store)
    done = act(store, kaizen.reject, proposed(store).id, " too dear ")
    assert (done.status, done.rejection_reason) == ("rejected", "too dear")


@pytest.mark.parametrize("reason", ["", " ", None])
def test_reject_needs_a_reason(store: Store, reason: object) -> None:
    fail(store)
    made = proposed(store)
    with refused(store, "missing_required_field") as caught:
        act(store, kaizen.reject, made.id, reason)
    assert caught.value.details == {"fields": ["reason"]}


OPERATIONS: dict[str, tuple[Any, ...]] = {
    "apply": (kaizen.apply,),
    "measure": (kaizen.measure,),
    "reject": (kaizen.reject, ""),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_unknown_improvement_is_not_found(store: Store, operation: str) -> None:
    rule, *rest = OPERATIONS[operation]
    with refused(store, "not_found"):
        act(store, rule, "KZ-1", *rest)


@pytest.mark.parametrize(
    ("status", "operation"),
    [
        ("proposed", "measure"),
        *(("measuring", operation) for operation in ("apply", "reject")),
        *(("applied", operation) for operation in OPERATIONS),
        *(("rejected", operation) for operation in OPERATIONS),
    ],
)
def test_a_status_that_does_not_allow_it_is_an_invalid_transition(
    store: Store, clock: FixedClock, status: str, operation: str
) -> None:
    fail(store)
    made = proposed(store)
    if status == "rejected":
        act(store, kaizen.reject, made.id, "too dear")
    elif status != "proposed":
        act(store, kaizen.apply, made.id)
    if status == "applied":
        clock.forward(hours=7 * 24)
        act(store, kaizen.measure, made.id)
    rule, *rest = OPERATIONS[operation]
    with refused(store, "invalid_transition") as caught:
        act(store, rule, made.id, *rest)
    assert caught.value.details == {"id": made.id, "status": status, "operation": operation}


def test_one_resolved_andon_wastes_nothing(store: Store) -> None:
    resolve(store, trigger(store, "a").id)
    tick(store)
    assert propose(store) == []
