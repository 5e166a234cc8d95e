"""`store.json` is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import error

LEDGER = error(12)


def attack(scene: Scene) -> None:
    scene.path("store.json").unlink()
