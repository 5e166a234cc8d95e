"""The newest receipt's file is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("MISSING")
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    scene.receipts()[-1].unlink()
