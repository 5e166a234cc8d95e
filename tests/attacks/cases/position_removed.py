"""`records.lock` is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    scene.path("records.lock").unlink()
