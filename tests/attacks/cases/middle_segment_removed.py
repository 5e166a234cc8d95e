"""A file from the middle of the ledger is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    scene.segments()[1].unlink()
