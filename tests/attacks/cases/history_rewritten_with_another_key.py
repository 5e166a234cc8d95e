"""History is rewritten consistently and signed by a key of one's own that bears the same name."""

from tests.attacks.forging import checkpoint, pass_the_failed, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain")
LEDGER = unseen("the other history is sound in itself; without a pinned key anybody's signature is as good")
KEY = found("NOKEY")
ANCHOR = found("FORKED", "NOKEY")


def attack(scene: Scene) -> None:
    rewrite(scene, pass_the_failed)
    checkpoint(scene, scene.mallory)
