"""A SKU's whole folder is removed."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("there is nothing to look at")
LEDGER = found("MISSING")


def attack(scene: Scene) -> None:
    shutil.rmtree(scene.sku().parent)
