"""Bulk: work orders and receipts in batches and one by one, beside bare appends, git and SQLite."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tcps.service import line
from tcps.store import Store
from tests.bench import load
from tests.bench.measure import Measured, Sample, fresh, isolated, taking_turns
from tests.bench.report import Aim, Section, Table, mib, times, us

_ORDERS, _RECEIPTS = "work orders", "receipts"
_ACTIONS = {_ORDERS: "work_order.create", _RECEIPTS: "sku.run"}
Seconds = dict[str, float]


class Size(NamedTuple):
    """How much is made: `skus` SKUs get ten receipts each, and once `many` in one batch."""

    orders: int = 1000
    skus: int = 500
    commits: int = 200
    rounds: int = 3
    many: int = 10_000

    def counts(self) -> dict[str, int]:
        return {_ORDERS: self.orders, _RECEIPTS: 10 * self.skus}


QUICK = Size(orders=100, skus=20, commits=20, rounds=2, many=50)


def section(folder: Path, quick: bool) -> Section:
    """Measure everything in `folder`."""
    size = QUICK if quick else Size()
    lines = _sample_lines(folder, size)
    cases: dict[str, Callable[[], Measured]] = {
        "tcps, in a batch": partial(_measured, folder, _tcps, size, True),
        "tcps, one by one": partial(_measured, folder, _tcps, size, False),
        "append, one sync for all": partial(_measured, folder, _appends, lines, False),
        "append + file each, one sync for all": partial(_measured, folder, _appends_and_files, lines),
        "append, a sync each": partial(_measured, folder, _appends, lines, True),
        "git add + git commit": partial(_measured, folder, _commits, lines, size.commits),
    }
    results = taking_turns(cases, size.rounds)
    costs = {name: _costs(runs) for name, runs in results.items()}
    return _section(size, lines, costs, _many(folder, Size(orders=size.many, skus=size.many)))


class Cost(NamedTuple):
    """What one case costs a record, by kind of record, and the most memory that it held."""

    seconds: dict[str, Sample]
    peak_kib: int


def _costs(runs: list[Measured]) -> Cost:
    seconds = {kind: Sample(run.value[kind] for run in runs) for kind in runs[0].value}
    return Cost(seconds, max(run.peak_kib for run in runs))


def _measured(folder: Path, work: Callable[..., Seconds], *arguments: Any) -> Measured:
    return isolated(work, fresh(folder), *arguments)


def _tcps(place: Path, size: Size, batched: bool) -> Seconds:
    """Seconds a record; with `batched`, the orders are one batch and the receipts are one."""
    with Store.create(place, actor="bench") as store:
        load.lift_wip_limits(store)
        together: Callable[[], AbstractContextManager[None]] = store.batch if batched else nullcontext
        demands = load.demands(size.orders)
        start = time.perf_counter()
        with together():
            orders = [store.store_work_order(demand).id for demand in demands]
        made = time.perf_counter() - start
        with store.batch():
            skus = [line.create_sku(store, order)["sku_id"] for order in orders[: size.skus]]
        run = _receipts(store, skus, together)
        _require_whole(store, size)
    return {_ORDERS: made / size.orders, _RECEIPTS: run / (10 * size.skus)}


def _receipts(store: Store, skus: list[str], together: Callable[[], AbstractContextManager[None]]) -> float:
    runs = list(load.runs(skus))
    start = time.perf_counter()
    with together():
        for run in runs:
            load.run(store, run)
    return time.perf_counter() - start


def _require_whole(store: Store, size: Size) -> None:
    """A figure counts only if every SKU went through all its stages."""
    with store.view() as view:
        done = view.counts("sku", "status")
    if done != {"completed": size.skus}:
        raise RuntimeError(f"{size.skus} SKUs should be completed: {done}")


def _sample_lines(folder: Path, size: Size) -> Path:
    """The ledger of such a load: the bare appends write the very same bytes."""
    place, kept = fresh(folder), folder / "lines.jsonl"
    isolated(_tcps, place, size, True)
    return _kept_lines(place, kept)


def _kept_lines(place: Path, kept: Path) -> Path:
    ledger = sorted(Path(place, ".tcps", "ledger").glob("*.jsonl"))
    kept.write_bytes(b"".join(segment.read_bytes() for segment in ledger))
    return kept


def _by_kind(lines: Path) -> dict[str, list[bytes]]:
    read = [(orjson.loads(content)["action"], content) for content in lines.read_bytes().splitlines(True)]
    return {kind: [content for action, content in read if action == _ACTIONS[kind]] for kind in _ACTIONS}


def _appends(place: Path, lines: Path, sync_each: bool) -> Seconds:
    """The floor: a bare loop of append and fdatasync."""
    return {kind: _append(place / "log", content, sync_each) for kind, content in _by_kind(lines).items()}


def _append(path: Path, content: Iterable[bytes], sync_each: bool) -> float:
    content = list(content)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    start = time.perf_counter()
    for item in content:
        os.write(fd, item)
        if sync_each:
            os.fdatasync(fd)
    os.fdatasync(fd)
    spent = time.perf_counter() - start
    os.close(fd)
    return spent / len(content)


def _appends_and_files(place: Path, lines: Path) -> Seconds:
    """A floor that also leaves a file a record, written beside and renamed, not synced."""
    return {
        kind: _append(place / "log", content, False) + _write_files(place, content)
        for kind, content in _by_kind(lines).items()
    }


def _write_files(place: Path, content: list[bytes]) -> float:
    start = time.perf_counter()
    for number, item in enumerate(content):
        temp = place / ".temp"
        fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, item)
        os.close(fd)
        os.rename(temp, place / f"{number}.json")
    return (time.perf_counter() - start) / len(content)


def _commits(place: Path, lines: Path, count: int) -> Seconds:
    """Seconds a commit of one new file; git's own settings of what it syncs."""
    name = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0")
    git = partial(subprocess.run, cwd=place, check=True, stdout=subprocess.DEVNULL)
    git(["git", "init", "-q"])
    spent: Seconds = {}
    for kind, content in _by_kind(lines).items():
        start = time.perf_counter()
        for number, item in enumerate(content[:count]):
            path = place / f"{kind[0]}{number}.json"
            path.write_bytes(item)
            git(["git", "add", path.name])
            git(["git", *name, "commit", "-q", "-m", path.name])
        spent[kind] = (time.perf_counter() - start) / min(count, len(content))
    return spent


def _many(folder: Path, size: Size) -> dict[str, float]:
    """Seconds a receipt when all of them are one batch, one commit, one transaction; each case once."""
    place = fresh(folder)
    spent = isolated(_tcps, place, size, True).value[_RECEIPTS]
    lines = _kept_lines(place, folder / "many.jsonl")
    return {
        "tcps, one batch": spent,
        "git fast-import, one commit": _measured(folder, _fast_import, lines).value,
        "SQLite, one durable transaction": _measured(folder, _sqlite, lines).value,
    }


def _fast_import(place: Path, lines: Path) -> float:
    """Seconds a file of one commit; git syncs the pack, by its own settings."""
    content = _by_kind(lines)[_RECEIPTS]
    files = (b"M 100644 inline %d.json\ndata %d\n%b\n" % (n, len(c), c) for n, c in enumerate(content))
    head = b"commit refs/heads/main\ncommitter bench <bench@example.invalid> 0 +0000\ndata 0\n"
    stream = head + b"".join(files)
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    start = time.perf_counter()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=stream, check=True)
    return (time.perf_counter() - start) / len(content)


def _sqlite(place: Path, lines: Path) -> float:
    """Seconds a row of one transaction, synced at its end."""
    content = _by_kind(lines)[_RECEIPTS]
    with closing(sqlite3.connect(place / "plain.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE receipt (n INTEGER PRIMARY KEY, line BLOB)")
        start = time.perf_counter()
        db.execute("BEGIN")
        db.executemany("INSERT INTO receipt (line) VALUES (?)", ((line,) for line in content))
        db.execute("COMMIT")
        return (time.perf_counter() - start) / len(content)


def _section(size: Size, lines: Path, costs: dict[str, Cost], many: dict[str, float]) -> Section:
    sizes = {kind: sum(map(len, found)) / len(found) for kind, found in _by_kind(lines).items()}
    text = (
        f"{size.orders} work orders, then {size.skus} SKUs with all ten stages: {10 * size.skus} receipts, "
        "each judged by its gate, chained, and its SKU moved on, in one transaction. In a batch: all orders "
        "under one sync, all receipts under one. One by one: a sync each. The appends "
        "write the same bytes as the ledger, "
        f"{sizes[_ORDERS]:.0f} bytes an order and {sizes[_RECEIPTS]:.0f} a receipt. git makes "
        f"{size.commits} commits of each kind, one new file each, two processes a commit, with its default "
        "`core.fsync`; its figure is per commit. Cases take turns, each in a new process; "
        f"{size.rounds} rounds. Then {10 * size.many:,} receipts at once, each case once: "
        "git and SQLite take the same lines, a file or a row each, judge nothing and look nothing up."
    )
    tables = [*(_table(kind, costs) for kind in _ACTIONS), _table_of_many(size, many)]
    figures = _figures(size, sizes, costs) | {"seconds_per_receipt_of_many": many}
    return Section("bulk", "Bulk", text, tables, figures, _aims(costs))


def _table_of_many(size: Size, many: dict[str, float]) -> Table:
    rows = [(name, us(seconds), f"{1 / seconds:,.0f}") for name, seconds in many.items()]
    return Table(("case", "a receipt", "receipts/s"), rows, f"{10 * size.many:,} receipts at once")


def _table(kind: str, costs: dict[str, Cost]) -> Table:
    together = costs["append, one sync for all"].seconds[kind].median
    each = costs["append, a sync each"].seconds[kind].median
    head = (
        "case",
        "a record",
        "IQR",
        "fastest",
        "records/s",
        "to append, one sync",
        "to append, a sync each",
        "peak",
    )
    return Table(head, [_row(name, cost, kind, together, each) for name, cost in costs.items()], kind)


def _row(name: str, cost: Cost, kind: str, together: float, each: float) -> tuple[str, ...]:
    sample = cost.seconds[kind]
    return (
        name,
        us(sample.median),
        us(sample.iqr),
        us(sample.best),
        f"{1 / sample.median:,.0f}",
        times(sample.median / together),
        times(sample.median / each),
        mib(cost.peak_kib),
    )


def _figures(size: Size, sizes: dict[str, float], costs: dict[str, Cost]) -> dict[str, Any]:
    cases = {
        name: {kind: sample.as_json() for kind, sample in cost.seconds.items()} | {"peak_kib": cost.peak_kib}
        for name, cost in costs.items()
    }
    return {"size": size._asdict(), "line_bytes": sizes, "seconds_per_record": cases}


def _aims(costs: dict[str, Cost]) -> list[Aim]:
    single, floor = (costs[name].seconds[_ORDERS] for name in ("tcps, one by one", "append, a sync each"))
    batch = costs["tcps, in a batch"].seconds[_RECEIPTS]
    return [
        Aim("a durable work order, to a bare append and sync", 1.5, single.best / floor.best, "times"),
        Aim("a receipt in a batch", 60, batch.best * 1e6, "µs"),
    ]
