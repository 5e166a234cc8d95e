"""A SKU's file says that it is published."""

from tests.attacks.scene import Scene, change_record
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    change_record(scene.sku(), status="published")
