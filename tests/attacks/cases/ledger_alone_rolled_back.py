"""The ledger alone is replaced by that of an earlier day."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    shutil.rmtree(scene.path("ledger"))
    shutil.copytree(scene.older / "ledger", scene.path("ledger"))
