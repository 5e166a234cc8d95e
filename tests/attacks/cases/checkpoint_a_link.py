"""The checkpoint is a link to a copy of it."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    path, elsewhere = scene.path("checkpoint"), scene.folder / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
