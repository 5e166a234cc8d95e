"""`records.lock` is a link to a file of somebody else's."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    path = scene.path("records.lock")
    path.unlink()
    path.symlink_to(scene.folder / "anchor.txt")
