"""A receipt is replaced by one of the same stage of another SKU."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISFILED", "timestamp_decreasing")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    theirs, own = scene.receipts("app-2")[0], scene.receipts()[0]
    own.write_bytes(theirs.read_bytes())
