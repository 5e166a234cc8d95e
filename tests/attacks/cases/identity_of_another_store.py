"""`store.json` is that of another store."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("FORKED", "UNREADABLE")


def attack(scene: Scene) -> None:
    shutil.copy(scene.other / "store.json", scene.path("store.json"))
