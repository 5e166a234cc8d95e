"""The checkpoint is signed anew by a key of one's own that bears the same name."""

from tests.attacks.forging import checkpoint
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

LEDGER = unseen("without a pinned key anybody's signature is as good")
KEY = found("NOKEY")


def attack(scene: Scene) -> None:
    checkpoint(scene, scene.mallory)
