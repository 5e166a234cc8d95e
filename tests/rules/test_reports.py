"""Reports over a period: work orders (domain 5), Andons (domain 10.2), and periods themselves (domain 2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.model import (
    DAY_MS,
    HOUR_MS,
    Bucket,
    Period,
    WorkOrderStatus,
    from_ms,
    last_days,
    parse_period,
    to_ms,
)
from tcps.rules import andon, dependencies, work_orders
from tcps.rules.order_report import OrderFacts, order_report
from tcps.service import reporting
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import act, order, published, resolve, setting, started, trigger

DAY = Period(START, from_ms(to_ms(START) + DAY_MS))

# Periods (domain 2)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01-20", "2026-01-20", ("2026-01-20T00:00:00.000Z", "2026-01-21T00:00:00.000Z")),
        (" 2026-01-20 ", None, ("2026-01-20T00:00:00.000Z", START)),
        (
            "2026-01-20T10:00:00+02:00",
            "2026-01-20T08:00:00.001Z",
            ("2026-01-20T08:00:00.000Z", "2026-01-20T08:00:00.001Z"),
        ),
    ],
)
def test_a_date_is_its_beginning_as_a_start_and_its_end_as_an_end(
    start: str, end: str | None, expected: tuple[str, str]
) -> None:
    assert parse_period(start, end, START) == expected


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-01-21", "2026-01-20", "invalid_period"),
        (START, START, "invalid_period"),
        (START, None, "invalid_period"),
        ("2026-02-30", None, "invalid_timestamp"),
        ("2026-01-20T10:00:00", None, "invalid_timestamp"),
        ("2026-01-20", "soon", "invalid_timestamp"),
        ("2026-01-20", "9999-12-31", "invalid_timestamp"),
        (None, None, "invalid_timestamp"),
    ],
)
def test_a_period_that_is_none_is_refused(start: object, end: object, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_period(start, end, START)
    assert caught.value.code == code


def test_a_period_has_its_start_and_not_its_end() -> None:
    assert [DAY.contains(moment) for moment in (DAY.start, DAY.end, None)] == [True, False, False]
    assert DAY.days == 1.0


def test_a_period_knows_the_one_of_the_same_length_before() -> None:
    assert last_days(2, START) == ("2026-01-18T10:00:00.000Z", START)
    assert last_days(2, START).previous == ("2026-01-16T10:00:00.000Z", "2026-01-18T10:00:00.000Z")


# Work orders (domain 5, report)


def test_the_report_counts_the_orders_that_were_created_in_the_period(
    store: Store, clock: FixedClock
) -> None:
    clock.forward(ms=-1)
    order(store, title="before")
    clock.now = START
    setting(store, "completion_requires_sku", False)
    done = started(store, bucket="security")
    late = started(store, bucket="security")
    gone, waiting = order(store, bucket="cost"), order(store, priority=9)
    act(store, dependencies.add, waiting.id, order(store, priority=2).id)
    started(store, bucket="debt")
    clock.forward(hours=6)
    act(store, work_orders.complete, done.id)
    act(store, work_orders.cancel, gone.id, "no use")
    clock.forward(hours=18)
    act(store, work_orders.complete, late.id)
    order(store, title="after")
    report = reporting.work_orders(store, *DAY)
    assert report["total_work_orders"] == 6
    assert report["by_bucket"] == {
        "reliability": 0,
        "security": 2,
        "cost": 1,
        "compliance": 0,
        "features": 2,
        "technical_debt": 1,
    }
    assert report["by_status"] == {
        "queued": 1,
        "in_progress": 1,
        "blocked": 1,
        "completed": 2,
        "cancelled": 1,
    }
    assert (report["completed"], report["cancelled"], report["work_in_progress"]) == (2, 1, 1)
    assert (report["average_lead_time"], report["sla_compliance_rate"]) == (15.0, 50.0)
    assert report["throughput"] == 2.0
    assert report["queue_depth_by_bucket"]["features"] == sum(report["queue_depth_by_bucket"].values()) == 1
    assert [(top["work_order_id"], top["priority"]) for top in report["top_priorities"]] == [
        (waiting.id, 9),
        ("WO-7", 3),
        ("WO-6", 2),
    ]


def test_a_report_on_nothing_is_zero_and_compliant(store: Store) -> None:
    report = reporting.work_orders(store, *DAY)
    assert (report["total_work_orders"], report["average_lead_time"], report["throughput"]) == (0, 0.0, 0.0)
    assert (report["sla_compliance_rate"], report["top_priorities"]) == (100.0, [])
    assert set(report["by_bucket"]) == set(Bucket)


def test_the_most_urgent_ten_are_shown_the_oldest_first_among_equals(store: Store, clock: FixedClock) -> None:
    for priority in (5, 9, 5):
        clock.forward(ms=1)
        for _ in range(4):
            order(store, priority=priority)
    top = reporting.work_orders(store, *DAY)["top_priorities"]
    assert [int(one["work_order_id"].removeprefix("WO-")) for one in top] == [5, 6, 7, 8, 1, 2, 3, 4, 9, 10]


FACTS = st.builds(
    OrderFacts,
    work_order_id=st.text(),
    bucket=st.sampled_from(Bucket),
    status=st.sampled_from(WorkOrderStatus),
    priority=st.integers(1, 10),
    created=st.integers(0, 10**6),
    deadline=st.none() | st.integers(0, 10**12),
    completed=st.none(),
)


@given(st.lists(FACTS, max_size=30), st.integers(1, 60 * DAY_MS))
def test_the_counts_of_a_report_agree_with_each_other(facts: list[OrderFacts], length: int) -> None:
    done = [
        one._replace(completed=one.created + n * HOUR_MS)
        for n, one in enumerate(facts)
        if one.status is WorkOrderStatus.COMPLETED
    ]
    found = [one for one in facts if one.status is not WorkOrderStatus.COMPLETED] + done
    report = order_report(found, Period(START, from_ms(to_ms(START) + length)))
    assert report.total_work_orders == sum(report.by_bucket.values()) == sum(report.by_status.values())
    assert report.throughput * length / DAY_MS == pytest.approx(len(done))
    assert sum(report.queue_depth_by_bucket.values()) == report.by_status[WorkOrderStatus.QUEUED]
    assert 0 <= report.sla_compliance_rate <= 100
    assert all(not one.status.terminal for one in report.top_priorities)


# Andons (domain 10.2, metrics)


def test_the_metrics_count_the_andons_that_were_created_in_the_period(
    store: Store, clock: FixedClock
) -> None:
    clock.forward(ms=-1)
    trigger(store, "before")
    clock.now = START
    trigger(store, "a")
    trigger(store, "a")
    trigger(store, "b", "security_vulnerability")
    act(store, andon.investigate, "ANDON-3")
    clock.forward(hours=1)
    resolve(store, "ANDON-2")
    clock.forward(hours=23)
    trigger(store, "after")
    metrics = reporting.andons(store, *DAY)
    assert (metrics["total_andons"], metrics["open_andons"], metrics["resolved_andons"]) == (2, 1, 1)
    assert (metrics["occurrences"], metrics["avg_resolution_time_seconds"]) == (3, 3600.0)
    assert (metrics["by_type"]["test_failure"], metrics["by_type"]["security_vulnerability"]) == (1, 1)
    assert (metrics["by_severity"]["critical"], metrics["by_severity"]["low"]) == (1, 0)
    assert (metrics["by_stage"]["test_execution"], metrics["by_stage"]["compilation"]) == (1, 0)
    assert metrics["blocked_hours"] == {"a": 1.0, "b": 24.0}
    assert metrics["recurrence_rate"] == 0.0


def test_a_skus_blocked_hours_count_time_under_several_andons_once(store: Store, clock: FixedClock) -> None:
    for failure, hours, ends in (("test_failure", 1, False), ("smoke_test_failure", 2, True)):
        trigger(store, "a", failure)
        clock.forward(hours=hours)
        if ends:
            resolve(store, "ANDON-1")
            resolve(store, "ANDON-2")
    clock.forward(hours=3)
    trigger(store, "a")
    clock.forward(hours=1)
    assert reporting.andons(store, *DAY)["blocked_hours"] == {"a": 4.0}


def test_root_causes_recur_whatever_their_case_and_white_space(store: Store) -> None:
    for name, cause in (("a", "No  lock"), ("b", "no lock\n"), ("c", "NO LOCK"), ("d", "no locks")):
        made = trigger(store, name)
        act(store, andon.resolve, made.id, root_cause=cause, fix_applied="f", prevention_added="p")
    trigger(store, "e")
    assert reporting.andons(store, *DAY)["recurrence_rate"] == 0.75


def test_metrics_of_no_andons_are_zero(store: Store) -> None:
    metrics = reporting.andons(store, *DAY)
    figures = {name: value for name, value in metrics.items() if name not in ("start", "end", "days")}
    assert {value for value in figures.values() if not isinstance(value, dict)} == {0}
    assert metrics["blocked_hours"] == {}
    published(store)
    assert reporting.andons(store, *DAY) == metrics
