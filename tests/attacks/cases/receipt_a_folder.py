"""A receipt's file is a folder."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING")
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.unlink()
    path.mkdir()
