"""The store is emptied, and keeps its identity."""

import shutil

from tests.attacks.forging import by_mallory_created
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("there is nothing to look at")
LEDGER = unseen("an empty store is a store")
KEY = found("MISSING")
ANCHOR = found("MISSING", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    identity = scene.path("store.json").read_bytes()
    shutil.rmtree(scene.root)
    with by_mallory_created(scene):
        pass
    scene.path("store.json").write_bytes(identity)
