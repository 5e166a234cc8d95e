"""The operations of the domain through the library (interface 8): each by its rule, one transaction each."""

import pytest

from tcps.errors import NotFound, Refused
from tcps.model import WorkOrder
from tcps.store import Store
from tcps.store.production import Production
from tests.conftest import FixedClock

GOOD = {"shacl_conforms": True, "shacl_violations": 0}
CAUSE = {"root_cause": "a race condition", "fix": "the fix", "prevention": "a test"}


def orders(store: Store, count: int, **fields: str) -> list[WorkOrder]:
    return [store.store_work_order({"title": f"order {n}"} | fields) for n in range(count)]


def test_every_operation_is_documented() -> None:
    public = [name for name in vars(Production) if not name.startswith("_")]
    assert len(public) > 20
    assert [name for name in public if not getattr(Production, name).__doc__] == []


def test_orders_are_pulled_held_back_completed_and_cancelled(store: Store) -> None:
    do = store.production
    orders(store, 4)
    assert [slot.work_order_id for slot in do.schedule(2)] == ["WO-1", "WO-2"]
    (first, *_) = do.reorder_queue("features", ["WO-2", "WO-1", "WO-3", "WO-4"])
    assert first.id == "WO-2"
    assert (do.pull_work_order().id, do.start_work_order("WO-1").status) == ("WO-2", "in_progress")
    assert do.add_dependency("WO-3", "WO-4").status == "blocked"
    assert do.remove_dependency("WO-3", "WO-4").status == "queued"
    do.set_policy("completion_requires_sku", False)
    assert do.complete_work_order("WO-1").status == "completed"
    assert do.cancel_work_order("WO-4", "no use").cancellation_reason == "no use"
    do.set_policy("wip_limits.features", 1)
    with pytest.raises(Refused) as full:
        do.pull_work_order("features")
    assert full.value.code == "wip_limit"


def test_a_sku_is_run_stopped_explained_and_aborted(store: Store) -> None:
    do = store.production
    orders(store, 1)
    store.store_sku({"work_order_id": "WO-1", "sku_id": "app"})
    done = do.run_stage(sku_id="app", stage="shacl", metrics={})
    assert done.andon is not None
    assert [event.id for event in do.blocking_andons("app", "shacl")] == [done.andon.id]
    assert do.investigate_andon("ANDON-1").status == "investigating"
    do.start_analysis("ANDON-1", "it does not conform")
    for number in range(1, 6):
        do.add_why("RCA-1", number, f"because {number}")
    ended = do.finalize_analysis("RCA-1", CAUSE["root_cause"], "p")
    assert ended.suggestions is not None
    assert ended.suggestions.test_additions == ("Add a concurrency test",)
    assert do.analyses() == do.analyses("ANDON-1") == [ended]
    assert do.resolve_andon("ANDON-1", **CAUSE).status == "resolved"
    assert do.blocking_andons("app") == []
    assert do.run_stage(sku_id="app", stage="shacl", metrics=GOOD).advanced
    assert not do.readiness("app").ready
    assert do.abort_sku("app", "no use").status == "aborted"
    with pytest.raises(NotFound):
        do.readiness("none")


def test_an_improvement_is_proposed_applied_measured_or_rejected(store: Store, clock: FixedClock) -> None:
    do = store.production
    orders(store, 1)
    store.store_sku({"work_order_id": "WO-1", "sku_id": "app"})
    do.run_stage(sku_id="app", stage="shacl", metrics={})
    clock.forward(hours=1)
    (proposed,) = do.propose_improvements()
    assert (proposed.waste_type, proposed.status) == ("excessive_rework", "proposed")
    assert do.apply_improvement(proposed.id, "a check").before_waste_hours == 2.0
    clock.forward(hours=7 * 24)
    assert do.measure_improvement(proposed.id).actual_benefit_hours == 2.0
    do.run_stage(sku_id="app", stage="shacl", metrics={})
    clock.forward(hours=1)
    new = next(one for one in do.propose_improvements() if one.status == "proposed")
    assert do.reject_improvement(new.id, "not now").rejection_reason == "not now"


def test_without_a_maintenance_run_there_is_no_newest_one(store: Store) -> None:
    assert store.production.newest_maintenance("daily") is None
