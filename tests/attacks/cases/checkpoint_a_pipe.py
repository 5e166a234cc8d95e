"""The checkpoint is a pipe, at which a reader would wait for ever."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("MISSING", "UNREADABLE")


def attack(scene: Scene) -> None:
    path = scene.path("checkpoint")
    path.unlink()
    os.mkfifo(path)
