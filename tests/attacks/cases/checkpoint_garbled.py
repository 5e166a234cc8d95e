"""The checkpoint's text is no checkpoint."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    scene.path("checkpoint").write_text("no checkpoint\n")
