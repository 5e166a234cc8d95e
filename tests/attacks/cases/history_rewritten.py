"""History is rewritten consistently, and all checkpoints are made anew without a signature."""

from tests.attacks.forging import checkpoint, pass_the_failed, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain")
LEDGER = unseen("the other history is sound in itself")
KEY = found("MISSING")
ANCHOR = found("FORKED", "MISSING")


def attack(scene: Scene) -> None:
    rewrite(scene, pass_the_failed)
    checkpoint(scene)
