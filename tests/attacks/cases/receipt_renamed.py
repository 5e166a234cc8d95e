"""A receipt's file gets another number."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("MISFILED")
LEDGER = found("MISFILED", "MISSING")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.rename(path.with_name("00000009-compilation.json"))
