"""A file that is none of a store's is put in its folder."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EXTRA")


def attack(scene: Scene) -> None:
    scene.path("notes.txt").write_text("hello")
