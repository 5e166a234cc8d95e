"""The store is replaced by another one."""

from tests.attacks.scene import Scene, put_back
from tests.attacks.table import found, unseen

FILES = found("FORKED")
LEDGER = unseen("the other store is genuine")
KEY = unseen("no key is pinned for that store: compare its id")
ANCHOR = found("FORKED")


def attack(scene: Scene) -> None:
    put_back(scene, scene.other)
