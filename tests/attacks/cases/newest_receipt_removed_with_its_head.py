"""The newest receipt is removed, and the SKU's head made that of the one before."""

from tests.attacks.scene import Scene, relink_files
from tests.attacks.table import found, unseen

FILES = unseen("the older chain was once whole; the ledger has the newest receipt")
LEDGER = found("EDITED", "MISSING")


def attack(scene: Scene) -> None:
    scene.receipts()[-1].unlink()
    relink_files(scene)
