"""The ledger's last file is removed."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    scene.segments()[-1].unlink()
