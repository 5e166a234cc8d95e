"""A work order's priority is changed."""

from tests.attacks.scene import Scene, change_record
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    change_record(scene.record("work_order", "WO-1"), priority=1)
