"""A receipt's file is empty."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING", "UNREADABLE")
LEDGER = found("TRUNCATED")


def attack(scene: Scene) -> None:
    scene.receipts()[1].write_bytes(b"")
