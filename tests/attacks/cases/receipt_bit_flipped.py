"""One bit of a receipt's file is changed."""

from tests.attacks.scene import Scene, flip
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    flip(scene.receipts()[2], 1000)
