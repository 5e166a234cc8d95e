"""The ledger's first file is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    scene.segments()[0].unlink()
