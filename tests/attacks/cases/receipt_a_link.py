"""A receipt's file is a link to a file with the same bytes."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING", "UNREADABLE")
LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    path, elsewhere = scene.receipts()[1], scene.folder / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
