"""The index is overwritten."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
IN_CHAINS = False


def attack(scene: Scene) -> None:
    scene.path("index.sqlite").write_bytes(b"garbage" * 1000)
