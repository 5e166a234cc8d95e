"""A work order's file is replaced by an older, genuine one of its own."""

from tcps.canonical import file_bytes
from tests.attacks.forging import ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    old = next(c["record"] for e in ledger(scene) for c in e["changes"] if c["id"] == "WO-1")
    scene.record("work_order", "WO-1").write_bytes(file_bytes(old))
