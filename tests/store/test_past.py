"""What a period held, from the index: the same as from the records, at a cost that grows with the period."""

import contextlib
import tempfile
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import Refused
from tcps.model import HOUR_MS, STAGES, AndonEvent, Period, Receipt, Sku, Stage, Timestamp, from_ms, to_ms
from tcps.rules import andon, pipeline
from tcps.rules.past import Finished, Found, Runs
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import TEXTS, Unhurried, order, read_run, sku
from tests.store import shop

SKUS = ("a", "b", "c")
HOUR = Period(START, from_ms(to_ms(START) + HOUR_MS))


def work(store: Store, sku_id: str, n: int) -> None:
    """One run at the SKU's stage, of some length, good or bad, with or without something to note."""
    evidence: dict[str, Any] = {"tests": [{"name": "t", "outcome": "passed"}]} if n % 2 else {}
    evidence |= {"manual_intervention": True} if n % 3 else {}
    with store.transaction("run") as draft:
        at = store.get_sku(sku_id).current_stage
        metrics = None if n % 4 else {"nothing": 1}
        status = "warning" if n % 5 == 0 else "pass"
        given = read_run(sku_id, at, metrics, evidence=evidence, duration_ms=n * 60_000, status=status)
        pipeline.run(draft, given)


def publish(store: Store, sku_id: str, n: int) -> None:
    """Through what stages are left, once nothing stops the line."""
    mend(store, sku_id, n)
    with store.transaction("publish") as draft:
        for stage in STAGES[store.get_sku(sku_id).current_stage.number - 1 :]:
            pipeline.run(draft, read_run(sku_id, stage))
        pipeline.publish(draft, sku_id)


def abort(store: Store, sku_id: str, n: int) -> None:
    with store.transaction("abort") as draft:
        pipeline.abort(draft, sku_id, "no use")


def stop(store: Store, sku_id: str, n: int) -> None:
    failure = ("sla_breach", "test_failure")[n % 2]
    with store.transaction("stop") as draft:
        andon.trigger(draft, sku_id=sku_id if n % 3 else "unknown", failure_type=failure)


def mend(store: Store, sku_id: str, n: int) -> None:
    with store.transaction("mend") as draft:
        for event in draft.open_andons(sku_id):
            andon.resolve(draft, event.id, **TEXTS)


ACTS: list[Callable[[Store, str, int], None]] = [work, work, work, publish, abort, stop, mend]
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(ACTS), st.sampled_from(SKUS), st.integers(0, 30)),
    max_size=25,
)


@settings(deadline=None, max_examples=25)
@given(STEPS, st.integers(-1, 40), st.integers(1, 40))
def test_a_period_from_the_index_is_that_of_the_records(
    steps: list[tuple[int, Callable[[Store, str, int], None], str, int]], start: int, length: int
) -> None:
    clock = FixedClock()
    period = Period(hour(start), hour(start + length))
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(folder, actor="alice", clock=clock, disk=Unhurried()) as store,
    ):
        for sku_id in SKUS:
            sku(store, sku_id, order(store).id)
        for hours, step, sku_id, n in steps:
            clock.forward(hours=hours)
            with contextlib.suppress(Refused):
                step(store, sku_id, n)
        with store.view() as view:
            past = view.past(period)
            found = (past.finished(), past.defects(), past.runs(), past.failures(), past.by_hand())
            counts = past.andons(), past.completed()
            lists = (list(past.tested()), list(past.resolved()), past.slow(Stage.COMPILATION, 300_000))
        assert found == expected(store, period)
        assert lists == expected_lists(store, period)
        raised = [one for one in store.list_andon_events() if period.contains(one.created_at)]
        done = [one for one in store.list_work_orders() if period.contains(one.completed_at)]
        assert counts == (len(raised), len(done))


def expected(store: Store, period: Period) -> tuple[Finished, int, tuple[Runs, ...], Found, Found]:
    """What the period held, by reading every record."""
    skus, andons, receipts = store.list_skus(), store.list_andon_events(), all_receipts(store)
    defects = [one for one in andons if one.failure_type != "sla_breach" and one.sku_id in SKUS]
    fails = [one for one in receipts if one.status == "fail"]
    bad = {one.sku_id for one in (*defects, *fails)}
    ended = [one for one in skus if one.status in ("published", "failed") and period.contains(one.ended_at)]
    published = [one for one in ended if one.status == "published"]
    done = Finished(
        published=len(published),
        failed=len(ended) - len(published),
        reworked=len([one for one in ended if one.id in bad]),
        lead_ms=sum(lead(store, one) for one in published),
    )
    here = [one for one in receipts if period.contains(one.timestamp)]
    stages = [[one for one in here if one.stage is stage] for stage in Stage]
    runs = tuple(
        Runs(of[0].stage, *map(count(of), ("pass", "fail", "warning")), took(of)) for of in stages if of
    )
    manual = [one for one in here if one.evidence.get("manual_intervention")]
    raised = len([one for one in defects if period.contains(one.created_at)])
    return done, raised, runs, named([one for one in here if one in fails]), named(manual)


def expected_lists(store: Store, period: Period) -> tuple[list[Receipt], list[AndonEvent], Found]:
    here = [one for one in all_receipts(store) if period.contains(one.timestamp)]
    raised = [one for one in store.list_andon_events() if period.contains(one.created_at)]
    slow = [one for one in here if one.stage == "compilation" and one.duration_ms > 300_000]
    tested = [one for one in here if one.evidence.get("tests")]
    return tested, [one for one in raised if one.status == "resolved"], named(slow)


def all_receipts(store: Store) -> list[Receipt]:
    receipts = [one for sku_id in SKUS for one in store.list_receipts_by_sku(sku_id)]
    return sorted(receipts, key=lambda one: int(one.id.removeprefix("RCPT-")))


def hour(n: int) -> Timestamp:
    """So many hours after the start."""
    return from_ms(to_ms(START) + n * HOUR_MS)


def lead(store: Store, one: Sku) -> int:
    assert one.published_at is not None
    return to_ms(one.published_at) - to_ms(store.get_work_order(one.work_order_id).created_at)


def count(receipts: list[Receipt]) -> Callable[[str], int]:
    return lambda status: len([one for one in receipts if one.status == status])


def took(receipts: list[Receipt]) -> int:
    return sum(one.duration_ms for one in receipts)


def named(receipts: list[Receipt]) -> Found:
    return Found(len(receipts), took(receipts), tuple(one.id for one in receipts[:5]))


def test_durations_that_add_up_to_more_than_an_integer_holds_are_added_all_the_same(store: Store) -> None:
    shop.sku(store)
    longest = 2**53 - 1
    with store.transaction("many") as draft:
        for _ in range(1100):
            pipeline.record(draft, read_run("web-1", Stage.SHACL_VALIDATION, duration_ms=longest))
    with store.view() as view:
        (runs,) = view.past(HOUR).runs()
    assert (runs.total, runs.duration_ms) == (1100, 1100.0 * longest)


def test_no_question_about_a_period_reads_a_whole_table(store: Store) -> None:
    statements: list[str] = []
    with store.view() as view:
        db = view.loader.index.db
        db.set_trace_callback(statements.append)
        past = view.past(HOUR)
        (
            past.andons(),
            past.completed(),
            past.finished(),
            past.defects(),
            past.runs(),
            past.failures(),
            past.by_hand(),
        )
        past.slow(Stage.COMPILATION, 1), past.receipts_of(Stage.COMPILATION)
        list(past.tested()), list(past.resolved()), past.resolution_times()
        db.set_trace_callback(None)
        asked = [sql for sql in statements if "FROM" in sql]
        plans = [[row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in asked]
    assert len(plans) == 16
    for plan in plans:
        assert any(
            "(time>? AND time<?)" in step
            or "ended>?" in step
            or "created>?" in step
            or "completed>?" in step
            or "resolved>?" in step
            for step in plan
        )
        assert not any(step.startswith("SCAN") for step in plan), plan
