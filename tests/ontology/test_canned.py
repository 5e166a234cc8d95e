"""Every canned query on a small store whose answers are known, with both engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcps.errors import TcpsError
from tcps.model import Stage
from tcps.ontology import canned, guard
from tcps.ontology.limits import Limits
from tcps.store import Store
from tcps.store.canned import facts, stories
from tcps.store.graph import Graph
from tests.conftest import START, FixedClock
from tests.rules import line

ENGINES = ("oxigraph", "rdflib")
PUBLISHED, STOPPED = "SKU-1", "SKU-2"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """WO-1 is done with SKU-1; WO-2 in progress with SKU-2, whose compilation failed; WO-3 waits for WO-2,
    WO-4 is late in the queue of security."""
    clock = FixedClock()
    folder = tmp_path_factory.mktemp("scene")
    with Store.create(folder, actor="alice", clock=clock, disk=line.Unhurried()) as store:
        line.published(store)
        clock.forward(hours=1)
        line.sku(store)
        line.run(store, STOPPED, Stage.SHACL_VALIDATION, duration_ms=40)
        line.run(store, STOPPED, Stage.COMPILATION, line.FAILING, duration_ms=2)
        line.order(store, "waits", depends_on=["WO-2"], bucket="cost")
        line.order(store, 'late "quoted"', bucket="security", priority=9)
        line.setting(store, "wip_limits.features", 7)
        for cause in ("A  cause", "a cause", "another"):
            event = line.trigger(store, "elsewhere", "sla_breach")
            line.act(store, line.andon.resolve, event.id, **(line.TEXTS | {"root_cause": cause}))
        clock.forward(hours=30)
        yield store


def answer(store: Store, name: str, engine: str, **params: str) -> list[dict[str, Any]]:
    query = canned.get(name)
    answered = Graph(store.engine, engine).ask_canned(query, query.values(params, store.engine.clock()))
    assert answered == store.canned_query(name, params)
    return answered.values()


def column(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


EXPECTED: dict[str, tuple[dict[str, str], tuple[str, ...], list[tuple[Any, ...]]]] = {
    "active-andons": (
        {"severity": "critical"},
        ("andon_id", "sku_id", "stage", "severity"),
        [("ANDON-1", STOPPED, "Stage-compilation", "Severity-critical")],
    ),
    "pending-work-orders": (
        {},
        ("bucket", "work_order_id", "status", "title"),
        [
            ("Bucket-cost", "WO-3", "WorkOrderStatus-blocked", "waits"),
            ("Bucket-security", "WO-4", "WorkOrderStatus-queued", 'late "quoted"'),
        ],
    ),
    "levelled-schedule": (
        {},
        ("slot", "work_order_id", "bucket", "priority"),
        [(1, "WO-4", "Bucket-security", 9)],
    ),
    "receipts-by-stage": (
        {"stage": "compile"},
        ("receipt_id", "sku_id", "status"),
        [("RCPT-2", PUBLISHED, "ReceiptStatus-pass"), ("RCPT-12", STOPPED, "ReceiptStatus-fail")],
    ),
    "sku-readiness": (
        {},
        ("sku_id", "current_stage", "passed", "open_andons"),
        [(STOPPED, "Stage-compilation", 1, 1)],
    ),
    "quality-metrics": (
        {"from": "2026-01-20T10:30:00Z", "to": "2026-01-21"},
        ("stage", "runs", "passes", "fails", "work_ms"),
        [("Stage-shacl_validation", 1, 1, 0, 40), ("Stage-compilation", 1, 0, 1, 2)],
    ),
    "audit-trail": (
        {"sku": STOPPED},
        ("what", "id", "actor"),
        [
            ("Andon", "ANDON-1", "alice"),
            ("receipt: pass", "RCPT-11", "alice"),
            ("receipt: fail", "RCPT-12", "alice"),
            ("created", STOPPED, "alice"),
        ],
    ),
    "chain": (
        {"sku": STOPPED},
        ("sequence", "receipt_id", "status"),
        [(2, "RCPT-12", "ReceiptStatus-fail"), (1, "RCPT-11", "ReceiptStatus-pass")],
    ),
    "blocked-skus": (
        {},
        ("sku_id", "current_stage", "andons"),
        [(STOPPED, "Stage-compilation", 1)],
    ),
    "wip": (
        {},
        ("bucket", "current", "limit"),
        [
            ("Bucket-compliance", 0, 5),
            ("Bucket-cost", 0, 5),
            ("Bucket-features", 1, 7),
            ("Bucket-reliability", 0, 5),
            ("Bucket-security", 0, 5),
            ("Bucket-technical_debt", 0, 5),
        ],
    ),
    "sla-breaches": ({}, ("work_order_id", "bucket"), [("WO-4", "Bucket-security")]),
    "gate-history": (
        {"sku": STOPPED},
        ("sequence", "status", "metric", "expected", "actual"),
        [(1, "ReceiptStatus-pass", None, None, None), (2, "ReceiptStatus-fail", "compile_errors", 0, 1)],
    ),
    "repeat-root-causes": ({}, ("cause", "andons"), [("a cause", 2)]),
    "lead-times": (
        {},
        ("sku_id", "work_order_id", "created_at", "published_at"),
        [(PUBLISHED, "WO-1", "2026-01-20T10:00:00Z", "2026-01-20T10:00:00Z")],
    ),
    "failures-by-type": (
        {},
        ("failure_type", "andons", "occurrences"),
        [("FailureType-sla_breach", 3, 3), ("FailureType-compilation_failure", 1, 1)],
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", canned.names())
def test_a_canned_query_gives_what_the_scene_has(scene: Store, name: str, engine: str) -> None:
    params, names, rows = EXPECTED[name]
    assert column(answer(scene, name, engine, **params), *names) == rows


@pytest.mark.parametrize("name", canned.names())
def test_each_has_a_question_and_is_a_select(name: str) -> None:
    query = canned.get(name)
    assert query.question.endswith("?")
    assert guard.form_of(query.text) == "select"
    declared = [text for text in query.text.splitlines() if text.startswith("# param")]
    assert len(declared) == len(query.params)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_that_is_given_is_a_column_all_the_same(scene: Store, engine: str) -> None:
    every = answer(scene, "active-andons", engine)
    assert [row["andon_id"] for row in every] == ["ANDON-1"]
    (one,) = answer(scene, "active-andons", engine, severity="Critical", sku=STOPPED)
    assert (one["severity"], one["sku_id"]) == ("Severity-critical", STOPPED)
    assert answer(scene, "active-andons", engine, severity="low") == []


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("chain", {}, "missing_required_field"),
        ("chain", {"sku": "> } DROP ALL #"}, "invalid_id"),
        ("chain", {"stage": "compile"}, "invalid_field"),
        ("receipts-by-stage", {"stage": "compilation } #"}, "invalid_stage"),
        ("sla-breaches", {"now": "yesterday"}, "invalid_timestamp"),
        ("nothing", {}, "not_found"),
    ],
)
def test_a_parameter_that_is_none_is_refused(
    scene: Store, name: str, params: dict[str, str], code: str
) -> None:
    with pytest.raises(TcpsError) as caught:
        canned.get(name).values(params, START)
    assert caught.value.code == code


def test_what_the_queries_and_the_commands_say_is_the_same(scene: Store, tmp_path: Path) -> None:
    with scene.view() as view:
        wip = view.wip_by_bucket()
        chain = [receipt.id for receipt in view.chain(PUBLISHED)]
        late = [andon.id for andon in view.open_andons(STOPPED)]
    rows = answer(scene, "wip", "oxigraph")
    assert {row["bucket"]: row["current"] for row in rows if row["current"]} == {
        f"Bucket-{bucket}": n for bucket, n in wip.items()
    }
    found = answer(scene, "chain", "oxigraph", sku=PUBLISHED)
    assert [row["receipt_id"] for row in reversed(found)] == chain
    assert [row["andon_id"] for row in answer(scene, "active-andons", "oxigraph", sku=STOPPED)] == late


@pytest.mark.parametrize("name", canned.names())
def test_for_too_many_records_to_read_the_graph_says_the_same(
    scene: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = EXPECTED[name][0]
    few = scene.canned_query(name, params)
    monkeypatch.setattr(stories, "_ORDERS", 0)
    monkeypatch.setattr(stories, "_ANDONS", 0)
    assert scene.canned_query(name, params) == few


@pytest.mark.parametrize("limits", [Limits(seconds=0), Limits(rows=1)])
def test_the_index_too_is_asked_in_bounds(
    scene: Store, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_LOOK_EVERY", 1)
    with pytest.raises(TcpsError) as caught:
        scene.canned_query("wip", limits=limits)
    assert caught.value.code == "query_limit"
    assert len(scene.canned_query("wip").rows) == 6
