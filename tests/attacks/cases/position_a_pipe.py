"""`records.lock` is a pipe, at which a reader would wait for ever."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    path = scene.path("records.lock")
    path.unlink()
    os.mkfifo(path)
