"""The index is overwritten."""

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen("no verdict rests on the index (format 10.3); it is made anew")


def attack(scene: Scene) -> None:
    scene.path("index.sqlite").write_bytes(b"garbage" * 1000)
