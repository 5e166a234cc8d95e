"""Genuine stores to attack, made by the library alone."""

import shutil
from pathlib import Path
from typing import NamedTuple

from tcps.home import Home
from tcps.keys import SigningKey
from tcps.merkle import Checkpoint
from tcps.model import Timestamp
from tcps.rules import policy, root_cause
from tcps.store import Store
from tcps.store.engine import Engine
from tests.conftest import FixedClock
from tests.rules.line import PASSING
from tests.store import shop
from tests.store.faults import QuickDisk

LONG_AGO = Timestamp("2024-03-05T10:00:00.000Z")
SEGMENT_BYTES = 8_000


class Moving(FixedClock):
    """A clock that goes on by a second each time it is read, in a time before that of any machine."""

    def __init__(self, now: Timestamp = LONG_AGO) -> None:
        super().__init__(now)

    def __call__(self) -> Timestamp:
        self.forward(seconds=1)
        return self.now


def every_kind(folder: Path) -> SigningKey:
    """A store of some KB with every kind of record and file, that nobody is using; gives its key.

    A signed checkpoint covers it whole.
    """
    with Store.create(folder, actor="al", clock=Moving(), disk=QuickDisk()) as store:
        shop.sku(store, "a")
        passed(store, "a")
        shop.receipt(store, "a")
        with store.transaction("root_cause.start") as draft:
            root_cause.start(draft, "ANDON-1", "why")
        resolve(store, "ANDON-1")
        set_policy(store)
        store.delete_work_order(shop.order(store, "gone"))
        key = SigningKey.generated(store.engine.identity.origin)
        store.checkpoint(key)
        _tear(folder)
        shop.order(store, "more")
        (folder / ".tcps/records/stranger").write_bytes(b"x")
        store.repair()
        store.checkpoint(key)
    return key


class Genuine(NamedTuple):
    """A team's store, copies of it from earlier days, another store, and what its user knows.

    Below `folder`: `store`, `older` from before its newest entries, `oldest` from before anything was
    signed, `other`; of the user the homes `key`, with the pinned key, and `anchor`, which also remembers
    the store as it is now, as `anchor.txt` does.
    """

    folder: Path
    key: SigningKey


def genuine(folder: Path) -> Genuine:
    """Two SKUs with several receipts in several segments, an Andon, a policy, signed checkpoints."""
    for name, sku_id in (("store", "app-1"), ("other", "app-1")):
        (folder / name).mkdir()
        _begin(folder / name, sku_id)
    shutil.copytree(folder / "store", folder / "oldest")
    with _opened(folder / "store", days=1) as store:
        key = SigningKey.generated(store.engine.identity.origin)
        shop.sku(store, "app-2")
        passed(store, "app-2")
        store.advance_sku("app-2")
        passed(store, "app-2")
        store.checkpoint(key)
    shutil.copytree(folder / "store", folder / "older")
    with _opened(folder / "store", days=2) as store:
        passed(store, "app-1")
        shop.order(store, "another order")
        store.checkpoint(key)
        store.advance_sku("app-1")
        passed(store, "app-1")
        shop.order(store, "the newest order")
        seen = store.verify_integrity()
    _remember(folder, key, Checkpoint(store.engine.identity.origin, seen.size, seen.root))
    return Genuine(folder, key)


def _begin(folder: Path, sku_id: str) -> None:
    with Store.create(folder, actor="alice", clock=Moving(), disk=QuickDisk()):
        pass
    with _opened(folder) as store:
        shop.sku(store, sku_id)
        store.delete_work_order(shop.order(store, "a mistake"))
        set_policy(store)
        passed(store, sku_id)
        store.advance_sku(sku_id)
        store.store_receipt({"sku_id": sku_id, "stage": "compilation", "metrics": {"compile_errors": 1}})
        resolve(store, "ANDON-1")
        passed(store, sku_id)
        store.advance_sku(sku_id)


def _opened(folder: Path, days: int = 0) -> Store:
    clock = Moving()
    clock.forward(hours=24 * days)
    engine = Engine(folder / ".tcps", disk=QuickDisk(), clock=clock, segment_bytes=SEGMENT_BYTES)
    return Store(engine, "alice")


def _remember(folder: Path, key: SigningKey, seen: Checkpoint) -> None:
    for name in ("key", "anchor"):
        Home(folder / name).pin(key.verifier())
    Home(folder / "anchor").remember(seen)
    (folder / "anchor.txt").write_text(seen.text())


def passed(store: Store, sku_id: str) -> str:
    """A receipt that passes its gate at the SKU's stage."""
    stage = store.get_sku(sku_id).current_stage
    return store.store_receipt({"sku_id": sku_id, "stage": stage, "metrics": PASSING[stage]}).id


def resolve(store: Store, andon_id: str) -> None:
    """End an Andon."""
    revision = store.get_andon_event(andon_id).revision
    store.update_andon_event({"andon_id": andon_id, "revision": revision, "resolution": shop.RESOLUTION})


def set_policy(store: Store) -> None:
    """Change a setting."""
    with store.transaction("policy.set") as draft:
        policy.change(draft, "max_gap_hours", "12")


def _tear(folder: Path) -> None:
    """What a crash leaves: the beginning of an entry."""
    with (folder / ".tcps/ledger/000000000001.jsonl").open("ab") as ledger:
        ledger.write(b'{"action":"')


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a store by its path below `.tcps`."""
    root = folder / ".tcps"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
