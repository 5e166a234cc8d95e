"""All checkpoints are removed."""

from tests.attacks.forging import forget_checkpoints
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

LEDGER = unseen("a store need not have any")
KEY = found("MISSING")


def attack(scene: Scene) -> None:
    forget_checkpoints(scene)
