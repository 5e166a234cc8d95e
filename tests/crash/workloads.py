"""What is done to a store while its calls are recorded: sequences of operations, also cut short,
failing, or with another process in between.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tcps.keys import SigningKey
from tcps.model import STAGES
from tcps.rules import pipeline
from tcps.store import Store
from tests.crash.place import Place
from tests.crash.recorder import Files, index_files
from tests.store import shop

Operation = Callable[[Store], object]
BASES = ("plain", "covered", "damaged")
DAMAGED = "records/work_orders/0000/WO-1.json"
STRANGER = "records/work_orders/0000/WO-99.json"
STORE_ID = "0123456789abcdef"
KEY = SigningKey(f"tcps/{STORE_ID}", bytes(32))


def create(store: Store) -> None:
    shop.order(store, "made")


def update(store: Store) -> None:
    order = store.get_work_order("WO-2")
    store.update_work_order(
        {"work_order_id": order.id, "revision": order.revision, "title": order.title + "!"}
    )


def delete(store: Store) -> None:
    """The newest order that is queued."""
    store.delete_work_order(store.list_work_orders_by_status("queued")[-1].id)


def transition(store: Store) -> None:
    """A run that fails: it changes a SKU and an order, and makes a receipt and an Andon."""
    with store.transaction("receipt.add") as draft:
        pipeline.record(draft, pipeline.read_run(sku_id="web-1", stage=STAGES[0]))


def batch(store: Store) -> None:
    with store.batch():
        for n in range(3):
            shop.order(store, f"{n} of three")


def checkpoint(store: Store) -> None:
    store.checkpoint()


def sign(store: Store) -> None:
    store.checkpoint(KEY)


def rotation(store: Store) -> None:
    """A batch of which each line goes into a segment of its own."""
    usual, store.engine.ledger.segment_bytes = store.engine.ledger.segment_bytes, 1
    try:
        with store.batch():
            shop.order(store, "in the next segment")
            shop.order(store, "in the one after")
    finally:
        store.engine.ledger.segment_bytes = usual


def repair(store: Store) -> None:
    store.repair()


OPERATIONS: tuple[Operation, ...] = (
    create,
    update,
    delete,
    transition,
    batch,
    checkpoint,
    sign,
    rotation,
    repair,
)


class Act(NamedTuple):
    """One operation; `new` in a process of its own. What comes in between comes at the call `at` (from 0).

    First `other` is done by another process. Then the operation's process is `killed`; or the call
    `fails`; or, if it is a write, half of it is written and the disk is full (`fills`). A sync that `is
    overtaken` fails too: when `other` has come as far as its own sync, and goes on at the end.
    """

    operation: Operation
    new: bool = False
    at: int = -1
    how: str = ""
    other: Operation | None = None

    def __str__(self) -> str:
        name = self.operation.__name__
        what = " ".join([*([self.other.__name__] if self.other else []), *([self.how] if self.how else [])])
        return f"{name}[{what} at {self.at}]" if what else name


class Workload(NamedTuple):
    """Acts, done one after the other on a base; states are looked for from act `first` on."""

    base: str
    acts: tuple[Act, ...]
    first: int = 0

    def __str__(self) -> str:
        return f"{self.base}: {' '.join(map(str, self.acts))}"


def sequences(length: int) -> Iterator[Workload]:
    """Every sequence of so many operations, by one process or by one each, in turn; on one base or on two."""
    for n, operations in enumerate(itertools.product(OPERATIONS, repeat=length)):
        acts = tuple(Act(operation, new=n % 3 == 0) for operation in operations)
        usual = ("plain", "covered") if length == 1 else (("plain", "covered")[n % 2],)
        for base in ("damaged",) if repair in operations else usual:
            yield Workload(base, acts, length - 1)


def interrupted(how: str, calls: Callable[[Workload], int]) -> Iterator[Workload]:
    """Each operation, `killed` or `fails` at each of its calls; then another process goes on."""
    followers = ((create, checkpoint), (rotation,), (batch,), (checkpoint,))
    for operation, after in itertools.product(OPERATIONS, followers):
        base = _base(operation)
        for at in range(calls(Workload(base, (Act(operation),)))):
            first = Act(operation, at=at, how=how)
            yield Workload(base, (first, *(Act(one, new=True) for one in after)))


def overtaken() -> Iterator[Workload]:
    """An operation whose sync fails, when another process has appended after it."""
    for operation, other in itertools.product((create, batch, rotation), (create, batch, rotation)):
        for at in range(2, 7):
            yield Workload("covered", (Act(operation, at=at, how="is overtaken", other=other),))


def meeting(how: str, calls: Callable[[Workload], int]) -> Iterator[Workload]:
    """Each operation, and at each of its calls another process that does one too, if the locks let it."""
    for operation, other in itertools.product(OPERATIONS, OPERATIONS):
        base = _base(operation, other)
        for at in range(calls(Workload(base, (Act(operation),)))):
            yield Workload(base, (Act(operation, at=at, how=how, other=other),))


def _base(*operations: Operation) -> str:
    return "damaged" if repair in operations else "covered"


def lay_base(place: Place, name: str) -> Files:
    """A store with orders and a chain: `plain`; with a checkpoint, `covered`; with wrong files, `damaged`.

    Gives the index as it was half way.
    """
    with shop.opened(place.folder, boot="one") as store, store.transaction("several"):
        for n in range(3):
            shop.order(store, f"order {n}")
    older = index_files(place.folder / ".tcps")
    with shop.opened(place.folder, boot="one") as store:
        with store.transaction("a SKU"):
            shop.sku(store)
        if name != "plain":
            checkpoint(store)
        transition(store)
    if name == "damaged":
        path = place.folder / ".tcps" / DAMAGED
        path.write_bytes(path.read_bytes().replace(b"order 0", b"order X"))
        path.with_name("WO-99.json").write_bytes(b"a stranger\n")
    return older
