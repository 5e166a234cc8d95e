"""Work that uses every way to change a store, and says what was acknowledged.

It goes on after a failure, as a user would. Each fact is `ID REVISION`, or `ID deleted`.
"""

from collections.abc import Callable
from pathlib import Path

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.ledger import Change, Head, Ledger, parse_line
from tcps.model import STAGES, Record, WorkOrder
from tcps.rules import andon, order_updates, pipeline, policy, work_orders
from tcps.store import Store, create
from tests.conftest import FixedClock
from tests.store import shop

SEGMENT_BYTES = 2000
"""Small, so that the work fills several segments."""
FOREIGN = b"not what the ledger says"
"""What another hand writes; a repair puts it aside."""
DAMAGED = ("records/work_orders/0000/WO-1.json", "records/work_orders/0000/WO-77.json")
"""Where it writes that: over the file of the first order, and beside."""


def fact(record: Record) -> str:
    return f"{record.id} {record.revision}"


def order(store: Store) -> list[str]:
    return [fact(store.store_work_order({"title": "an order"}))]


def batch(store: Store) -> list[str]:
    with store.batch():
        return [fact(store.store_work_order({"title": f"one of three, {n}"})) for n in range(3)]


def sku(store: Store) -> list[str]:
    """An order, which is started by its SKU: three changes, two records."""
    with store.transaction("a SKU") as draft:
        made = shop.sku(store)
        return [fact(made), fact(found(draft.get(WorkOrder, made.work_order_id)))]


def receipt(store: Store) -> list[str]:
    """A run that fails, so it makes an Andon, or adds to it."""
    with store.transaction("receipt.add") as draft:
        made = pipeline.record(draft, pipeline.read_run(sku_id="web-1", stage=STAGES[0]))
    return [fact(made.receipt), fact(found(made.andon))]


def pair(store: Store) -> list[str]:
    with store.transaction("a pair"):
        given = {"sku_id": "another-sku", "failure_type": "test_failure"}
        return [fact(store.store_work_order({"title": "a pair"})), fact(store.store_andon_event(given))]


def update(store: Store) -> list[str]:
    with store.transaction("work_order.update") as draft:
        return [fact(order_updates.update(draft, "WO-2", {"title": "another", "priority": 9}, None))]


def waiting(store: Store) -> list[str]:
    """Two orders; the second waits for the first."""
    with store.transaction("two orders"):
        first = store.store_work_order({"title": "first"})
        return [fact(first), fact(store.store_work_order({"title": "second", "depends_on": [first.id]}))]


def start_and_cancel(store: Store) -> list[str]:
    """A transition of several records: one is started, one cancelled, one freed by that."""
    with store.transaction("several") as draft:
        first = work_orders.start(draft, "WO-3")
        waits = [one for one in store.list_work_orders() if one.depends_on]
        last = [work_orders.cancel(draft, one.depends_on[0], "no more") for one in waits]
        return [fact(one) for one in (first, *last)]


def delete(store: Store) -> list[str]:
    return [f"{store.delete_work_order('WO-4').id} deleted"]


def settle(store: Store) -> list[str]:
    with store.transaction("policy.set") as draft:
        return [fact(policy.change(draft, "wip_limits.features", "7"))]


def resolve(store: Store) -> list[str]:
    with store.transaction("andon.resolve") as draft:
        return [fact(andon.resolve(draft, "ANDON-1", **shop.RESOLUTION))]


def checkpoint(store: Store) -> list[str]:
    store.checkpoint()
    return []


def look(store: Store) -> list[str]:
    """Reads in every way; what is read is never wrong."""
    with store.view():
        orders = {one.id: one for one in store.list_work_orders()}
        assert all(store.get_work_order(one) == orders[one] for one in orders)
    for event in store.list_andon_events():
        assert store.change_history("andon_event", event.id)
    for made in store.list_receipts_by_sku("web-1"):
        store.verify_receipt(made.id)
    if store.list_skus():
        assert store.verify_chain("web-1").intact
    assert shop.classes(store) == set()
    return []


def repair(store: Store) -> list[str]:
    """Another hand was at a record file, and one was added."""
    for path in DAMAGED:
        if (store.folder / path).parent.is_dir():
            (store.folder / path).write_bytes(FOREIGN)
    store.repair()
    return []


WORK: list[Callable[[Store], list[str]]] = [
    order,
    batch,
    sku,
    receipt,
    pair,
    update,
    checkpoint,
    waiting,
    start_and_cancel,
    receipt,
    delete,
    settle,
    look,
    resolve,
    repair,
    order,
]
UNDISTURBED = [step for step in WORK if step is not repair]
"""The work without the other hand."""


def begin(folder: Path, disk: Disk) -> list[TcpsError]:
    """Make the store; one that could not be made is asked for again."""
    errors: list[TcpsError] = []
    for _ in range(2):
        try:
            create(folder, disk, FixedClock())
            break
        except TcpsError as error:
            errors.append(error)
    return errors


def do(store: Store, acknowledge: Callable[[list[str]], object]) -> list[TcpsError]:
    """All of the work, going on after every failure; the failures."""
    errors = []
    for step in WORK:
        try:
            acknowledge(step(store))
        except TcpsError as error:
            errors.append(error)
    return errors


def entries(folder: Path) -> list[set[str]]:
    """The facts of each entry of the ledger."""
    lines = Ledger(Disk(), folder / ".tcps" / "ledger").lines(Head())
    return [{_fact(change) for change in parse_line(line, None).changes} for line in lines]


def facts(folder: Path) -> set[str]:
    """The facts of all entries."""
    return set().union(*entries(folder))


def found(record: Record | None) -> Record:
    assert record is not None
    return record


def _fact(change: Change) -> str:
    return f"{change.id} {'deleted' if change.record is None else change.revision}"
