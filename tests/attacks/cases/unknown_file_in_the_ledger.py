"""A file that is no segment is put among them."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EXTRA")


def attack(scene: Scene) -> None:
    scene.path("ledger/notes.txt").write_text("hello")
