"""A receipt's file is a pipe, at which a reader would wait for ever."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING", "UNREADABLE")
LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.unlink()
    os.mkfifo(path)
