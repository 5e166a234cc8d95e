"""The file of a work order that was deleted is put back."""

from tcps.canonical import file_bytes
from tests.attacks.forging import ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EXTRA")


def attack(scene: Scene) -> None:
    old = next(c["record"] for e in ledger(scene) for c in e["changes"] if c["id"] == "WO-2")
    scene.record("work_order", "WO-2").write_bytes(file_bytes(old))
