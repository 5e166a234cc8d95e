"""A file of the ledger is a pipe, at which a reader would wait for ever."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    path = scene.segments()[1]
    path.unlink()
    os.mkfifo(path)
