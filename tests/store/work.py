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
from tcps.rules import work_orders
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


def hold(path: str) -> None:
    """Hold a lock until killed."""
    lock = Lock(Path(path), 1)
    lock.acquire()
    lock.write_note(b"pid of the test\n")
    print("held", flush=True)
    time.sleep(600)


MODES: dict[str, Callable[..., None]] = {
    mode.__name__: mode for mode in (write, start, resolve, endless, verify, read, hold)
}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
