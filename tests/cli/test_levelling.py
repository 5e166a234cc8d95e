"""`tcps heijunka schedule`, `tcps work-order next`, `tcps andon sweep` (interface 3; domain 5, 6.2)."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from tcps.model import HOUR_MS, from_ms, system_clock, to_ms
from tcps.store import Store
from tests.cli.conftest import Tcps, process


@pytest.fixture
def queued(tcps: Tcps, tmp_path: Path) -> Tcps:
    """tcps with two orders of reliability, WO-1 and WO-2, and two of security, WO-3 and WO-4."""
    signals = [
        {"type": "internal_request", "title": f"t{n}", "bucket": bucket, "priority": 5}
        for n, bucket in enumerate(["reliability", "reliability", "security", "security"])
    ]
    (tmp_path / "orders.json").write_text(json.dumps(signals))
    assert tcps("work-order", "create", "--from", "orders.json").code == 0
    return tcps


def slots(tcps: Tcps, *options: str) -> list[str]:
    return [s["work_order_id"] for s in tcps("heijunka", "schedule", "--json", *options).json["slots"]]


def test_the_schedule_is_slots_and_a_score(queued: Tcps) -> None:
    plan = queued("heijunka", "schedule", "--json").json
    assert plan["slots"] == [
        {"slot": 1, "work_order_id": "WO-1", "bucket": "reliability", "priority": 5},
        {"slot": 2, "work_order_id": "WO-3", "bucket": "security", "priority": 5},
        {"slot": 3, "work_order_id": "WO-2", "bucket": "reliability", "priority": 5},
        {"slot": 4, "work_order_id": "WO-4", "bucket": "security", "priority": 5},
    ]
    assert plan["score"] == {"batching": 1.0, "uniformity": 1.0, "priority": 0.625, "overall": 0.925}
    assert (plan["queued"], plan["allocation"]) == (4, {"reliability": 2, "security": 2})


def test_a_capacity_cuts_the_schedule_and_is_shared(queued: Tcps) -> None:
    plan = queued("heijunka", "schedule", "--capacity", "3", "--json").json
    assert [slot["work_order_id"] for slot in plan["slots"]] == ["WO-1", "WO-3", "WO-2"]
    assert (plan["queued"], plan["allocation"]) == (4, {"reliability": 2, "security": 1})
    assert slots(queued, "--capacity", "9") == slots(queued)
    assert slots(queued, "--capacity", "0") == []
    assert queued("heijunka", "schedule", "--capacity", "-1").code == 2


def test_a_person_sees_a_table_and_a_board(queued: Tcps) -> None:
    shown = queued("heijunka", "schedule", "--capacity", "3").out.splitlines()
    assert shown[:2] == ["slot  id    bucket       pri", "1     WO-1  reliability  5"]
    assert shown[4:] == [
        "",
        "reliability  ■ · ■",
        "security     · ■ ·",
        "",
        "levelling score: 0.883 (batching 1.0, uniformity 0.833, priority 0.667)",
        "3 of 4 queued; in proportion: reliability 2, security 1",
    ]


def test_programs_get_the_slots_in_the_other_formats(queued: Tcps, tcps: Tcps) -> None:
    assert tcps("heijunka", "schedule", "-o", "csv").out.splitlines()[:2] == [
        "slot,work_order_id,bucket,priority",
        "1,WO-1,reliability,5",
    ]
    assert json.loads(tcps("heijunka", "schedule", "-o", "jsonl").out.splitlines()[3])["slot"] == 4
    assert tcps("heijunka", "schedule", "-o", "md").out.splitlines()[2] == "| 1 | WO-1 | reliability | 5 |"


def test_an_empty_queue_is_an_empty_schedule(tcps: Tcps) -> None:
    assert tcps("heijunka", "schedule").out == "nothing is queued\n"
    plan = tcps("heijunka", "schedule", "--json").json
    assert (plan["slots"], plan["score"]["overall"], plan["allocation"]) == ([], 1.0, {})
    assert tcps("heijunka", "schedule", "-o", "csv").out == "slot,work_order_id,bucket,priority\n"


def test_next_shows_an_order_and_changes_nothing(queued: Tcps) -> None:
    order = queued("work-order", "next", "--json").json
    assert (order["work_order_id"], order["status"], order["has_room"]) == ("WO-1", "queued", True)
    assert queued("work-order", "next").out.startswith("WO-1 is next: t0 (reliability, priority 5, due: ")
    assert queued("work-order", "next", "--bucket", "security", "--json").json["work_order_id"] == "WO-3"
    assert len(queued("log", "--json").json) == 1


def test_next_says_that_a_bucket_is_full(queued: Tcps) -> None:
    queued("policy", "set", "wip_limits.reliability", "1")
    queued("work-order", "start", "WO-2")
    queued("policy", "set", "max_consecutive", "9")
    queued("work-order", "update", "WO-1", "--priority", "9")
    order = queued("work-order", "next", "--json").json
    assert (order["work_order_id"], order["has_room"]) == ("WO-1", False)
    assert queued("work-order", "next").out.endswith(
        "reliability is full: no order of it can be started now\n"
    )


def test_next_start_starts_the_order_in_one_entry_that_says_so(queued: Tcps) -> None:
    started = queued("work-order", "next", "--start", "--json").json
    assert (started["work_order_id"], started["status"]) == ("WO-1", "in_progress")
    entry = queued("log", "--json").json[-1]
    assert (entry["action"], [change["id"] for change in entry["changes"]]) == ("work_order.pull", ["WO-1"])
    assert queued("work-order", "next", "--start").out == "WO-3 is in_progress: t2\n"


def test_starting_the_next_again_and_again_is_the_schedule(queued: Tcps) -> None:
    planned = slots(queued)
    ids = [queued("work-order", "next", "--start", "--json").json["work_order_id"] for _ in planned]
    assert ids == planned


def test_next_start_takes_the_first_that_has_room(queued: Tcps) -> None:
    queued("policy", "set", "wip_limits.reliability", "1")
    ids = [queued("work-order", "next", "--start", "--json").json["work_order_id"] for _ in range(3)]
    assert ids == ["WO-1", "WO-3", "WO-4"]
    done = queued("work-order", "next", "--start", "--json")
    assert (done.code, done.error["code"]) == (3, "wip_limit")
    assert done.error["details"] == {"bucket": "reliability", "current": 1, "limit": 1}


def test_next_is_refused_when_nothing_is_queued(tcps: Tcps) -> None:
    for options in ([], ["--start"], ["--bucket", "cost"], ["--bucket", "cost", "--start"]):
        done = tcps("work-order", "next", "--json", *options)
        assert (done.code, done.error["code"]) == (3, "queue_empty")
    assert tcps("work-order", "next", "--bucket", "none").code == 2


def test_a_dry_run_of_next_start_starts_nothing(queued: Tcps) -> None:
    done = queued("work-order", "next", "--start", "--dry-run", "--json")
    assert (done.json["work_order_id"], done.json["status"]) == ("WO-1", "in_progress")
    assert done.err == "dry run: nothing was changed\n"
    assert queued("work-order", "show", "WO-1", "--json").json["status"] == "queued"


def test_the_schedule_needs_no_record_file(queued: Tcps, tmp_path: Path) -> None:
    files = sorted((tmp_path / ".tcps/records/work_orders").rglob("WO-*.json"))
    assert len(files) == 4
    for file in files:
        file.write_text("{}")
    assert slots(queued) == ["WO-1", "WO-3", "WO-2", "WO-4"]
    files[0].unlink()
    assert queued("work-order", "next").code == 12


def test_parallel_readers_of_the_schedule_see_the_same(queued: Tcps, tmp_path: Path) -> None:
    """domain 16: burst, parallel schedule reads"""
    with Store.open(tmp_path, actor="alice") as store, store.batch():
        for n in range(196):
            store.store_work_order({"title": f"burst {n}", "bucket": ["cost", "debt", "security"][n % 3]})
    with ThreadPoolExecutor(10) as pool:
        seen = list(pool.map(lambda _: process(tmp_path, "heijunka", "schedule", "--json").json, range(10)))
    assert len(seen[0]["slots"]) == 200
    assert all(one == other for one, other in pairwise(seen))


def test_sweep_does_what_is_due(tcps: Tcps, tmp_path: Path) -> None:
    """Andons of orders that are too late, escalations, timeouts (domain 5 sla_check, 10.2 sweep)"""
    now = to_ms(system_clock())
    with Store.open(tmp_path, actor="alice", clock=lambda: from_ms(now - 25 * HOUR_MS)) as store:
        store.store_work_order({"title": "late", "bucket": "security"})
        store.store_andon_event({"sku_id": "a", "failure_type": "test_failure", "severity": "medium"})
        store.store_andon_event({"sku_id": "b", "failure_type": "test_failure", "severity": "low"})
    assert tcps("work-order", "list", "--within", "1", "--json").json[0]["sla_status"] == "breached"
    tried = tcps("andon", "sweep", "--dry-run")
    assert [line.split() for line in tried.out.splitlines()] == [
        ["id", "severity", "done", "sku", "failure"],
        ["ANDON-3", "high", "raised", "WO-1", "sla_breach"],
        ["ANDON-1", "medium", "timed", "out", "a", "test_failure"],
        ["ANDON-2", "low", "escalated", "b", "test_failure"],
    ]
    assert tried.err == "dry run: nothing was changed\n"
    events = tcps("andon", "sweep", "--json").json
    assert [(event["andon_id"], event["escalation_level"]) for event in events] == [
        ("ANDON-3", 0),
        ("ANDON-1", 2),
        ("ANDON-2", 1),
    ]
    assert tcps("andon", "sweep").out == "nothing is due\n"
    assert tcps("andon", "sweep", "--json").json == []
