"""A receipt between others is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING")
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    scene.receipts()[2].unlink()
