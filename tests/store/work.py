"""What a process of its own does in the tests: `python -m tests.store.work MODE …`."""

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tcps.errors import TcpsError
from tcps.locks import Lock
from tcps.rules import order_updates, work_orders
from tcps.service import oversight
from tcps.store import Store
from tests.store import shop


def write(folder: str, count: str) -> None:
    """Create orders and trigger Andons in turn; print the ids that were acknowledged."""
    made = []
    with Store.open(folder, actor="writer") as store:
        for n in range(int(count) // 2):
            made.append(shop.order(store))
            made.append(shop.andon(store, f"sku-{made[-1]}-{n}"))
    print(json.dumps(made))


def start(folder: str, *order_ids: str) -> None:
    """Start each order; print how often that went through and the codes of the refusals."""
    codes = []
    with Store.open(folder, actor="starter") as store:
        for order_id in order_ids:
            try:
                with store.transaction("work_order.start") as draft:
                    work_orders.start(draft, order_id)
                codes.append("started")
            except TcpsError as error:
                codes.append(error.code)
    print(json.dumps(codes))


def resolve(folder: str, andon_id: str) -> None:
    """Resolve an Andon; print `resolved` or the code of the refusal."""
    with Store.open(folder, actor="resolver") as store:
        change = {"andon_id": andon_id, "revision": 1, "resolution": shop.RESOLUTION}
        try:
            store.update_andon_event(change)
            print('"resolved"')
        except TcpsError as error:
            print(json.dumps(error.code))


def endless(folder: str, log: str, seed: str) -> None:
    """Write until killed; every acknowledged id lands in the log after its acknowledgement."""
    chance = random.Random(seed)
    with Store.open(folder, actor="writer") as store, open(log, "a") as file:
        for n in range(1_000_000):
            chance.choice([_one, _one, _receipt, _many])(store, file, f"{seed}-{n}")


def _one(store: Store, log: TextIO, name: str) -> None:
    made = [shop.order(store, name)]
    _acknowledged(log, made)
    made = [shop.andon(store, f"sku-{name}")]
    _acknowledged(log, made)


def _many(store: Store, log: TextIO, name: str) -> None:
    with store.batch():
        made = [shop.order(store, f"{name}-{n}") for n in range(5)]
    _acknowledged(log, made)


def _receipt(store: Store, log: TextIO, name: str) -> None:
    _acknowledged(log, [shop.receipt(store)])


def _acknowledged(log: TextIO, made: list[str]) -> None:
    log.write("".join(f"{record_id}\n" for record_id in made))
    log.flush()


def verify(folder: str, seconds: str) -> None:
    """Verify again and again for a while; print the findings."""
    findings: list[str] = []
    end, rounds = time.monotonic() + float(seconds), 0
    with Store.open(folder, actor="auditor") as store:
        while time.monotonic() < end:
            rounds += 1
            report = store.verify_integrity()
            chains = [*report.verdicts, *store.verify_chain("web-1").verdicts]
            wrong = [*report.findings, *(one for chain in chains for one in chain.findings)]
            findings += [one.message for one in wrong if one.kind == "integrity"]
    print(json.dumps({"rounds": rounds, "findings": findings}))


def read(folder: str, seconds: str) -> None:
    """Read everything again and again; print what went wrong."""
    wrong, end, before = [], time.monotonic() + float(seconds), 0
    with Store.open(folder, actor="reader") as store:
        while time.monotonic() < end:
            try:
                with store.view():
                    orders = store.list_work_orders()
                    if len(orders) < before:
                        wrong.append(f"{len(orders)} orders after {before}")
                    before = len(orders)
            except TcpsError as error:
                wrong.append(error.message)
    print(json.dumps(wrong))


def follow(folder: str, _: str) -> None:
    """Follow the log until killed."""
    with Store.open(folder, actor="reader") as store:
        for entry in oversight.log(store, follow=True):
            assert entry["seq"] > 0


def glance(folder: str) -> None:
    """Read once in every way, ready to wait for ever; print the ids of the orders that were there."""
    with Store.open(folder, actor="reader", wait=10**6) as store:
        ids = [order.id for order in store.list_work_orders()]
        assert store.get_work_order(ids[0]).id == ids[0]
        assert store.change_history("work_order", ids[0])
        assert store.verify_integrity().intact
    print(json.dumps(ids))


def look(folder: str) -> None:
    """Keep one view open: print how many orders it shows, whenever a line comes in."""
    with Store.open(folder, actor="reader") as store, store.view():
        for _ in sys.stdin:
            print(len(store.list_work_orders()), flush=True)


def move(folder: str) -> None:
    """Give two orders the same new title in one transaction, again and again until killed."""
    with Store.open(folder, actor="writer") as store:
        for n in range(1_000_000):
            with store.transaction("move") as draft:
                for order_id in ("WO-1", "WO-2"):
                    order_updates.update(draft, order_id, {"title": f"{n}"}, None)


def stand(folder: str) -> None:
    """Stand still inside a transaction, with a change made, until killed."""
    with Store.open(folder, actor="writer") as store, store.transaction():
        shop.order(store)
        print("inside", flush=True)
        time.sleep(600)


def hold(path: str) -> None:
    """Hold a lock until killed."""
    lock = Lock(Path(path), 1)
    lock.acquire()
    lock.write_note(b"pid of the test\n")
    print("held", flush=True)
    time.sleep(600)


_ALL: tuple[Callable[..., None], ...]
_ALL = (write, start, resolve, endless, verify, read, follow, glance, look, move, stand, hold)
MODES = {mode.__name__: mode for mode in _ALL}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
