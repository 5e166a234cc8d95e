"""The checkpoint's signature is changed."""

from tests.attacks.scene import Scene, alter
from tests.attacks.table import found

LEDGER = found("EDITED")
KEY = found("BADSIG", "EDITED")


def attack(scene: Scene) -> None:
    alter(scene.path("checkpoint"), -20)
