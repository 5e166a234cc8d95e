"""`store.json` is a pipe, at which a reader would wait for ever."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import error

LEDGER = error(12)


def attack(scene: Scene) -> None:
    path = scene.path("store.json")
    path.unlink()
    os.mkfifo(path)
