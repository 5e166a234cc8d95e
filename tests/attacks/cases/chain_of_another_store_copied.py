"""A SKU's folder is replaced by that of the same SKU in another store."""

import shutil

from tcps.projections.records import sku_folder
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED", "MISSING")


def attack(scene: Scene) -> None:
    shutil.rmtree(scene.sku().parent)
    shutil.copytree(scene.other / sku_folder("app-1"), scene.sku().parent)
