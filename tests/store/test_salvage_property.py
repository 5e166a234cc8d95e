"""Property of salvage (format 5.7): every state that could still be read is there, and nothing else is.

A random history, one random line of it damaged, some record files damaged too: what must come out is
worked out here from the history alone, in another way than the program does it.
"""

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tcps.canonical import file_bytes, parse
from tcps.errors import Refused
from tcps.projections.records import relative_path
from tcps.store import Store
from tests.conftest import DEEP
from tests.store import shop
from tests.store.faults import QuickDisk

Key = tuple[str, str]
SEEDS = range(400 if DEEP else 30)


class Shown(NamedTuple):
    """A state of a record: in which entry, the bytes of its file (None: deleted), the file's place."""

    seq: int
    content: bytes | None
    path: str

    @property
    def record(self) -> Any:
        return None if self.content is None else parse(self.content)


def history(folder: Path, chance: random.Random) -> None:
    """A store with some forty entries."""
    with shop.made(folder):
        pass
    with shop.opened(folder, disk=QuickDisk(), segment_bytes=chance.choice([2000, 10**6])) as store:
        orders = [shop.order(store)]
        skus = [shop.sku(store, "first").id]
        for n in range(40):
            with contextlib.suppress(Refused):  # a WIP limit
                chance.choice(ACTS)(store, chance, orders, skus, n)
        if chance.random() < 0.3:
            store.checkpoint()


def _order(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    orders.append(shop.order(store, f"order {n}", priority=chance.randint(1, 10)))


def _update(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    order = store.get_work_order(chance.choice(orders))
    store.update_work_order({"work_order_id": order.id, "revision": order.revision, "title": f"title {n}"})


def _delete(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    if len(orders) > 1:
        store.delete_work_order(orders.pop(chance.randrange(1, len(orders))))


def _sku(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    skus.append(shop.sku(store, f"sku-{n}").id)


def _receipt(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    shop.receipt(store, chance.choice(skus))


def _andon(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    shop.andon(store, chance.choice(skus))


def _depend(store: Store, chance: random.Random, orders: list[str], skus: list[str], n: int) -> None:
    shop.order(store, f"order {n}", depends_on=[orders[0]])


ACTS: list[Callable[..., None]] = [_order, _depend, _update, _update, _delete, _sku, _andon, *[_receipt] * 3]


def states(folder: Path) -> dict[Key, list[Shown]]:
    """Every state that every record ever had, oldest first."""
    found: dict[Key, list[Shown]] = {}
    content = b"".join(path.read_bytes() for path in shop.segments(folder))
    for entry in map(parse, content.splitlines()):
        for change in entry["changes"]:
            key, record = (change["kind"], change["id"]), change["record"]
            path = found[key][-1].path if record is None else relative_path(*key, record)
            shown = Shown(entry["seq"], None if record is None else file_bytes(record), path)
            found.setdefault(key, []).append(shown)
    return found


def damage_line(folder: Path, chance: random.Random) -> int:
    """Make one random line unreadable, or remove it; its number."""
    number = n = chance.randrange(sum(len(path.read_bytes().splitlines()) for path in shop.segments(folder)))
    for path in shop.segments(folder):
        content = path.read_bytes().splitlines(keepends=True)
        if n < len(content):
            break
        n -= len(content)
    where = chance.randrange(len(content[n]) - 1)
    bad = bytearray(content[n])
    bad[where] = 0x07  # no control character is ever written
    content[n : n + 1] = [bytes(bad)] if chance.random() < 0.8 else []
    path.write_bytes(b"".join(content))
    return number + 1


def damage_files(folder: Path, chance: random.Random, history: dict[Key, list[Shown]]) -> None:
    """Edit some record files, or put an older state in their place."""
    for shown in history.values():
        path = folder / ".tcps" / shown[-1].path
        if path.exists() and chance.random() < 0.15:
            older = [state.content for state in shown[:-1] if state.content]
            bad = path.read_bytes().replace(b"e", b"3", 1)
            path.write_bytes(chance.choice([bad, b"", *older]))


def known(folder: Path, shown: list[Shown], bad: int) -> list[Shown]:
    """The states that could still be read: in another line, or in the record's file."""
    path = folder / ".tcps" / shown[-1].path
    content = path.read_bytes() if path.exists() else None
    return [state for state in shown if state.seq != bad or (state.content and state.content == content)]


def expected(folder: Path, history: dict[Key, list[Shown]], bad: int) -> dict[str, bytes]:
    """The record files as they must be after a salvage."""
    newest = {key: states[-1] for key, shown in history.items() if (states := known(folder, shown, bad))}
    files = {s.path: s.content for key, s in newest.items() if s.content and key[0] != "receipt"}
    for (kind, sku_id), state in newest.items():
        if kind == "sku":
            own = [s for key, s in newest.items() if key[0] == "receipt" and s.record["sku_id"] == sku_id]
            for n, receipt in enumerate(sorted(own, key=lambda s: s.record["sequence"]), start=1):
                if receipt.record["sequence"] != n or n > state.record["receipt_count"]:
                    break
                files[receipt.path] = receipt.content
    return {path: content for path, content in files.items() if content is not None}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_state_that_can_be_read_is_there_and_nothing_else(quick_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    history(quick_path, chance)
    past = states(quick_path)
    bad = damage_line(quick_path, chance)
    damage_files(quick_path, chance, past)
    wanted = expected(quick_path, past, bad)
    with shop.opened(quick_path, disk=QuickDisk()) as store:
        assert not store.verify_integrity().intact
        store.repair(salvage=True)
        assert shop.record_files(quick_path) == wanted
        assert len(store.verify_integrity().salvaged) == 1
        assert store.verify_integrity().findings == []
        assert ("work_order", shop.order(store)) not in past
        assert ("andon_event", shop.andon(store)) not in past
    shop.remove_index(quick_path)
    with shop.opened(quick_path) as store:
        assert len(store.list_work_orders()) > 0
