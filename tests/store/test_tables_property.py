"""After a refresh tables are what a plain dict of the ledger's records is, whoever wrote and however."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.ledger import Head, Ledger, parse_line
from tcps.model import BUCKETS, KINDS, STAGES, Record, number_of
from tcps.rules import andon, order_updates, pipeline, work_orders
from tcps.store import Store
from tcps.store.tables import Table, Tables
from tests.conftest import DEEP, MEMORY
from tests.store import shop
from tests.store.faults import QuickDisk

Key = tuple[str, str]
NUMBERS = st.integers(1, 6)
TITLES = st.sampled_from(["a", "b", "longer"])
STORES = st.integers(0, 1)


def records(folder: Path) -> dict[Key, Record]:
    """Every record by the ledger's own lines, in a plain dict, oldest first."""
    found: dict[Key, Record] = {}
    for line in Ledger(Disk(), folder / ".tcps" / "ledger").lines(Head()):
        if not line.whole:  # its writer was killed
            break
        for change in parse_line(line, None).changes:
            key = (change.kind, change.id)
            if change.record is None:
                found.pop(key, None)
            else:
                found[key] = msgspec.convert(change.record, KINDS[change.kind])
    return dict(sorted(found.items(), key=lambda item: number_of(item[0][1], item[0][0])))


def agrees(tables: Tables, model: dict[Key, Record]) -> None:
    """Every way to ask every table gives what the dict gives."""
    every: list[tuple[Table[Any], str, dict[str, list[str]]]] = [
        (
            tables.work_orders,
            "work_order",
            {"status": ["queued", "in_progress", "cancelled"], "bucket": list(BUCKETS)},
        ),
        (tables.skus, "sku", {"work_order_id": ["WO-1", "WO-2"], "current_stage": list(STAGES[:2])}),
        (tables.receipts, "receipt", {"sku_id": ["SKU-1", "SKU-2"], "status": ["pass", "fail"]}),
        (tables.andon_events, "andon_event", {"status": ["open", "investigating"], "stage": [STAGES[0]]}),
    ]
    for table, kind, indexes in every:
        own = {record_id: record for (of, record_id), record in model.items() if of == kind}
        assert {record_id: table.lookup(record_id) for record_id in own} == own
        assert table.lookup("WO-999999") is None
        assert table.match() == list(own.values())
        for index, values in indexes.items():
            for value in values:
                expected = [record for record in own.values() if getattr(record, index) == value]
                assert table.select(index, value) == table.match(**{index: value}) == expected
            some = [record for record in own.values() if getattr(record, index) in values]
            assert table.select(index, *values, newest_first=True, limit=3) == some[::-1][:3]


class Coherence(RuleBasedStateMachine):
    """Two stores that write, each with whole tables and with caches of two records."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.stores = [
            Store.create(self.folder, actor="alice", disk=QuickDisk()),
            Store.open(self.folder, actor="bob", disk=QuickDisk()),
        ]
        self.tables = [store.tables(limit) for store in self.stores for limit in (100, 2)]
        self.wrote: int | None = None

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    def do(self, number: int, work: Callable[[Store], object]) -> None:
        """A refusal is as good as a success: nothing is written."""
        self.wrote = number
        with contextlib.suppress(TcpsError):
            work(self.stores[number])

    @rule(number=STORES, title=TITLES, bucket=st.sampled_from(list(BUCKETS)))
    def order(self, number: int, title: str, bucket: str) -> None:
        self.do(number, lambda store: shop.order(store, title, bucket=bucket))

    @rule(number=STORES, order=NUMBERS, title=TITLES)
    def change(self, number: int, order: int, title: str) -> None:
        def update(store: Store) -> None:
            with store.transaction() as draft:
                order_updates.update(draft, f"WO-{order}", {"title": title}, None)

        self.do(number, update)

    @rule(number=STORES, order=NUMBERS)
    def delete(self, number: int, order: int) -> None:
        self.do(number, lambda store: store.delete_work_order(f"WO-{order}"))

    @rule(number=STORES, order=NUMBERS)
    def cancel(self, number: int, order: int) -> None:
        def cancel(store: Store) -> None:
            with store.transaction() as draft:
                work_orders.cancel(draft, f"WO-{order}", "no more")

        self.do(number, cancel)

    @rule(number=STORES, order=NUMBERS)
    def sku(self, number: int, order: int) -> None:
        self.do(number, lambda store: store.store_sku({"work_order_id": f"WO-{order}"}))

    @rule(number=STORES, sku=st.integers(1, 2), passes=st.booleans())
    def receipt(self, number: int, sku: int, passes: bool) -> None:
        metrics = {"shacl_conforms": passes, "shacl_violations": 0}

        def run(store: Store) -> None:
            with store.transaction() as draft:
                pipeline.run(draft, pipeline.read_run(sku_id=f"SKU-{sku}", stage=STAGES[0], metrics=metrics))

        self.do(number, run)

    @rule(number=STORES, event=st.integers(1, 2))
    def investigate(self, number: int, event: int) -> None:
        def investigate(store: Store) -> None:
            with store.transaction() as draft:
                andon.investigate(draft, f"ANDON-{event}")

        self.do(number, investigate)

    @rule(number=STORES, order=NUMBERS, fails=st.booleans())
    def several(self, number: int, order: int, fails: bool) -> None:
        """A batch, of which the last transaction fails, or the whole."""

        def write(store: Store) -> None:
            with store.batch():
                shop.order(store, "first of a batch")
                with store.transaction():
                    shop.order(store, "second of a batch")
                    store.delete_work_order(f"WO-{order}")
                if fails:
                    store.get_work_order("WO-99")

        self.do(number, write)

    @rule()
    def remove_the_index(self) -> None:
        """Always a safe repair."""
        with self.stores[0].engine.fold.locked():
            self.stores[0].engine.fold.discard()

    @rule(number=st.integers(0, 3), order=NUMBERS)
    def look_up(self, number: int, order: int) -> None:
        """Moves the use of records on, and reads through."""
        found = self.tables[number].work_orders.lookup(f"WO-{order}")
        assert found is None or found.id == f"WO-{order}"

    @rule(number=st.integers(0, 3))
    def refresh_one(self, number: int) -> None:
        self.tables[number].refresh()
        agrees(self.tables[number], records(self.folder))

    @precondition(lambda self: self.wrote is not None)
    @rule()
    def own_writes_are_seen_without_a_refresh(self) -> None:
        number = self.wrote or 0
        self.stores[number].store_work_order({"title": "own"})
        model = records(self.folder)
        for tables in self.tables[2 * number : 2 * number + 2]:
            agrees(tables, model)

    @invariant()
    def no_table_is_larger_than_it_may_be(self) -> None:
        for tables in self.tables[1::2]:
            assert len(tables.work_orders) <= 2
            assert len(tables.receipts) <= 2

    @rule()
    def refresh_all(self) -> None:
        model = records(self.folder)
        for tables in self.tables:
            tables.refresh()
            agrees(tables, model)
        assert list(self.stores[0].list_work_orders()) == [
            r for (k, _), r in model.items() if k == "work_order"
        ]


TestCoherence = Coherence.TestCase
TestCoherence.settings = settings(
    max_examples=400 if DEEP else 40, stateful_step_count=40, deadline=None, derandomize=not DEEP
)
