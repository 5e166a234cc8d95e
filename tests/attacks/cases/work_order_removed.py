"""A work order's file is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    scene.record("work_order", "WO-1").unlink()
