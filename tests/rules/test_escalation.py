"""Escalation and timeout of Andons (domain 10.2, sweep)."""

import pytest

from tcps.model import Severity
from tcps.rules import andon, escalation
from tcps.service import due
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import act, refused, resolve, trigger, unchanged

TIMES = [
    ("critical", 3_600, 7_200),
    ("high", 3_600, 7_200),
    ("medium", 14_400, 28_800),
    ("low", 86_400, 172_800),
]
"""Severity, seconds to the escalation, seconds to the timeout."""


def levels(store: Store) -> list[int]:
    """What a sweep made of the Andons that it changed."""
    return [event["escalation_level"] for event in due.sweep(store)["andons"]]


@pytest.mark.parametrize(("severity", "escalated", "timed_out"), TIMES)
def test_an_andon_is_escalated_and_timed_out_when_it_is_as_old_as_its_severity_allows(
    store: Store, clock: FixedClock, severity: str, escalated: int, timed_out: int
) -> None:
    made = trigger(store, "a", severity=severity)
    clock.forward(seconds=escalated, ms=-1)
    assert levels(store) == []
    clock.forward(ms=1)
    assert levels(store) == [1]
    first = store.get_andon_event(made.id)
    assert (first.escalated_at, first.timed_out_at, first.status) == (clock.now, None, "open")
    clock.forward(seconds=timed_out - escalated, ms=-1)
    assert levels(store) == []
    clock.forward(ms=1)
    assert levels(store) == [2]
    second = store.get_andon_event(made.id)
    assert (second.escalated_at, second.timed_out_at) == (first.escalated_at, clock.now)


def test_each_happens_once(store: Store, clock: FixedClock) -> None:
    trigger(store, "a")
    assert due.sweep(store) == {"andons": [], "timed_out": []}
    for hours, level in ((1, [1]), (2, [2]), (100, [])):
        clock.forward(hours=hours)
        assert levels(store) == level
        with unchanged(store):
            assert levels(store) == []


def test_a_late_sweep_escalates_and_times_out_at_once(store: Store, clock: FixedClock) -> None:
    made = trigger(store, "a")
    clock.forward(hours=50)
    assert levels(store) == [2]
    event = store.get_andon_event(made.id)
    assert (event.escalated_at, event.timed_out_at) == (clock.now, clock.now)


def test_an_andon_under_investigation_is_not_escalated_and_is_timed_out(
    store: Store, clock: FixedClock
) -> None:
    made = trigger(store, "a")
    act(store, andon.investigate, made.id)
    clock.forward(hours=1)
    assert levels(store) == []
    clock.forward(hours=1)
    assert levels(store) == [2]
    assert store.get_andon_event(made.id).escalated_at is None


def test_a_resolved_andon_is_left_alone(store: Store, clock: FixedClock) -> None:
    made = trigger(store, "a")
    resolve(store, made.id)
    clock.forward(hours=100)
    with unchanged(store):
        assert levels(store) == []
        assert act(store, escalation.sweep, made.id).escalation_level == 0


def test_the_times_count_from_the_first_occurrence_at_the_severity_of_the_last(
    store: Store, clock: FixedClock
) -> None:
    trigger(store, "a", severity="low")
    clock.forward(hours=1)
    assert levels(store) == []
    trigger(store, "a", severity="critical")
    assert levels(store) == [1]


def test_an_escalated_andon_blocks_and_is_resolved_as_before(store: Store, clock: FixedClock) -> None:
    made = trigger(store, "a")
    clock.forward(hours=2)
    due.sweep(store)
    again = trigger(store, "a")
    assert (again.id, again.escalation_level, again.occurrences) == (made.id, 2, 2)
    act(store, andon.investigate, made.id)
    resolved = resolve(store, made.id)
    assert (resolved.status, resolved.escalation_level) == ("resolved", 2)


def test_a_sweep_names_all_that_are_timed_out_and_not_resolved(store: Store, clock: FixedClock) -> None:
    for name in ("a", "b", "c"):
        trigger(store, name)
    clock.forward(hours=2)
    assert due.sweep(store)["timed_out"] == ["ANDON-1", "ANDON-2", "ANDON-3"]
    resolve(store, "ANDON-2")
    trigger(store, "d")
    assert due.sweep(store) == {"andons": [], "timed_out": ["ANDON-1", "ANDON-3"]}


def test_every_escalation_is_an_entry_of_its_own(store: Store, clock: FixedClock) -> None:
    for severity in Severity:
        trigger(store, f"of-{severity}", severity=severity)
    clock.forward(hours=4)
    assert levels(store) == [2, 2, 1]
    entries = [store.change_history("andon_event", f"ANDON-{n}")[-1] for n in (1, 2, 3)]
    assert [(entry.action, len(entry.changes)) for entry in entries] == [("andon.sweep", 1)] * 3


def test_a_trial_of_a_sweep_changes_nothing(store: Store, clock: FixedClock) -> None:
    trigger(store, "a")
    clock.forward(hours=1)
    with unchanged(store):
        assert due.sweep(store, dry_run=True)["andons"][0]["escalation_level"] == 1
    assert levels(store) == [1]


def test_an_unknown_andon_is_not_found(store: Store) -> None:
    with refused(store, "not_found"):
        act(store, escalation.sweep, "ANDON-1")
