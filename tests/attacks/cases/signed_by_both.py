"""The checkpoint gets a second signature by a key of one's own."""

from tests.attacks.forging import by_mallory, checkpoint
from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen("nothing is wrong: the history is genuine, and signed by whom it should be")


def attack(scene: Scene) -> None:
    checkpoint(scene, scene.stolen)
    with by_mallory(scene) as store:
        store.checkpoint(scene.mallory)
