"""Readiness, and what is derived of SKUs: progress, the line as a whole (domain 7)."""

import pytest
from msgspec.structs import replace

from tcps.errors import Refused
from tcps.model import STAGES, AndonEvent, Receipt, Sku, Stage
from tcps.rules import pipeline, readiness, work_orders
from tcps.service import line as use_cases
from tcps.service import oversight, views
from tcps.store import Store
from tests.rules.line import act, bring, order, published, record, refused, resolve, run, sku, trigger


def judged(store: Store, sku_id: str) -> readiness.Readiness:
    """The SKU's readiness, which must be what publish says."""
    with store.view() as view:
        found = view.get(Sku, sku_id)
        assert found is not None
        answer = readiness.readiness(view, found)
    assert answer.ready is _publish_would_work(store, sku_id)
    return answer


def _publish_would_work(store: Store, sku_id: str) -> bool:
    """Try it in a transaction that is given up."""
    try:
        with store.transaction("trial") as draft:
            pipeline.publish(draft, sku_id)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return True
    except Refused:
        return False


def test_a_completed_sku_with_a_whole_chain_and_no_andon_is_ready(store: Store) -> None:
    bring(store, sku(store, "app").id)
    assert judged(store, "app") == ((), (), (), ())
    assert use_cases.readiness(store, "app")["ready"] is True


def test_a_sku_on_its_way_names_every_stage_that_it_lacks(store: Store) -> None:
    bring(store, sku(store, "app").id, Stage.SECURITY_SCAN)
    answer = judged(store, "app")
    assert answer.missing_stages == STAGES[3:]
    assert len(answer.blocking_issues) == 1 + 7
    assert answer.blocking_issues[0] == "cannot publish app: it is in production"


def test_a_failed_stage_and_its_andon_are_both_named(store: Store) -> None:
    sku(store, "app")
    record(store, "app", Stage.SHACL_VALIDATION, {"shacl_conforms": False})
    answer = judged(store, "app")
    assert (answer.failed_stages, answer.open_andons) == ((Stage.SHACL_VALIDATION,), ("ANDON-1",))
    assert "open Andons stop it: ANDON-1" in answer.blocking_issues
    record(store, "app", Stage.SHACL_VALIDATION)
    assert judged(store, "app").failed_stages == ()


def test_an_andon_alone_keeps_a_completed_sku_from_being_ready(store: Store) -> None:
    bring(store, sku(store, "app").id)
    event = trigger(store, "app")
    assert judged(store, "app").blocking_issues == (f"open Andons stop it: {event.id}",)
    resolve(store, event.id)
    assert judged(store, "app").ready


def test_a_published_sku_and_one_of_a_blocked_order_are_not_ready(store: Store) -> None:
    assert judged(store, published(store).id).blocking_issues == ("cannot publish SKU-1: it is published",)
    bring(store, sku(store, "app").id)
    other = order(store)
    with store.view() as view:
        owner = view.get(Sku, "app")
    assert owner is not None
    store_edge(store, owner.work_order_id, other.id)
    assert judged(store, "app").blocking_issues == ("WO-2, the work order of app, is blocked",)


def store_edge(store: Store, order_id: str, on_id: str) -> None:
    """Make an order wait for another."""
    from tcps.rules import dependencies

    act(store, dependencies.add, order_id, on_id)


def test_a_receipt_is_never_changed_or_deleted_by_whatever_transaction(store: Store) -> None:
    """domain 8.1, 15 (receipt_immutable)"""
    sku(store, "app")
    receipt = record(store, "app", Stage.SHACL_VALIDATION, {}).receipt
    with refused(store, "receipt_immutable"), store.transaction("forgery") as draft:
        draft.put(replace(receipt, metrics={"shacl_conforms": True}))
    with refused(store, "receipt_immutable"), store.transaction("removal") as draft:
        draft.remove(receipt)
    assert store.get_receipt(receipt.id) == receipt


def test_a_receipt_is_not_changed_within_the_transaction_that_records_it_either(store: Store) -> None:
    sku(store, "app")
    with refused(store, "receipt_immutable"), store.transaction("forgery") as draft:
        made = pipeline.record(draft, pipeline.read_run(sku_id="app", stage="shacl")).receipt
        draft.put(replace(made, metrics={"shacl_conforms": True}))
    with store.view() as view:
        assert view.ids("receipt", use_cases.filters.Filter()) == []


@pytest.mark.parametrize("passed", range(11))
def test_progress_counts_the_stages_that_are_left_behind(store: Store, passed: int) -> None:
    """percent_complete = (n − 1)/10·100 at stage n, 100.0 when completed."""
    bring(store, sku(store, "app").id, STAGES[passed] if passed < 10 else None)
    shown = use_cases.show_sku(store, "app")
    assert (shown["percent_complete"], shown["completed_stages"]) == (passed * 10.0, passed)
    assert (shown["total_stages"], shown["is_active"], shown["receipts_count"]) == (10, True, passed)


def test_a_sku_that_has_ended_keeps_its_progress_and_one_that_is_published_has_all_of_it(
    store: Store,
) -> None:
    bring(store, sku(store, "app").id, Stage.SECURITY_SCAN)
    gone = act(store, pipeline.abort, "app", "no more")
    assert (views.percent_complete(gone), gone.status.active) == (30.0, False)
    done = published(store)
    assert (views.percent_complete(done), views.completed_stages(done)) == (100.0, 10)


def test_an_unresolved_critical_or_high_andon_quarantines_a_sku(store: Store) -> None:
    sku(store, "app")
    trigger(store, "app", severity="medium")
    seen = use_cases.show_sku(store, "app")
    assert (seen["open_andons_count"], seen["quarantined"]) == (1, False)
    event: AndonEvent = trigger(store, "app", "smoke_test_failure", severity="high")
    seen = use_cases.show_sku(store, "app")
    assert (seen["open_andons_count"], seen["quarantined"]) == (2, True)
    resolve(store, event.id)
    assert use_cases.show_sku(store, "app")["quarantined"] is False


def test_the_line_as_a_whole_has_its_success_rate_and_where_skus_stand(store: Store) -> None:
    """domain 7, metrics view"""
    assert oversight.stats(store)["line"] == {"total_skus": 0, "success_rate": 0.0, "by_stage": {}}
    published(store)
    for name, stage in (("a", Stage.COMPILATION), ("b", Stage.COMPILATION)):
        bring(store, sku(store, name).id, stage)
    run(store, "b", Stage.COMPILATION)
    line = oversight.stats(store)["line"]
    assert (line["total_skus"], line["success_rate"]) == (3, 33.33)
    assert line["by_stage"] == {Stage.COMPILATION: 1, Stage.TEST_EXECUTION: 1}
    act(store, work_orders.cancel, "WO-2", "no more")
    assert oversight.stats(store)["line"]["by_stage"] == {Stage.TEST_EXECUTION: 1}


def test_the_receipts_of_a_sku_are_counted(store: Store) -> None:
    sku(store, "app")
    for _ in range(3):
        record(store, "app", Stage.SHACL_VALIDATION, {})
    assert use_cases.show_sku(store, "app")["receipts_count"] == 3
    assert [type(one) for one in store.list_receipts_by_sku("app")] == [Receipt] * 3
