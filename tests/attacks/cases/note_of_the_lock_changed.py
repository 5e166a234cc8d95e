"""`lock` says that somebody else holds it."""

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen("its content is a note for people (format 8.5)")


def attack(scene: Scene) -> None:
    scene.path("lock").write_text("pid 1 since ever\n")
