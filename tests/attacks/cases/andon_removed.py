"""An Andon's file is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    scene.record("andon_event", "ANDON-1").unlink()
