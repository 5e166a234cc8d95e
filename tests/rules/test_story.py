"""The story of a record: what each change did to it, in plain words."""

from collections.abc import Callable
from typing import Any

import pytest

from tcps.model import STAGES, Improvement, Record, Stage
from tcps.rules import (
    andon,
    dependencies,
    escalation,
    kaizen,
    kanban,
    pipeline,
    root_cause,
    sla_check,
    story,
    work_orders,
)
from tcps.service.story import Teller, record_of
from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import (
    FAILING,
    TEXTS,
    act,
    bring,
    order,
    record,
    run,
    setting,
    sku,
    started,
    trigger,
)


def told(store: Store, record_id: str, kind: str = "work_order") -> list[tuple[str, str]]:
    """The events and sentences of a record, from the first to the last."""
    with store.view() as view:
        teller = Teller(view)
        entries = store.change_history(kind, record_id)
        changes = [(e.seq, c) for e in entries for c in e.changes if (c.kind, c.id) == (kind, record_id)]
        return [(t.event, t.text) for seq, change in changes for t in teller.change(seq, change)]


def update(store: Store, order_id: str, **fields: Any) -> None:
    act(store, work_orders.update, order_id, fields, None)


# Work orders


def test_a_work_order_is_created_started_and_cancelled(store: Store) -> None:
    made = order(store, "Rotate the keys", bucket="security")
    act(store, work_orders.start, made.id)
    act(store, work_orders.cancel, made.id, "no\nneed")
    assert told(store, made.id) == [
        ("work_order_created", "created: Rotate the keys (security, priority 8)"),
        ("work_order_started", "started"),
        ("work_order_cancelled", "cancelled: no need"),
    ]


def test_a_work_order_from_outside_says_whence(store: Store) -> None:
    made = order(store, "x", type="github_issue", source="https://github.com/a/b/issues/1")
    assert told(store, made.id)[0][1] == (
        "created: x (features, priority 4), from github issue https://github.com/a/b/issues/1"
    )


def test_a_work_order_that_is_started_at_once_says_both(store: Store) -> None:
    assert [event for event, _ in told(store, started(store).id)] == [
        "work_order_created",
        "work_order_started",
    ]


def test_a_change_of_fields_says_from_what_to_what(store: Store) -> None:
    made = order(store, "before", labels=["a"])
    update(store, made.id, title="after", priority=9, labels=["a", "b"], due_on="2026-03-01T00:00:00Z")
    update(store, made.id, description="long", labels=[], due_on=None, sku_id="app-1")
    assert [text for _, text in told(store, made.id)[1:]] == [
        "title: before → after; priority: 4 → 9; labels: a → a, b;"
        " due on: nothing → 2026-03-01T00:00:00.000Z",
        "labels: a, b → nothing; due on: 2026-03-01T00:00:00.000Z → nothing; sku id: nothing → app-1;"
        " another description",
    ]


def test_dependencies_block_and_free_an_order(store: Store) -> None:
    setting(store, "completion_requires_sku", False)
    first, second = started(store), started(store)
    waiting = order(store, "w", depends_on=[first.id])
    act(store, dependencies.add, second.id, first.id)
    act(store, dependencies.remove, waiting.id, first.id)
    act(store, work_orders.complete, first.id)
    act(store, work_orders.start, second.id)
    assert told(store, waiting.id) == [
        ("work_order_created", f"created: w (features, priority 4), waits for {first.id}"),
        ("work_order_updated", "free again, back in the queue"),
        ("work_order_updated", f"no longer depends on {first.id}"),
    ]
    assert told(store, second.id)[2:] == [
        ("work_order_updated", "blocked"),
        ("work_order_updated", f"depends on {first.id}"),
        ("work_order_updated", "free again, back in the queue"),
        ("work_order_started", "started again"),
    ]
    assert told(store, first.id)[-1] == ("work_order_completed", "completed")


def test_a_reorder_and_a_deletion_are_told(store: Store) -> None:
    one, two = order(store), order(store)
    act(store, kanban.reorder, one.bucket, (two.id, one.id))
    act(store, work_orders.delete, one.id)
    assert [text for _, text in told(store, one.id)[1:]] == ["moved in the queue", "deleted"]


def test_an_order_that_is_too_late_names_its_andon(store: Store, clock: FixedClock) -> None:
    made = order(store, bucket="security")
    clock.forward(hours=25)
    act(store, sla_check.sla_check, made.id)
    assert told(store, made.id)[-1] == ("work_order_updated", "too late: ANDON-1 was raised")


# SKUs and receipts


def test_a_sku_is_told_from_the_line_to_its_publication(store: Store) -> None:
    made = sku(store)
    record(store, made.id, Stage.SHACL_VALIDATION, {"shacl_conforms": False})
    act(store, andon.resolve, "ANDON-1", **TEXTS)
    bring(store, made.id)
    act(store, pipeline.publish, made.id)
    lines = told(store, made.id, "sku")
    assert lines[:2] == [
        ("sku_created", "on the line for WO-1"),
        ("sku_stage_transition", "leaves shacl_validation with RCPT-2, is at compilation now"),
    ]
    assert [event for event, _ in lines].count("sku_stage_transition") == len(STAGES)
    assert lines[-3:] == [
        ("sku_stage_transition", "leaves publication with RCPT-11"),
        ("sku_completed", "completed: every stage is passed"),
        ("sku_published", "published at https://example.org/market/app"),
    ]


def test_a_sku_that_is_taken_off_the_line_says_where_and_why(store: Store) -> None:
    aborted, failed = sku(store), sku(store)
    run(store, failed.id, Stage.SHACL_VALIDATION)
    record(store, failed.id, Stage.COMPILATION, FAILING)
    for made in (aborted, failed):
        act(store, pipeline.abort, made.id, "wrong branch")
    assert told(store, aborted.id, "sku")[-1] == (
        "sku_aborted",
        "aborted at shacl_validation: wrong branch",
    )
    assert told(store, failed.id, "sku")[-1] == ("sku_failed", "failed at compilation: wrong branch")


def test_a_receipt_says_how_its_stage_ended_and_why_it_failed(store: Store) -> None:
    made = sku(store)
    run(store, made.id, Stage.SHACL_VALIDATION, duration_ms=1500)
    run(store, made.id, Stage.COMPILATION, {}, duration_ms=90_000)
    record(store, made.id, Stage.COMPILATION, {"compile_errors": 2}, status="fail")
    assert [told(store, f"RCPT-{n}", "receipt") for n in (1, 2, 3)] == [
        [("receipt_added", "shacl_validation is pass in 1.5 s")],
        [("receipt_added", "compilation is fail in 1.5 min: compile_errors is missing, wanted = 0")],
        [("receipt_added", "compilation is fail: compile_errors is 2, wanted = 0")],
    ]


# Andons


def test_an_andon_is_told_from_its_first_sight_to_its_end(
    store: Store, clock: FixedClock, opened: Callable[[], Store]
) -> None:
    made = trigger(store, "web-1")
    trigger(store, "web-1", severity="critical")
    clock.forward(hours=1)
    act(store, escalation.sweep, made.id)
    with opened() as other:
        act(other, andon.investigate, made.id)
    clock.forward(hours=1)
    act(store, escalation.sweep, made.id)
    act(store, andon.resolve, made.id, **TEXTS)
    assert told(store, made.id, "andon_event") == [
        ("andon_triggered", "stops web-1 at test_execution: test_failure (high)"),
        ("andon_occurrence", "seen again: 2 times now"),
        ("andon_updated", "severity: high → critical"),
        ("andon_escalated", "escalated: nobody looks into it"),
        ("andon_investigated", "bob looks into it"),
        ("andon_timed_out", "timed out: it is not resolved"),
        ("andon_resolved", "resolved by alice; root cause: a cause; fix: a fix; prevention: a prevention"),
    ]


def test_what_happens_several_times_in_one_transaction_is_told_once(store: Store) -> None:
    with store.transaction("many") as draft:
        for _ in range(4):
            andon.trigger(draft, sku_id="a", failure_type="test_failure")
        andon.investigate(draft, "ANDON-1")
        andon.resolve(draft, "ANDON-1", **TEXTS)
    assert [event for event, _ in told(store, "ANDON-1", "andon_event")] == [
        "andon_triggered",
        "andon_occurrence",
        "andon_investigated",
        "andon_resolved",
    ]
    assert told(store, "ANDON-1", "andon_event")[1][1] == "seen again 3 times: 4 times now"


# Policy, analyses, improvements


def test_a_policy_says_which_setting_changed_from_what_to_what(store: Store) -> None:
    setting(store, "wip_limits.security", 3)
    setting(store, "auto_publish", "true")
    setting(store, "licences_allowed", ["MIT", "ISC"])
    lines = [text for _, text in told(store, "policy", "policy")]
    assert lines[:2] == ["wip_limits.security: 5 → 3", "auto_publish: false → true"]
    assert lines[2].endswith("→ MIT, ISC")


def test_an_analysis_is_told_why_by_why(store: Store) -> None:
    made = act(store, root_cause.start, trigger(store, "a").id, "it is\nred")
    for number in (1, 2, 3, 4, 5, 2):
        act(store, root_cause.add_why, made.id, number, f"answer {number}{'b' if number == 2 else ''}")
    act(store, root_cause.add_why, made.id, 2, "another")
    act(store, root_cause.finalize, made.id, "the cause", "the guard")
    assert told(store, made.id, "analysis") == [
        ("analysis_started", "five whys for ANDON-1: it is red"),
        *(("analysis_why", f"why {n} is: answer {n}{'b' if n == 2 else ''}") for n in range(1, 6)),
        ("analysis_why", "why 2 is now: another"),
        ("analysis_finalized", "finalized; root cause: the cause; prevention: the guard"),
    ]


@pytest.mark.parametrize("rejected", [False, True])
def test_an_improvement_is_told_to_its_end(store: Store, clock: FixedClock, rejected: bool) -> None:
    def fail() -> None:
        made = sku(store)
        run(store, made.id, Stage.SHACL_VALIDATION)
        record(store, made.id, Stage.COMPILATION, FAILING)
        clock.forward(ms=1)

    for _ in range(2):
        fail()
        act(store, kaizen.propose)
    if rejected:
        act(store, kaizen.reject, "KZ-1", "too dear")
    else:
        act(store, kaizen.apply, "KZ-1", "a linter")
        clock.forward(hours=7 * 24)
        act(store, kaizen.measure, "KZ-1")
    lines = told(store, "KZ-1", "improvement")
    assert lines[0][1].endswith("(2.00 hours a week)")
    assert lines[1] == ("improvement_updated", "hours a week: 2.00 → 4.00")
    assert lines[2:] == (
        [("improvement_rejected", "rejected: too dear")]
        if rejected
        else [
            ("improvement_applied", "applied: a linter"),
            ("improvement_measured", "measured: 4.00 hours a week gained"),
        ]
    )


def test_every_kind_of_change_says_something(store: Store, clock: FixedClock) -> None:
    """No change that the rules can make is without a word, but for a SKU's count of receipts."""
    made = sku(store)
    record(store, made.id, Stage.SHACL_VALIDATION, {})
    act(store, andon.investigate, "ANDON-1")
    setting(store, "max_consecutive", 3)
    act(store, root_cause.start, "ANDON-1", "x")
    clock.forward(ms=1)
    act(store, kaizen.propose)
    with store.view() as view:
        teller = Teller(view)
        entries = [view.loader.entry(seq) for seq in range(1, view.loader.index.position().head.seq + 1)]
        silent = [c.id for entry in entries for c in entry.changes if not teller.change(entry.seq, c)]
        kinds = {change.kind for entry in entries for change in entry.changes}
    assert silent == [made.id]
    assert len(kinds) == 7


def test_a_story_can_be_told_from_any_two_states(store: Store) -> None:
    made = order(store)
    states: list[Record] = [made, sku(store), trigger(store, "a")]
    for state in states:
        assert story.told(None, state)
        assert story.told(state, state) == []
    assert story.told(made, None) == [("work_order_deleted", "deleted", None)]
    assert record_of(store.change_history("work_order", made.id)[0].changes[0]) == made
    assert Improvement.kind == "improvement"
