"""The library's surface (interface 8): each name, with a record and with a mapping."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import tcps
from tcps.errors import Conflict, IntegrityError, InvalidInput, NoStore, NotFound, Refused, TcpsError
from tcps.model import AndonEvent, FailureType, Receipt, Severity, Stage, WorkOrder
from tcps.store import Store
from tests.store import shop

NAMES = [
    *("store_receipt", "get_receipt", "load_receipt", "list_receipts_by_sku", "list_receipts_by_stage"),
    *("verify_receipt", "store_work_order", "get_work_order", "list_work_orders"),
    *("list_work_orders_by_status", "list_work_orders_by_bucket", "update_work_order", "delete_work_order"),
    *("store_andon_event", "get_andon_event", "list_andon_events", "list_andon_events_by_status"),
    *("update_andon_event", "verify_integrity", "verify_chain", "change_history", "transaction"),
    *("open", "close"),
]

WORK_ORDERS: list[WorkOrder | dict[str, object]] = [
    {"title": "a title", "bucket": "security", "labels": ["x"]},
    WorkOrder(title="a title", bucket="security", labels=("x",)),  # type: ignore[arg-type]
]
ANDONS: list[AndonEvent | dict[str, object]] = [
    {"sku_id": "web-1", "failure_type": "test_failure", "severity": "high", "stage": "smoke_test"},
    AndonEvent(
        sku_id="web-1",
        failure_type=FailureType.TEST_FAILURE,
        severity=Severity.HIGH,
        stage=Stage.SMOKE_TEST,
    ),
]
RECEIPTS: list[Receipt | dict[str, object]] = [
    {"sku_id": "web-1", "stage": "shacl_validation", "metrics": {"shacl_conforms": True}},
    Receipt(sku_id="web-1", stage=Stage.SHACL_VALIDATION, metrics={"shacl_conforms": True}),
]
BOTH = ["mapping", "record"]


def test_every_name_is_there_and_documented() -> None:
    assert tcps.Store is Store
    for name in NAMES:
        assert getattr(Store, name).__doc__, name
    public = {name for name in vars(Store) if not name.startswith("_")}
    assert public >= set(NAMES)


@pytest.mark.parametrize("given", WORK_ORDERS, ids=BOTH)
def test_work_orders(store: Store, given: WorkOrder | dict[str, object]) -> None:
    made = store.store_work_order(given)
    assert (made.id, made.title, made.bucket, made.labels) == ("WO-1", "a title", "security", ("x",))
    assert (made.revision, made.created_by, made.priority) == (1, "alice", 8)
    assert store.get_work_order("WO-1") == made
    assert store.list_work_orders() == store.list_work_orders(1) == [made]
    assert (
        store.list_work_orders_by_status("queued") == store.list_work_orders_by_bucket("security") == [made]
    )
    assert store.list_work_orders_by_status("completed") == store.list_work_orders_by_bucket("cost") == []
    with pytest.raises(Conflict) as taken:
        store.store_work_order({"work_order_id": "WO-1", "title": "again"})
    assert taken.value.code == "duplicate_id"
    with pytest.raises(Conflict):
        store.store_work_order(made)
    with pytest.raises(InvalidInput) as reserved:
        store.store_work_order({"work_order_id": "WO-2", "title": "again"})
    assert reserved.value.code == "reserved_id"
    assert store.delete_work_order("WO-1") == made
    with pytest.raises(NotFound):
        store.get_work_order("WO-1")
    assert [entry.action for entry in store.change_history("work_order", "WO-1")] == [
        "work_order.create",
        "work_order.delete",
    ]


@pytest.mark.parametrize("as_record", [False, True], ids=BOTH)
def test_updating_a_work_order(store: Store, as_record: bool) -> None:
    made = store.store_work_order({"title": "before"})
    change = (
        msgspec.structs.replace(made, title="after")
        if as_record
        else {"work_order_id": "WO-1", "revision": 1, "title": "after"}
    )
    changed = store.update_work_order(change)
    assert (changed.title, changed.revision) == ("after", 2)
    assert store.get_work_order("WO-1") == changed
    with pytest.raises(Conflict) as stale:
        store.update_work_order(change)
    assert stale.value.code == "stale_revision"
    assert stale.value.details["revision"] == 2
    with pytest.raises(NotFound):
        store.update_work_order({"work_order_id": "WO-9", "revision": 1, "title": "x"})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"title": "no id", "revision": 1}, "missing_required_field"),
        ({"work_order_id": "WO-1", "title": "no revision"}, "missing_required_field"),
        ({"work_order_id": "WO-1", "revision": "one", "title": "x"}, "invalid_field"),
        ({"work_order_id": "../x", "revision": 1, "title": "x"}, "invalid_id"),
        ({"work_order_id": "WO-1", "revision": 1, "status": "completed"}, "invalid_field"),
        (7, "invalid_field"),
    ],
)
def test_an_update_that_says_too_little_or_too_much_is_refused(
    store: Store, given: object, code: str
) -> None:
    shop.order(store)
    with pytest.raises(InvalidInput) as refused:
        store.update_work_order(given)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert store.get_work_order("WO-1").revision == 1


@pytest.mark.parametrize("given", ANDONS, ids=BOTH)
def test_andon_events(store: Store, given: AndonEvent | dict[str, object]) -> None:
    made = store.store_andon_event(given)
    assert (made.id, made.sku_id, made.severity, made.stage) == ("ANDON-1", "web-1", "high", "smoke_test")
    assert store.get_andon_event("ANDON-1") == made
    assert store.list_andon_events() == store.list_andon_events_by_status("open") == [made]
    assert store.list_andon_events_by_status("resolved") == []
    with pytest.raises(Conflict):
        store.store_andon_event({"andon_id": "ANDON-1", "sku_id": "web-1", "failure_type": "test_failure"})
    with pytest.raises(InvalidInput):
        store.store_andon_event({"andon_id": "ANDON-7", "sku_id": "web-1", "failure_type": "test_failure"})
    with pytest.raises(InvalidInput):
        store.store_andon_event({"sku_id": "web-1"})


@pytest.mark.parametrize("as_record", [False, True], ids=BOTH)
def test_updating_an_andon_event(store: Store, as_record: bool) -> None:
    made = store.store_andon_event(ANDONS[0])
    change = (
        msgspec.structs.replace(made, status="investigating")
        if as_record
        else {"andon_id": "ANDON-1", "revision": 1, "status": "investigating"}
    )
    seen = store.update_andon_event(change)
    assert (seen.status, seen.investigator, seen.revision) == ("investigating", "alice", 2)
    with pytest.raises(Conflict):
        store.update_andon_event(change)
    with pytest.raises(InvalidInput):
        store.update_andon_event({"andon_id": "ANDON-1", "revision": 2, "severity": "low"})
    resolved = store.update_andon_event(
        {"andon_id": "ANDON-1", "revision": 2, "status": "resolved", "resolution": shop.RESOLUTION}
    )
    assert resolved.resolution is not None
    assert (resolved.status, resolved.resolution.resolver) == ("resolved", "alice")
    with pytest.raises(Refused) as again:
        store.update_andon_event({"andon_id": "ANDON-1", "revision": 3, "resolution": shop.RESOLUTION})
    assert again.value.code == "already_resolved"


@pytest.mark.parametrize("given", RECEIPTS, ids=BOTH)
def test_receipts(store: Store, tmp_path: Path, given: Receipt | dict[str, object]) -> None:
    shop.sku(store)
    made = store.store_receipt(given)
    assert (made.id, made.sequence, made.metrics) == ("RCPT-1", 1, {"shacl_conforms": True})
    assert store.get_receipt("RCPT-1") == store.verify_receipt("RCPT-1") == made
    assert store.list_receipts_by_sku("web-1") == store.list_receipts_by_stage("shacl_validation") == [made]
    assert store.list_receipts_by_sku("web-9") == store.list_receipts_by_stage("compilation") == []
    (path,) = (tmp_path / ".tcps" / "records").rglob("00000001-*.json")
    assert store.load_receipt(path) == store.verify_receipt(path) == store.verify_receipt(str(path)) == made
    with pytest.raises(Conflict):
        store.store_receipt(made)
    for missing in ("get_receipt", "verify_receipt"):
        with pytest.raises(NotFound):
            getattr(store, missing)("RCPT-9")
    copy = tmp_path / "copy.json"
    copy.write_bytes(path.read_bytes().replace(b'"alice"', b'"mallory"'))
    with pytest.raises(IntegrityError):
        store.verify_receipt(copy)
    for content in (b"{}", b"[", b'{"a": 1}\n', b"\xff"):
        copy.write_bytes(content)
        with pytest.raises(IntegrityError):
            store.load_receipt(copy)
    with pytest.raises(TcpsError):
        store.load_receipt(tmp_path / "none.json")


def test_history_knows_every_change_and_nothing_of_what_never_was(store: Store) -> None:
    shop.sku(store)
    shop.receipt(store)
    actions = [entry.action for entry in store.change_history("sku", "web-1")]
    assert actions == ["sku.create", "receipt.add"]
    with pytest.raises(NotFound):
        store.change_history("sku", "web-9")


def test_a_store_is_found_by_either_folder(tmp_path: Path, store: Store) -> None:
    for path in (tmp_path, str(tmp_path / ".tcps")):
        with Store.open(path, actor="bob") as other:
            assert other.store_id == store.store_id
            assert other.folder == tmp_path / ".tcps"
    with pytest.raises(NoStore):
        Store.open(tmp_path / "nowhere", actor="bob")


def test_making_a_store_twice_opens_it(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="a") as first, Store.create(tmp_path, actor="a") as second:
        assert first.store_id == second.store_id
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".tcps"}


def test_files_are_private_to_the_user(tmp_path: Path, store: Store) -> None:
    shop.sku(store)
    shop.receipt(store)
    store.checkpoint()
    modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / ".tcps").rglob("*")}
    assert modes == {"0o600", "0o700"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", IntegrityError),
        (b"{}", IntegrityError),
        (b"[" * 10_000, IntegrityError),
        (b'{"format": 99}', tcps.errors.Undecided),
    ],
)
def test_a_store_that_does_not_say_what_it_is_cannot_be_opened(
    tmp_path: Path, opened: Callable[[], Store], content: bytes, kind: type[TcpsError]
) -> None:
    with Store.create(tmp_path, actor="a"):
        pass
    (tmp_path / ".tcps" / "store.json").write_bytes(content)
    with pytest.raises(kind):
        opened()


def test_a_sku_is_made_moved_and_published_through_the_library(store: Store) -> None:
    order = store.store_work_order({"title": "an order", "sku_id": "app-1"})
    sku = store.store_sku({"work_order_id": order.work_order_id})
    assert (sku.sku_id, store.get_sku("app-1")) == ("app-1", sku)
    assert [one.sku_id for one in store.list_skus()] == ["app-1"]
    assert store.list_skus_by_work_order(order.work_order_id) == [sku]
    with pytest.raises(Refused) as refused:
        store.advance_sku("app-1")
    assert refused.value.code == "receipt_missing"
    metrics = {"shacl_conforms": True, "shacl_violations": 0}
    store.store_receipt({"sku_id": "app-1", "stage": "shacl", "metrics": metrics})
    assert store.advance_sku("app-1").current_stage == "compilation"
    with pytest.raises(Refused) as refused:
        store.publish_sku("app-1")
    assert refused.value.code == "invalid_transition"
    with pytest.raises(InvalidInput):
        store.store_sku({"sku_id": "app-2"})
    with pytest.raises(NotFound):
        store.get_sku("app-2")


def test_an_update_tells_true_from_one(store: Store) -> None:
    order = store.store_work_order({"title": "an order", "metadata": {"flag": 1}})
    given = {"work_order_id": "WO-1", "revision": order.revision, "metadata": {"flag": True}}
    assert store.update_work_order(given).metadata == {"flag": True}
    assert store.get_work_order("WO-1").metadata["flag"] is True
