"""Forging a ledger: with the product's own pieces, so that no attacker writes better lines than we do."""

import shutil
from collections.abc import Callable
from typing import Any

from tcps.canonical import file_bytes, genesis, line_bytes, parse, sha256_hex
from tcps.keys import SigningKey
from tcps.store import Store
from tests.attacks.scene import Scene
from tests.attacks.stores import Moving
from tests.store import shop
from tests.store.faults import QuickDisk

Json = dict[str, Any]


def ledger(scene: Scene) -> list[Json]:
    """The entries of the ledger."""
    return [parse(line) for path in scene.segments() for line in path.read_bytes().splitlines()]


def write_ledger(scene: Scene, entries: list[Json]) -> None:
    """Replace the ledger by one segment with these entries, as they are, and remove the index."""
    forget_index(scene)
    for path in scene.segments():
        path.unlink()
    content = b"".join(line_bytes(entry) + b"\n" for entry in entries)
    (scene.root / "ledger/000000000001.jsonl").write_bytes(content)


def forget_index(scene: Scene) -> None:
    """Remove the index."""
    for name in shop.INDEX_FILES:
        (scene.root / name).unlink(missing_ok=True)


def sealed(scene: Scene, entries: list[Json]) -> list[Json]:
    """Number entries anew, link their receipts anew, and state every record's digest."""
    heads: dict[str, str] = {}
    for seq, entry in enumerate(entries, start=1):
        entry["seq"] = seq
        for change in sorted(entry["changes"], key=lambda change: change["kind"] != "receipt"):
            record = change["record"]
            if change["kind"] == "receipt":
                sku_id = record["sku_id"]
                record["previous"] = heads.get(sku_id, genesis(scene.store_id, sku_id))
                heads[sku_id] = f"sha256:{sha256_hex(file_bytes(record))}"
            if change["kind"] == "sku":
                record["head"] = heads.get(change["id"], record["head"])
            change["sha256"] = None if record is None else sha256_hex(file_bytes(record))
    return entries


def rewrite(scene: Scene, change: Callable[[list[Json]], object]) -> None:
    """Rewrite history: the ledger, all digests and links, and every file that is made from it."""
    entries = ledger(scene)
    change(entries)
    write_ledger(scene, sealed(scene, entries))
    project(scene)


def project(scene: Scene) -> None:
    """Let the product make index, record files and their position anew from whatever the ledger is."""
    shutil.rmtree(scene.root / "records", ignore_errors=True)
    (scene.root / "records.lock").unlink(missing_ok=True)
    forget_index(scene)
    kept = _aside(scene)
    with Store.open(scene.folder / "store", actor="mallory", clock=Moving(), disk=QuickDisk()) as store:
        store.list_work_orders()
    for name, content in kept.items():
        (scene.root / name).write_bytes(content)


def _aside(scene: Scene) -> dict[str, bytes]:
    """Take the checkpoint away, which forbids the product to go on with another history."""
    path = scene.root / "checkpoint"
    kept = {path.name: path.read_bytes()} if path.exists() else {}
    path.unlink(missing_ok=True)
    return kept


def forget_checkpoints(scene: Scene) -> None:
    """Remove every checkpoint."""
    (scene.root / "checkpoint").unlink(missing_ok=True)
    shutil.rmtree(scene.root / "checkpoints", ignore_errors=True)


def checkpoint(scene: Scene, key: SigningKey | None = None) -> None:
    """Put a checkpoint of what is there in the place of all that there are, signed if there is a key."""
    forget_checkpoints(scene)
    with Store.open(scene.folder / "store", actor="mallory", clock=Moving(), disk=QuickDisk()) as store:
        store.checkpoint(key)


def slip_in(scene: Scene, changes: list[Json], **values: Any) -> None:
    """Put an entry with these changes before the newest one, which no checkpoint covers."""
    entries = ledger(scene)
    newest = entries.pop()
    count = len(entries)
    more = newest | {"seq": count + 1, "changes": changes} | values
    write_ledger(scene, [*entries, more, newest | {"seq": count + 2}])


def cut_ledger(scene: Scene, count: int) -> None:
    """Remove the newest entries, and nothing else."""
    for _ in range(count):
        path = scene.segments()[-1]
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-1]))
        if len(lines) == 1 and len(scene.segments()) > 1:
            path.unlink()


def by_mallory(scene: Scene) -> Store:
    """The store, opened by somebody who may write to it."""
    return Store.open(scene.folder / "store", actor="mallory", clock=Moving(), disk=QuickDisk())


def by_mallory_created(scene: Scene) -> Store:
    """A new store in the place of the one that was removed."""
    return Store.create(scene.folder / "store", actor="mallory", clock=Moving(), disk=QuickDisk())


def pass_the_failed(entries: list[Json]) -> None:
    """What rewriting history is for: let the failed receipt be a passed one."""
    receipt = find(entries, "receipt", "RCPT-2")["record"]
    receipt["status"], receipt["metrics"] = "pass", {"compile_errors": 0}


def find(entries: list[Json], kind: str, record_id: str) -> Json:
    """The first change of a record."""
    return next(c for e in entries for c in e["changes"] if (c["kind"], c["id"]) == (kind, record_id))
