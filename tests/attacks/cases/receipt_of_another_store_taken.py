"""A receipt is replaced by that of the same place in another store."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    scene.receipts()[1].write_bytes(scene.receipts(root=scene.other)[1].read_bytes())
