"""A file of the ledger is a link to a copy of it."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    path, elsewhere = scene.segments()[1], scene.folder / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
