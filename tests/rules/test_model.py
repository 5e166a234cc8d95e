"""Random production beside a plain model of the rules: every answer and every refusal is the same.

The model (`model.py`) was written from the domain alone. A sample with fixed seeds runs in the gate, many
more in the deep run (TCPS_DEEP=1).
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tcps.canonical import plain
from tcps.errors import TcpsError
from tcps.model import Bucket, Json, Stage, from_ms, to_ms
from tcps.rules import (
    andon,
    dependencies,
    kanban,
    pipeline,
    policy,
    pulling,
    signals,
    work_orders,
)
from tcps.service import due, levelling, orders, views
from tcps.store import Store
from tcps.store.filters import Filter
from tests.conftest import DEEP, FixedClock
from tests.rules.line import act, read_run
from tests.rules.model import BUCKETS, FAILURES, HOUR, SEVERITIES, STAGES, Model, Record, Refusal

SEEDS = range(2000 if DEEP else 12)
STEPS = 400
NAMES = ("app", "App", "lib", "tool", "SKU-3")


# The operations, on a store


def create(draft: Any, *values: Any) -> Any:
    names = ("bucket", "priority", "source", "depends_on", "due_on", "sku_id")
    fields = {name: value for name, value in zip(names, values[:-1], strict=True) if value is not None}
    return work_orders.create(draft, signals.read_demand({"title": "t"} | fields), start_now=values[-1]).order


def pull(draft: Any, bucket: str | None) -> Any:
    return pulling.pull(draft, None if bucket is None else Bucket(bucket))


def record(draft: Any, sku_id: str, stage: Any, good: bool, stated: str) -> Any:
    return pipeline.record(draft, read_run(sku_id, Stage(stage), None if good else {}, status=stated)).sku


def run(draft: Any, sku_id: str, stage: Any, good: bool, stated: str) -> Any:
    return pipeline.run(draft, read_run(sku_id, Stage(stage), None if good else {}, status=stated)).sku


def trigger(draft: Any, *values: Any) -> Any:
    names = ("sku_id", "failure_type", "stage", "severity", "work_order_id")
    return andon.trigger(draft, **dict(zip(names, values, strict=True)))


def resolve(draft: Any, andon_id: str, cause: str) -> Any:
    return andon.resolve(draft, andon_id, root_cause=cause, fix_applied="f", prevention_added="p")


OPERATIONS: dict[str, Callable[..., Any]] = {
    "create": create,
    "start": work_orders.start,
    "pull": pull,
    "complete": work_orders.complete,
    "cancel": work_orders.cancel,
    "add_dependency": dependencies.add,
    "remove_dependency": dependencies.remove,
    "update": work_orders.update,
    "reorder": lambda draft, bucket, ids: kanban.reorder(draft, Bucket(bucket), ids),
    "delete": work_orders.delete,
    "set_limit": lambda draft, bucket, limit: kanban.set_limit(draft, Bucket(bucket), limit or "unlimited"),
    "change_setting": policy.change,
    "create_sku": pipeline.create,
    "record": record,
    "run": run,
    "advance": pipeline.advance,
    "publish": pipeline.publish,
    "abort": pipeline.abort,
    "trigger": trigger,
    "investigate": andon.investigate,
    "resolve": resolve,
}


# What is done: mostly what can be, sometimes what cannot


class Choice:
    """Draws the next operation and what it is given."""

    def __init__(self, random: Random, model: Model) -> None:
        self.random = random
        self.model = model

    def step(self) -> tuple[str, Record]:
        names, weights = zip(*WEIGHTS.items(), strict=True)
        (name,) = self.random.choices(names, weights)
        while not self.has_use(name) and not self.one_in(12):
            (name,) = self.random.choices(names, weights)
        return name, getattr(self, name)()

    def has_use(self, name: str) -> bool:
        """Whether there is a record of the status that the operation is for."""
        records = [*self.model.orders.values(), *self.model.skus.values(), *self.model.andons.values()]
        return name not in USES or any(USES[name](record) for record in records)

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def order(self, *wanted: str) -> str:
        """The id of an order, mostly of one of the statuses that are wanted."""
        table = self.model.orders
        fitting = [o for o, order in table.items() if order["status"] in wanted]
        if fitting and not self.one_in(5):
            return self.random.choice(fitting)
        return self.random.choice([*table, f"WO-{self.model.given['WO'] + 1}"])

    def sku(self, *wanted: str) -> str:
        table = self.model.skus
        fitting = [s for s, sku in table.items() if sku["status"] in wanted]
        if fitting and not self.one_in(15):
            several = fitting if self.one_in(2) else self.random.choices(fitting, k=2)
            return max(several, key=lambda s: table[s]["receipt_count"])
        return "nothing" if self.one_in(8) or not table else self.random.choice([*table])

    def event(self) -> str:
        table = self.model.andons
        fitting = [a for a, event in table.items() if event["status"] != "resolved"]
        if fitting and not self.one_in(5):
            return self.random.choice(fitting)
        return self.random.choice([*table, f"ANDON-{self.model.given['ANDON'] + 1}"])

    def bucket(self) -> str:
        return self.random.choice(BUCKETS[:3] if self.random.random() < 0.8 else BUCKETS)

    def moment(self) -> str:
        hours = self.random.choice((-1, 1, 10, 24, 100, 1000))
        return from_ms(to_ms(self.model.now) + hours * HOUR)

    def name(self) -> str | None:
        return self.random.choice(NAMES) if self.one_in(3) else None

    def create(self) -> Record:
        dependencies_ = [
            self.order("queued", "in_progress") for _ in range(self.random.choice((0, 0, 0, 1, 2)))
        ]
        return {
            "bucket": self.bucket(),
            "priority": None if self.one_in(3) else self.random.randint(1, 10),
            "source": f"source {self.random.randrange(60)}" if self.one_in(3) else None,
            "depends_on": tuple(dependencies_),
            "due_on": self.moment() if self.one_in(4) else None,
            "sku_id": self.random.choice(NAMES[:4]) if self.one_in(5) else None,
            "start": self.one_in(8),
        }

    def start(self) -> Record:
        return {"order_id": self.order("queued")}

    def pull(self) -> Record:
        return {"bucket": self.bucket() if self.one_in(3) else None}

    def complete(self) -> Record:
        sku = self.sku("published") if self.one_in(3) else None
        return {"order_id": self.order("in_progress"), "sku_id": sku}

    def cancel(self) -> Record:
        reason = " " if self.one_in(6) else " no use"
        built = [sku["work_order_id"] for sku in self.model.skus.values() if sku["status"] == "published"]
        order_id = self.random.choice([*built[-1:], *(self.order("queued", "blocked") for _ in range(3))])
        return {"order_id": order_id, "reason": reason}

    def add_dependency(self) -> Record:
        return {"order_id": self.order("queued", "in_progress"), "on": self.order("queued", "in_progress")}

    def remove_dependency(self) -> Record:
        order_id = self.order("blocked")
        edges = self.model.orders.get(order_id, {}).get("depends_on", ())
        return {"order_id": order_id, "on": self.random.choice([*edges, self.order()])}

    def update(self) -> Record:
        order_id = self.order("queued", "in_progress", "blocked")
        values = {
            "priority": self.random.randint(0 if self.one_in(9) else 1, 10),
            "bucket": self.bucket(),
            "due_on": None if self.one_in(3) else self.moment(),
            "sku_id": self.random.choice((*NAMES[:4], None)),
        }
        fields = self.random.sample(sorted(values), self.random.randint(1, 2))
        known = self.model.orders.get(order_id, {"revision": 1})["revision"]
        revision = None if self.one_in(2) else known + self.one_in(4)
        return {"order_id": order_id, "fields": {name: values[name] for name in fields}, "revision": revision}

    def reorder(self) -> Record:
        bucket = self.bucket()
        ids = list(self.model.queues[bucket])
        self.random.shuffle(ids)
        if ids and self.one_in(4):
            ids[0] = self.order("queued")
        return {"bucket": bucket, "ids": tuple(ids)}

    def delete(self) -> Record:
        return {"order_id": self.order("queued", "cancelled")}

    def set_limit(self) -> Record:
        return {"bucket": self.bucket(), "limit": self.random.choice((1, 2, 3, 5, None))}

    def change_setting(self) -> Record:
        flags = ("completion_requires_sku", "auto_publish")
        if self.one_in(2):
            return {"key": "max_consecutive", "value": self.random.randint(0, 4)}
        return {"key": self.random.choice(flags), "value": self.one_in(2)}

    def create_sku(self) -> Record:
        skus = self.model.skus.values()
        busy = [sku["work_order_id"] for sku in skus if sku["status"] == "in_production"]
        fitting = self.random.choice([*busy, self.order("queued", "in_progress")])
        return {"order_id": fitting, "sku_id": self.name()}

    def record(self) -> Record:
        sku_id = self.sku("in_production")
        stage = self.model.skus.get(sku_id, {"current_stage": STAGES[0]})["current_stage"]
        return {
            "sku_id": sku_id,
            "stage": self.random.choice(STAGES) if self.one_in(10) else stage,
            "good": not self.one_in(16),
            "stated": self.random.choice(("fail", "warning")) if self.one_in(25) else "pass",
        }

    run = record

    def advance(self) -> Record:
        return {"sku_id": self.sku("in_production")}

    def publish(self) -> Record:
        return {"sku_id": self.sku("completed")}

    def abort(self) -> Record:
        reason = "" if self.one_in(6) else "no use"
        return {"sku_id": self.sku("in_production", "completed"), "reason": reason}

    def trigger(self) -> Record:
        return {
            "sku_id": self.random.choice([self.sku("in_production"), "elsewhere", self.order()]),
            "failure_type": "nothing" if self.one_in(15) else self.random.choice(list(FAILURES)),
            "stage": self.random.choice(STAGES) if self.one_in(3) else None,
            "severity": self.random.choice((*SEVERITIES, "none")) if self.one_in(3) else None,
            "work_order_id": self.order() if self.one_in(5) else None,
        }

    def investigate(self) -> Record:
        return {"andon_id": self.event()}

    def resolve(self) -> Record:
        return {"andon_id": self.event(), "cause": " " if self.one_in(8) else "a cause"}

    def sweep(self) -> Record:
        return {}

    def sla_check(self) -> Record:
        return {}

    def wait(self) -> Record:
        amounts = (1, 60_000, HOUR // 2, HOUR, 2 * HOUR, 5 * HOUR, 13 * HOUR, 30 * HOUR)
        return {"ms": self.random.choices(amounts, (9, 9, 9, 6, 4, 3, 2, 1))[0]}


WEIGHTS = {
    "create": 30,
    "start": 6,
    "pull": 8,
    "complete": 4,
    "cancel": 3,
    "add_dependency": 6,
    "remove_dependency": 4,
    "update": 8,
    "reorder": 4,
    "delete": 2,
    "set_limit": 3,
    "change_setting": 2,
    "create_sku": 8,
    "record": 3,
    "run": 90,
    "advance": 5,
    "publish": 12,
    "abort": 2,
    "trigger": 4,
    "investigate": 3,
    "resolve": 12,
    "sweep": 3,
    "sla_check": 3,
    "wait": 16,
}


USES: dict[str, Callable[[Record], bool]] = {
    "run": lambda record: record["status"] == "in_production",
    "record": lambda record: record["status"] == "in_production",
    "advance": lambda record: record["status"] == "in_production",
    "publish": lambda record: "current_stage" in record and record["status"] == "completed",
    "abort": lambda record: record["status"] == "in_production",
    "investigate": lambda record: "andon_id" in record and record["status"] == "open",
    "resolve": lambda record: "andon_id" in record and record["status"] != "resolved",
    "remove_dependency": lambda record: record["status"] == "blocked",
}
"""What the operations are for that seldom have something to do."""


# Beside each other


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_that_of_the_model(store: Store, clock: FixedClock, seed: int) -> None:
    model, random = Model(), Random(seed)
    choice, seen = Choice(random, model), set()
    with store.batch():
        for number in range(STEPS):
            model.now = clock.now
            name, given = choice.step()
            if name == "wait":
                clock.forward(**given)
                continue
            wanted, got = attempt_model(model, name, given), attempt(store, name, given)
            assert got == wanted, (number, name, given)
            seen.add((name, wanted if isinstance(wanted, str) else ""))
            compare_order_of_work(store, model)
            if number % 25 == 0:
                compare_records(store, model)
    compare_records(store, model)
    store.engine.fold.discard()  # an index made anew from the ledger says the same
    compare_order_of_work(store, model)
    compare_records(store, model)
    assert len(seen) > 30


def attempt_model(model: Model, name: str, given: Record) -> Any:
    """What the model answers: records, or the code of its refusal."""
    try:
        answer = model.do(name, **given)
    except Refusal as refusal:
        return refusal.code
    return [expected(model, one) for one in (answer if isinstance(answer, list | tuple) else [answer])]


def attempt(store: Store, name: str, given: Record) -> Any:
    """What the store answers, reduced to what the model knows."""
    try:
        answer = answered(store, name, given)
    except TcpsError as error:
        return error.code
    return [known(one) for one in (answer if isinstance(answer, list | tuple) else [answer])]


def answered(store: Store, name: str, given: Record) -> Any:
    if name == "sweep":
        return due.sweep(store)["andons"]
    if name == "sla_check":
        return due.check_slas(store)["andons"]
    answer = act(store, OPERATIONS[name], *given.values())
    return None if name in ("delete", "change_setting", "set_limit") else answer


def expected(model: Model, answer: str | None) -> Record | None:
    """The record with the id that the model gave."""
    tables: list[dict[str, Record]] = [model.orders, model.skus, model.andons]
    return None if answer is None else next(table[answer] for table in tables if answer in table)


def known(answer: Any) -> Record | None:
    """A record of the store as the model would have it."""
    if answer is None:
        return None
    stored: Json = answer if isinstance(answer, dict) else plain(answer)
    if "current_stage" in stored:
        return {name: stored[name] for name in SKU} | {"history": tuple(stored["history"])}
    if "andon_id" in stored:
        resolved = stored["resolution"]
        return {name: stored[name] for name in ANDON} | {
            "resolved_at": resolved["resolved_at"] if resolved else None
        }
    return {name: stored[name] for name in ORDER} | {
        "source": stored["pull_signal"]["source"],
        "depends_on": tuple(stored["depends_on"]),
    }


ORDER = [
    "work_order_id",
    "bucket",
    "priority",
    "status",
    "due_on",
    "sla_deadline",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "cancellation_reason",
    "sku_id",
    "sla_andon_id",
    "revision",
]
SKU = [
    "sku_id",
    "work_order_id",
    "status",
    "current_stage",
    "created_at",
    "updated_at",
    "receipt_count",
    "completed_at",
    "published_at",
    "marketplace_url",
    "ended_at",
    "end_reason",
    "revision",
]
ANDON = [
    "andon_id",
    "sku_id",
    "work_order_id",
    "stage",
    "failure_type",
    "severity",
    "status",
    "created_at",
    "occurrences",
    "last_occurrence_at",
    "investigating_at",
    "escalation_level",
    "escalated_at",
    "timed_out_at",
    "revision",
]


def compare_order_of_work(store: Store, model: Model) -> None:
    """The queues, the work in progress, the most recent starts, and what is next."""
    with store.view() as view:
        queues = {bucket.value: [order_id for order_id, _ in q] for bucket, q in view.queues().items()}
        current = {bucket: view.wip(Bucket(bucket)) for bucket in BUCKETS}
        recent = view.recent()
        next_ = pulling.upcoming(view) if any(queues.values()) else None
    assert queues == model.queues
    assert current == {bucket: model.wip(bucket) for bucket in BUCKETS}
    assert recent == model.recent()
    assert [next_] == (model.schedule()[:1] or [None])


def compare_records(store: Store, model: Model) -> None:
    """Every record, what is derived of it, the schedule, and the lists by SLA status."""
    model.now = store.engine.clock()
    with store.view() as view:
        shown = [views.work_order(view, order) for order in view.work_orders(Filter(), None, "n")]
        skus = [known(sku) for sku in view.skus(Filter(), None)]
        events = [known(event) for event in view.andon_events(Filter(), None)]
    assert {order["work_order_id"]: known(order) for order in shown} == model.orders
    assert {sku["sku_id"]: sku for sku in skus if sku} == model.skus
    assert {event["andon_id"]: event for event in events if event} == model.andons
    for order in shown:
        wanted = model.orders[order["work_order_id"]]
        assert order["blocked_by"] == model.blocked_by(wanted)
        assert order["blocking"] == model.blocking(order["work_order_id"])
        assert order["progress_percent"] == model.progress(order["work_order_id"])
        assert order["sku_ids"] == [sku["sku_id"] for sku in model.skus_of(order["work_order_id"])]
        assert order["sla_status"] == model.sla_status(wanted)
    plan = levelling.schedule(store)
    assert [slot["work_order_id"] for slot in plan["slots"]] == model.schedule()
    for status in ("on_time", "warning", "breached"):
        listed = [order["work_order_id"] for order in orders.lists(store, sla=status, everything=True)]
        assert listed == [o["work_order_id"] for o in shown if o["sla_status"] == status]
