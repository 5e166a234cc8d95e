"""Levelling: schedules of growing queues, what is next in them, and orders worked in schedule order."""

import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, NamedTuple

from tcps.rules import heijunka
from tcps.rules.heijunka import Recent
from tcps.service import levelling, line, orders
from tcps.store import Store
from tests.bench import load
from tests.bench.measure import Sample, fresh, isolated, taking_turns
from tests.bench.report import Aim, Section, Table, ms, times, us

_TOGETHER = 10_000
_WORKED = 20
Case = Callable[[], object]


class Size(NamedTuple):
    """How many orders are queued, step by step, and how often each case is measured."""

    queued: tuple[int, ...] = (10, 50, 100, 500, 1000, 10_000, 100_000)
    rounds: int = 5


QUICK = Size(queued=(10, 50, 100, 500, 1000), rounds=3)
_CASES = {
    "schedule": "tcps: read the queues, schedule, score",
    "rule": "the rule alone",
    "sorted": "the same orders sorted by priority",
    "next": "tcps: what is next",
}


def section(folder: Path, quick: bool) -> Section:
    """Measure everything in `folder`."""
    size = QUICK if quick else Size()
    samples = {
        queued: isolated(_measured, fresh(folder), queued, size.rounds).value for queued in size.queued
    }
    worked = taking_turns(
        {
            "in schedule order": lambda: isolated(_worked, fresh(folder), True).value,
            "in random order": lambda: isolated(_worked, fresh(folder), False).value,
        },
        size.rounds,
    )
    return _section(size, samples, {name: Sample(values) for name, values in worked.items()})


def _measured(place: Path, queued: int, rounds: int) -> dict[str, Sample]:
    """Seconds of every case, on one store with so many queued orders."""
    with Store.create(place, actor="bench") as store:
        _queue(store, queued)
        with store.view() as view:
            queues = view.queues()
        waiting = [order for queue in queues.values() for order in queue]
        cases: dict[str, Case] = {
            "schedule": partial(_whole, store, queued),
            "rule": lambda: heijunka.schedule(queues, Recent(), 2),
            "sorted": partial(_by_priority, waiting),
            "next": partial(levelling.upcoming, store),
        }
        timed = {name: partial(_seconds, case) for name, case in cases.items()}
        return {name: Sample(values) for name, values in taking_turns(timed, rounds).items()}


def _queue(store: Store, count: int) -> None:
    demands = load.demands(count)
    for start in range(0, count, _TOGETHER):
        with store.batch():
            for demand in demands[start : start + _TOGETHER]:
                store.store_work_order(demand)


def _whole(store: Store, queued: int) -> None:
    """A figure counts only if every order has its slot."""
    found = len(levelling.schedule(store)["slots"])
    if found != queued:
        raise RuntimeError(f"{queued} orders are queued, {found} are scheduled")


def _by_priority(waiting: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(waiting, key=lambda order: -order[1])


def _seconds(case: Case) -> float:
    start = time.perf_counter()
    case()
    return time.perf_counter() - start


def _worked(place: Path, levelled: bool) -> float:
    """Seconds to bring orders from their start through all stages to publication, in one of two orders."""
    with Store.create(place, actor="bench") as store:
        load.lift_wip_limits(store)
        _queue(store, _WORKED)
        ids = [slot["work_order_id"] for slot in levelling.schedule(store)["slots"]]
        if not levelled:
            random.Random(load.SEED).shuffle(ids)
        start = time.perf_counter()
        for order_id in ids:
            orders.start(store, order_id)
            _publish(store, order_id)
        return time.perf_counter() - start


def _publish(store: Store, order_id: str) -> None:
    sku_id = line.create_sku(store, order_id)["sku_id"]
    for run in load.runs([sku_id]):
        load.run(store, run)
    line.publish(store, sku_id)


def _section(size: Size, samples: dict[int, dict[str, Sample]], worked: dict[str, Sample]) -> Section:
    text = (
        "Queued orders of six buckets and ten priorities, in a store. The schedule is read from the index: "
        "no record is read. Per step, the ratio of the times is divided by that of the sizes: below 1 where "
        "what is done once weighs more, 1 where time grows as the number of orders does, and no more than "
        "the last column where it grows no faster than n log n. "
        f"{_WORKED} orders are worked one after another: started, ten receipts, published. "
        f"{size.rounds} rounds."
    )
    tables, figures = [_schedules(samples), _order_of_work(worked)], _figures(size, samples, worked)
    return Section("levelling", "Levelling", text, tables, figures, _aims(samples, worked))


def _schedules(samples: dict[int, dict[str, Sample]]) -> Table:
    head = ("queued", *_CASES.values(), "an order", "ratio of the step", "n log n")
    rows = []
    allowed = (log(larger) / log(smaller) for smaller, larger in pairwise(samples))
    for queued, ratio, bound in zip(samples, (None, *_ratios(samples)), (None, *allowed), strict=True):
        own = samples[queued]
        shown = [ms(own[name].median) for name in _CASES]
        each = us(own["schedule"].median / queued)
        grown = ["" if one is None else times(one) for one in (ratio, bound)]
        rows.append((f"{queued:,}", *shown, each, *grown))
    return Table(head, rows)


def _ratios(samples: dict[int, dict[str, Sample]]) -> Iterable[float]:
    """For each step, how much more time a schedule takes, to how many more orders there are."""
    for smaller, larger in pairwise(samples):
        before, after = (samples[queued]["schedule"].best for queued in (smaller, larger))
        yield (after / before) / (larger / smaller)


def _order_of_work(worked: dict[str, Sample]) -> Table:
    rows = [(name, ms(sample.median), ms(sample.iqr), ms(sample.best)) for name, sample in worked.items()]
    return Table((f"{_WORKED} orders", "median", "IQR", "fastest"), rows)


def _figures(size: Size, samples: dict[int, dict[str, Sample]], worked: dict[str, Sample]) -> dict[str, Any]:
    return {
        "rounds": size.rounds,
        "schedules": {str(queued): _as_json(own) for queued, own in samples.items()},
        "worked": _as_json(worked),
    }


def _as_json(samples: dict[str, Sample]) -> dict[str, Any]:
    return {name: sample.as_json() for name, sample in samples.items()}


def _aims(samples: dict[int, dict[str, Sample]], worked: dict[str, Sample]) -> list[Aim]:
    levelled, shuffled = worked["in schedule order"].best, worked["in random order"].best
    return [
        Aim("a schedule, time ratio to size ratio of the worst step", 2.0, max(_ratios(samples)), "times"),
        Aim("orders in schedule order, to a random order", 1.2, levelled / shuffled, "times"),
    ]
