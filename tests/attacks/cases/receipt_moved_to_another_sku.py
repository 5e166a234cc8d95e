"""A receipt of one SKU is put among those of another."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING")
LEDGER = found("MISFILED", "MISSING")


def attack(scene: Scene) -> None:
    path = scene.receipts()[2]
    path.rename(scene.receipts("app-2")[0].with_name(path.name))
