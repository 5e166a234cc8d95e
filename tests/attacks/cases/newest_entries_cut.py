"""The two newest entries are cut off."""

from tests.attacks.forging import cut_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    cut_ledger(scene, 2)
