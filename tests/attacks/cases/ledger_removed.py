"""The ledger's folder is removed."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    shutil.rmtree(scene.path("ledger"))
