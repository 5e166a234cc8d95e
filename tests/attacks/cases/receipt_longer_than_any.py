"""A receipt's file goes on in zeros, for longer than a record can be."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING", "UNREADABLE")
LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    os.truncate(scene.receipts()[1], 2 * 1024 * 1024)
