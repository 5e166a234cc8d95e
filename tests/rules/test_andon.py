"""Andon events: trigger, investigate, resolve, blocking (domain 10)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.canonical import record_bytes
from tcps.model import FAILURES, STAGES, Occurrence, Stage
from tcps.model.text import RECORD_BYTES
from tcps.rules import andon, escalation, pipeline, work_orders
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import (
    TEXTS,
    act,
    fresh_store,
    order,
    published,
    record,
    refused,
    resolve,
    run,
    setting,
    sku,
    trigger,
)


def blocking(store: Store, sku_id: str, stage: Stage | None = None) -> list[str]:
    with store.view() as view:
        return [event.id for event in andon.blocking(view, sku_id, stage)]


# trigger


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_type_brings_its_severity_and_stage(store: Store, failure: str) -> None:
    event = trigger(store, "a", failure)
    assert (event.severity, event.stage) == FAILURES[event.failure_type]
    assert event.status == "open"


def test_a_new_andon_says_who_saw_what_and_when(store: Store, clock: FixedClock) -> None:
    event = trigger(store, "a", "Test-Failure", stage="smoke", severity="minor", details={"n": 1})
    assert event == store.get_andon_event("ANDON-1")
    assert (event.stage, event.severity, event.details) == ("smoke_test", "low", {"n": 1})
    assert (event.created_at, event.created_by) == (clock.now, "alice")
    assert event.occurrence_log == (Occurrence(timestamp=clock.now, actor="alice", details={"n": 1}),)
    assert (event.occurrences, event.last_occurrence_at) == (1, clock.now)
    assert (event.escalation_level, event.resolution, event.work_order_id) == (0, None, None)


def test_the_same_trigger_again_is_one_more_occurrence_of_the_open_andon(
    store: Store, clock: FixedClock, opened: Any
) -> None:
    first = trigger(store, "a", details={"n": 1})
    clock.forward(hours=1)
    with opened() as other:
        second = trigger(other, "a", severity="critical", details={"n": 2})
    third = trigger(store, "a", severity="low")
    assert (first.id, second.id) == (third.id, third.id)
    assert (third.occurrences, third.severity, third.details) == (3, "critical", {})
    assert [(seen.actor, seen.details) for seen in third.occurrence_log] == [
        ("alice", {"n": 1}),
        ("bob", {"n": 2}),
        ("alice", {}),
    ]
    assert (third.created_at, third.last_occurrence_at) == (START, clock.now)


def test_an_andon_under_investigation_takes_occurrences_too(store: Store) -> None:
    first = trigger(store, "a")
    act(store, andon.investigate, first.id)
    again = trigger(store, "a")
    assert (again.id, again.status, again.occurrences) == (first.id, "investigating", 2)


@pytest.mark.parametrize(
    "other", [{"sku_id": "A"}, {"stage": "compilation"}, {"failure_type": "low_coverage"}]
)
def test_another_sku_stage_or_failure_type_is_another_andon(store: Store, other: dict[str, str]) -> None:
    base = {"sku_id": "a", "failure_type": "test_failure"}
    first = act(store, andon.trigger, **base)
    assert act(store, andon.trigger, **(base | other)).id != first.id


def test_the_same_trigger_after_a_resolve_is_a_new_andon(store: Store) -> None:
    first = trigger(store, "a")
    resolve(store, first.id)
    second = trigger(store, "a")
    assert (second.id, second.occurrences) == ("ANDON-2", 1)


def test_an_andon_carries_the_given_order_else_that_of_the_known_sku(store: Store) -> None:
    made, other = sku(store), order(store)
    assert trigger(store, made.id).work_order_id == made.work_order_id
    assert trigger(store, made.id, "low_coverage", work_order_id=other.id).work_order_id == other.id
    assert trigger(store, "unknown").work_order_id is None


@pytest.mark.parametrize("ending", ["published", "aborted"])
def test_an_andon_may_be_triggered_for_a_sku_that_has_ended(store: Store, ending: str) -> None:
    made = published(store) if ending == "published" else sku(store)
    if ending == "aborted":
        act(store, pipeline.abort, made.id, "no use")
    assert trigger(store, made.id).work_order_id == made.work_order_id


BAD = {"sku_id": "a b", "failure_type": "x", "stage": "x", "severity": "x", "work_order_id": "WO-9"}


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        (BAD | {"sku_id": None, "failure_type": " "}, "missing_required_field", ["sku_id", "failure_type"]),
        (BAD | {"sku_id": ""}, "missing_required_field", ["sku_id"]),
        (BAD | {"failure_type": None}, "missing_required_field", ["failure_type"]),
        (BAD, "invalid_id", ["sku_id"]),
        (BAD | {"sku_id": "a"}, "invalid_failure_type", ["failure_type"]),
        (BAD | {"sku_id": "a", "failure_type": "sla_breach"}, "invalid_stage", ["stage"]),
        (
            {"sku_id": "a", "failure_type": "sla_breach", "severity": "x", "work_order_id": "WO-9"},
            "invalid_severity",
            ["severity"],
        ),
        ({"sku_id": "a", "failure_type": "sla_breach", "work_order_id": "WO-9"}, "not_found", None),
        ({"sku_id": "a", "failure_type": "sla_breach", "work_order_id": "/"}, "invalid_id", None),
        ({"sku_id": "a", "failure_type": "sla_breach", "details": []}, "invalid_field", ["details"]),
        ({"sku_id": 5, "failure_type": "sla_breach"}, "invalid_id", ["sku_id"]),
    ],
)
def test_refusals_of_trigger_come_in_their_order_and_use_no_number(
    store: Store, fields: dict[str, Any], code: str, named: list[str] | None
) -> None:
    with refused(store, code) as caught:
        act(store, andon.trigger, **fields)
    if named is not None:
        assert caught.value.details["fields"] == named
    assert trigger(store, "a").id == "ANDON-1"


# the log of occurrences


def test_the_log_keeps_the_newest_hundred_occurrences(store: Store) -> None:
    with store.transaction("many") as draft:
        for n in range(130):
            andon.trigger(draft, sku_id="a", failure_type="test_failure", details={"n": n})
    event = store.get_andon_event("ANDON-1")
    assert (event.occurrences, event.details) == (130, {"n": 129})
    assert [seen.details["n"] for seen in event.occurrence_log] == list(range(30, 130))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(1, 400_000), min_size=2, max_size=6))
def test_the_log_keeps_the_newest_occurrences_that_fit_into_a_record(sizes: list[int]) -> None:
    kept: list[int] = []
    with fresh_store() as store, store.transaction("many") as draft:
        for number, size in enumerate(sizes, start=1):
            details = {"text": "x" * size}
            event = andon.trigger(draft, sku_id="a", failure_type="test_failure", details=details)
            before, kept = [*kept, size], [len(seen.details["text"]) for seen in event.occurrence_log]
            taken = len(record_bytes(event))
            assert event.occurrences == number
            assert kept == before[-len(kept) :]
            assert taken <= RECORD_BYTES
            dropped = before[: -len(kept)]
            assert not dropped or taken + dropped[-1] > RECORD_BYTES - 1000


def test_an_andon_with_a_full_log_can_still_be_resolved_with_long_texts(store: Store) -> None:
    with store.transaction("many") as draft:
        for _ in range(100):
            andon.trigger(draft, sku_id="a", failure_type="test_failure", details={"text": "x" * 10_000})
    full = store.get_andon_event("ANDON-1")
    assert len(full.occurrence_log) == 100
    long = dict.fromkeys(TEXTS, "é" * 65_536)
    done = act(store, andon.resolve, full.id, **long)
    assert done.status == "resolved"
    assert 0 < len(done.occurrence_log) < 100
    assert done.occurrences == 100


def test_an_andon_that_fills_its_record_can_still_be_escalated_investigated_and_resolved(
    store: Store, clock: FixedClock
) -> None:
    empty = len(record_bytes(trigger(store, "empty")))
    details = {"text": "x" * ((RECORD_BYTES - empty) // 2 - 40)}
    made = trigger(store, "a", details=details)
    assert RECORD_BYTES - 100 < len(record_bytes(made)) <= RECORD_BYTES
    clock.forward(hours=1)
    assert act(store, escalation.sweep, made.id).escalation_level == 1
    act(store, andon.investigate, made.id)
    clock.forward(hours=1)
    assert act(store, escalation.sweep, made.id).escalation_level == 2
    done = resolve(store, made.id)
    assert (done.details, done.occurrences, done.occurrence_log) == (details, 1, ())


def test_details_that_do_not_fit_into_a_record_are_too_large(store: Store) -> None:
    with refused(store, "too_large"):
        trigger(store, "a", details={"text": "x" * RECORD_BYTES})
    trigger(store, "a")
    with refused(store, "too_large"):
        trigger(store, "a", details={"text": "x" * RECORD_BYTES})


# investigate


def test_investigate_says_who_looks_into_it_and_since_when(
    store: Store, clock: FixedClock, opened: Any
) -> None:
    made = trigger(store, "a")
    clock.forward(hours=1)
    with opened() as other:
        event = act(other, andon.investigate, made.id)
    assert (event.status, event.investigator, event.investigating_at) == ("investigating", "bob", clock.now)
    assert blocking(store, "a") == [made.id]


def test_investigate_is_refused_for_an_andon_under_investigation_and_a_resolved_one(store: Store) -> None:
    made = trigger(store, "a")
    act(store, andon.investigate, made.id)
    with refused(store, "invalid_transition") as caught:
        act(store, andon.investigate, made.id)
    assert caught.value.details == {"id": made.id, "status": "investigating", "operation": "investigate"}
    resolve(store, made.id)
    with refused(store, "already_resolved"):
        act(store, andon.investigate, made.id)


# resolve


@pytest.mark.parametrize("investigated", [False, True])
def test_resolve_ends_an_andon_with_its_three_texts(
    store: Store, clock: FixedClock, investigated: bool
) -> None:
    made = trigger(store, "a")
    if investigated:
        act(store, andon.investigate, made.id)
    clock.forward(ms=90_001)
    event = act(store, andon.resolve, made.id, **{name: f" {text} " for name, text in TEXTS.items()})
    assert event.status == "resolved"
    resolution = event.resolution
    assert {name: getattr(resolution, name) for name in TEXTS} == TEXTS
    assert (resolution.resolver, resolution.resolved_at) == ("alice", clock.now)
    assert resolution.resolution_minutes == 90_001 / 60_000


@pytest.mark.parametrize(("given_as", "resolver"), [("carol", "carol"), ("  ", "alice"), (None, "alice")])
def test_the_resolver_is_the_actor_unless_another_is_named(
    store: Store, given_as: object, resolver: str
) -> None:
    made = trigger(store, "a")
    assert act(store, andon.resolve, made.id, **TEXTS, resolver=given_as).resolution.resolver == resolver


@pytest.mark.parametrize("blank", [["root_cause"], ["fix_applied", "prevention_added"], list(TEXTS)])
@pytest.mark.parametrize("value", ["", " \n", None])
def test_resolve_names_every_blank_text(store: Store, blank: list[str], value: object) -> None:
    made = trigger(store, "a")
    setting(store, "require_five_whys", True)
    with refused(store, "missing_required_field") as caught:
        act(store, andon.resolve, made.id, **(TEXTS | dict.fromkeys(blank, value)))
    assert caught.value.details == {"fields": blank}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"root_cause": 5}, "invalid_field"),
        ({"fix_applied": "a\0"}, "invalid_field"),
        ({"prevention_added": "x" * 65_537}, "too_large"),
        ({"resolver": "x" * 129}, "too_large"),
        ({"resolver": 5}, "invalid_field"),
    ],
)
def test_resolve_refuses_a_wrong_text(store: Store, fields: dict[str, Any], code: str) -> None:
    made = trigger(store, "a")
    with refused(store, code):
        act(store, andon.resolve, made.id, **(TEXTS | fields))


def test_of_several_resolves_the_first_wins_whatever_the_others_say(store: Store) -> None:
    made = trigger(store, "a")
    resolve(store, made.id)
    with refused(store, "already_resolved"):
        act(store, andon.resolve, made.id, root_cause="", fix_applied="", prevention_added="")


def test_a_policy_of_five_whys_asks_for_an_analysis(store: Store) -> None:
    made = trigger(store, "a")
    setting(store, "require_five_whys", True)
    with refused(store, "root_cause_required"):
        resolve(store, made.id)
    setting(store, "require_five_whys", False)
    assert resolve(store, made.id).status == "resolved"


@pytest.mark.parametrize("operation", ["investigate", "resolve"])
def test_an_unknown_andon_is_not_found_first_of_all(store: Store, operation: str) -> None:
    texts = dict.fromkeys(TEXTS, "") if operation == "resolve" else {}
    with refused(store, "not_found"):
        act(store, getattr(andon, operation), "ANDON-1", **texts)


# blocking


@pytest.mark.parametrize("at", STAGES)
def test_an_open_andon_blocks_its_stage_and_every_later_one(store: Store, at: Stage) -> None:
    made = trigger(store, "a", stage=at)
    for stage in STAGES:
        assert blocking(store, "a", stage) == ([made.id] if stage.number >= at.number else [])
    assert blocking(store, "a") == [made.id]
    assert blocking(store, "b") == []
    resolve(store, made.id)
    assert blocking(store, "a") == []


def test_what_blocks_is_listed_oldest_first(store: Store) -> None:
    ids = [trigger(store, "a", stage=stage).id for stage in reversed(STAGES)]
    assert blocking(store, "a") == ids
    assert blocking(store, "a", STAGES[1]) == ids[-2:]


def test_blocking_is_by_sku_and_not_by_order(store: Store) -> None:
    made = sku(store)
    trigger(store, "a", "shacl_violation", work_order_id=made.work_order_id)
    assert blocking(store, made.id) == []
    assert run(store, made.id, STAGES[0]).advanced


@pytest.mark.parametrize("severity", ["critical", "high", "medium", "low"])
def test_an_andon_blocks_whatever_its_severity(store: Store, severity: str) -> None:
    made = sku(store)
    event = trigger(store, made.id, "shacl_violation", severity=severity)
    record(store, made.id, STAGES[0])
    with refused(store, "blocked_by_andons") as caught:
        act(store, pipeline.advance, made.id)
    assert caught.value.details == {"andons": [event.id]}


def test_an_andon_does_not_keep_its_order_from_starting(store: Store) -> None:
    made = order(store)
    trigger(store, "a", work_order_id=made.id)
    assert act(store, work_orders.start, made.id).status == "in_progress"
