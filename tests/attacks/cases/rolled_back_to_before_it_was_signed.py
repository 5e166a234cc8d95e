"""The whole store is replaced by a genuine copy from before anything was signed."""

from tests.attacks.scene import Scene, put_back
from tests.attacks.table import found, unseen

FILES = unseen("the older chain was once whole")
LEDGER = unseen("the copy is genuine; nothing in it tells of more")
KEY = found("MISSING")
ANCHOR = found("MISSING", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    put_back(scene, scene.oldest)
