"""Tables: look-ups by id and selects by status of records in memory, beside a dict, SQLite, and the store."""

import random
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tcps.canonical import file_bytes, plain
from tcps.model import WorkOrder, WorkOrderStatus
from tcps.store import Store
from tests.bench import load
from tests.bench.measure import Sample, fresh, isolated, peak_kib, taking_turns
from tests.bench.report import Aim, Section, Table, mib, ms, times

_TOGETHER = 10_000
_RARE = 100
"""One order of so many is cancelled."""
_SOME = 100
"""So many look-ups or selects are timed where each takes long."""
Case = Callable[[], object]
_DICT, _TABLE, _CACHE = "a dict", "tables, whole", "tables, a cache, what it holds"
_SQLITE, _STORE = "SQLite in memory", "the store"
_MADE, _ROWS = "SQLite in memory, made a record", "SQLite in memory, rows"


class Size(NamedTuple):
    """How many orders there are, how many are looked up in a round, and how many rounds there are."""

    records: int = 100_000
    lookups: int = 100_000
    rounds: int = 7


QUICK = Size(records=1000, lookups=1000, rounds=3)


class Found(NamedTuple):
    """Seconds of each case of each subject, and what it took to fill the table."""

    lookups: dict[str, Sample]
    selects: dict[str, dict[str, Sample]]
    counts: dict[str, int]
    following: dict[str, Sample]
    filled_seconds: float
    filled_kib: int


def section(folder: Path, quick: bool) -> Section:
    """Measure everything in `folder`."""
    size = QUICK if quick else Size()
    place = fresh(folder)
    isolated(_made, place, size.records)
    return _section(size, isolated(_measured, place, size).value)


def _made(place: Path, count: int) -> None:
    """Queued orders, some of which are cancelled."""
    with Store.create(place, actor="bench") as store:
        demands = load.demands(count)
        for start in range(0, count, _TOGETHER):
            with store.batch():
                for demand in demands[start : start + _TOGETHER]:
                    order = store.store_work_order(demand)
                    if int(order.id[3:]) % _RARE == 0:
                        store.production.cancel_work_order(order.id, "no more")


def _measured(place: Path, size: Size) -> Found:
    with Store.open(place, actor="bench") as store:
        before, start = peak_kib(), time.perf_counter()
        tables = store.tables(size.records)
        orders = tables.work_orders.match()
        filled, held = time.perf_counter() - start, peak_kib() - before
        if len(orders) != size.records:
            raise RuntimeError(f"{size.records} orders should be there: {len(orders)}")
        cache = store.tables(size.records // 2)
        for order in orders[: size.records // 2]:
            cache.work_orders.lookup(order.id)
        sqlite = _sqlite(orders)
        statuses = {"rare": WorkOrderStatus.CANCELLED, "common": WorkOrderStatus.QUEUED}
        ways = {_TABLE: tables, _CACHE: cache}
        return Found(
            lookups=_lookups(size, store, orders, ways, sqlite),
            selects={
                name: _selects(size, store, orders, tables, sqlite, status)
                for name, status in statuses.items()
            },
            counts={name: sum(o.status is status for o in orders) for name, status in statuses.items()},
            following=_following(place, tables),
            filled_seconds=filled,
            filled_kib=held,
        )


def _sqlite(orders: list[WorkOrder]) -> sqlite3.Connection:
    """The same records as JSON in a database in memory, with an index of their status."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE record (n INTEGER PRIMARY KEY, id TEXT UNIQUE, status TEXT, content BLOB)")
    db.execute("CREATE INDEX record_status ON record (status)")
    rows = ((n, o.id, o.status.value, file_bytes(plain(o))) for n, o in enumerate(orders))
    db.executemany("INSERT INTO record VALUES (?,?,?,?)", rows)
    return db


def _lookups(
    size: Size, store: Store, orders: list[WorkOrder], tables: dict[str, Any], db: sqlite3.Connection
) -> dict[str, Sample]:
    """Seconds of one look-up, ids in random order, each text a new one as if it came from outside."""
    chance = random.Random(load.SEED)
    numbers = [chance.randint(1, size.records) for _ in range(size.lookups)]
    half = [chance.randint(1, size.records // 2) for _ in range(size.lookups)]
    decode = msgspec.json.Decoder(WorkOrder).decode
    sql = "SELECT content FROM record WHERE id=?"
    held = {order.id: order for order in orders}
    cases: dict[str, tuple[Callable[[str], object], list[int]]] = {
        _DICT: (held.get, numbers),
        _TABLE: (tables[_TABLE].work_orders.lookup, numbers),
        _CACHE: (tables[_CACHE].work_orders.lookup, half),
        _SQLITE: (lambda one: db.execute(sql, (one,)).fetchone(), numbers),
        _MADE: (lambda one: decode(db.execute(sql, (one,)).fetchone()[0]), numbers),
        _STORE: (store.get_work_order, numbers[:_SOME]),
    }
    timed = {name: partial(_each, *case) for name, case in cases.items()}
    return {name: Sample(values) for name, values in taking_turns(timed, size.rounds).items()}


def _each(look_up: Callable[[str], object], numbers: list[int]) -> float:
    ids = [f"WO-{number}" for number in numbers]
    start = time.perf_counter()
    for one in ids:
        look_up(one)
    return (time.perf_counter() - start) / len(ids)


def _selects(
    size: Size,
    store: Store,
    orders: list[WorkOrder],
    tables: Any,
    db: sqlite3.Connection,
    status: WorkOrderStatus,
) -> dict[str, Sample]:
    """Seconds of one select of all records of a status."""
    decode = msgspec.json.Decoder(WorkOrder).decode
    sql = "SELECT content FROM record WHERE status=? ORDER BY n"
    cases: dict[str, Case] = {
        "a scan of a list": lambda: [order for order in orders if order.status is status],
        _TABLE: lambda: tables.work_orders.select("status", status),
        _ROWS: lambda: db.execute(sql, (status.value,)).fetchall(),
        _SQLITE: lambda: [decode(content) for (content,) in db.execute(sql, (status.value,))],
        _STORE: lambda: store.list_work_orders_by_status(status),
    }
    timed = {name: partial(_seconds, case) for name, case in cases.items()}
    slow = {_STORE: timed.pop(_STORE)}
    found = taking_turns(timed, size.rounds) | taking_turns(slow, 1)
    return {name: Sample(values) for name, values in found.items()}


def _following(place: Path, tables: Any) -> dict[str, Sample]:
    """Seconds of a refresh with nothing new, and of one that takes a commit of another store."""
    with Store.open(place, actor="other") as other:
        return {
            "nothing new": Sample(_seconds(tables.refresh) for _ in range(10 * _SOME)),
            "one commit of another": Sample(_followed(other, tables, number) for number in range(_SOME)),
        }


def _followed(other: Store, tables: Any, number: int) -> float:
    order = other.get_work_order("WO-1")
    change = {"work_order_id": order.id, "revision": order.revision, "title": f"changed {number}"}
    changed = other.update_work_order(change)
    spent = _seconds(tables.refresh)
    if tables.work_orders.lookup(order.id) != changed:
        raise RuntimeError("the refresh missed a commit")
    return spent


def _seconds(case: Case) -> float:
    start = time.perf_counter()
    case()
    return time.perf_counter() - start


def _section(size: Size, found: Found) -> Section:
    text = (
        f"{size.records:,} work orders of about a kilobyte, one of {_RARE} cancelled, the others queued. "
        f"A look-up is one of {size.lookups:,} by random ids, each a text that was just made; the cache has "
        "half of the orders, and is asked for those. A select gives every record of a status, oldest first; "
        "SQLite has the records as JSON in memory, indexed by status, and makes records of its rows where "
        "they are not called rows. Filling the table read all files in "
        f"{found.filled_seconds:.1f} s and took {mib(found.filled_kib)}. {size.rounds} rounds; the store's "
        "own select once."
    )
    selects = [
        _table(f"{name}: select {found.counts[name]:,} of {size.records:,}", samples, _TABLE, ms)
        for name, samples in found.selects.items()
    ]
    tables = [
        _table("look-up by id", found.lookups, _DICT, _fine),
        *selects,
        _table("refresh", found.following, "nothing new", _fine),
    ]
    return Section("tables", "Tables", text, tables, _figures(size, found), _aims(found))


def _table(title: str, samples: dict[str, Sample], base: str, shown: Callable[[float], str]) -> Table:
    rows = [
        (
            name,
            shown(sample.median),
            shown(sample.iqr),
            shown(sample.best),
            times(sample.best / samples[base].best),
        )
        for name, sample in samples.items()
    ]
    return Table(("case", "median", "IQR", "fastest", f"fastest, to {base}"), rows, title)


def _fine(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs"


def _figures(size: Size, found: Found) -> dict[str, Any]:
    return {
        "size": size._asdict(),
        "lookups": _as_json(found.lookups),
        "selects": {name: _as_json(samples) for name, samples in found.selects.items()},
        "selected": found.counts,
        "following": _as_json(found.following),
        "filled_s": found.filled_seconds,
        "filled_kib": found.filled_kib,
    }


def _as_json(samples: dict[str, Sample]) -> dict[str, Any]:
    return {name: sample.as_json() for name, sample in samples.items()}


def _aims(found: Found) -> list[Aim]:
    lookups, common = found.lookups, found.selects["common"]
    return [
        Aim("a look-up in tables, to a dict", 3.0, lookups[_TABLE].best / lookups[_DICT].best, "times"),
        Aim(
            "a select by status in tables, to SQLite in memory",
            1.0,
            common[_TABLE].best / common[_SQLITE].best,
            "times",
        ),
    ]
