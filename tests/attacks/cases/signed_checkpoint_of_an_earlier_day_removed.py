"""The first signed checkpoint is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen("nothing tells how many there were; the newest covers what it covered")


def attack(scene: Scene) -> None:
    min(scene.path("checkpoints").iterdir()).unlink()
