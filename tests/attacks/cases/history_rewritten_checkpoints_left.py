"""History is rewritten consistently (a failed receipt is a passed one), the checkpoints left."""

from tests.attacks.forging import pass_the_failed, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain")
LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    rewrite(scene, pass_the_failed)
