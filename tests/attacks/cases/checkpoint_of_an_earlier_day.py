"""The newest checkpoint is replaced by an earlier one."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("ROLLED_BACK")


def attack(scene: Scene) -> None:
    shutil.copy(min(scene.path("checkpoints").iterdir()), scene.path("checkpoint"))
