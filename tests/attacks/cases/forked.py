"""An older copy is put back and another history written after it."""

from tests.attacks.forging import by_mallory
from tests.attacks.scene import Scene, put_back
from tests.attacks.table import found, unseen
from tests.store import shop

FILES = unseen("the older chain was once whole")
LEDGER = unseen("the other history is genuine in itself")
KEY = unseen("the signed beginning is genuine; what is newer is not signed")
ANCHOR = found("FORKED")


def attack(scene: Scene) -> None:
    put_back(scene, scene.older)
    with by_mallory(scene) as store:
        for n in range(8):
            shop.order(store, f"another history {n}")
