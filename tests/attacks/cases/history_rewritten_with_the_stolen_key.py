"""History is rewritten consistently and signed by the store's own key, which was stolen."""

from tests.attacks.forging import checkpoint, pass_the_failed, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain")
LEDGER = unseen("the other history is sound in itself")
KEY = unseen("the signature is valid")
ANCHOR = found("FORKED")


def attack(scene: Scene) -> None:
    rewrite(scene, pass_the_failed)
    checkpoint(scene, scene.stolen)
