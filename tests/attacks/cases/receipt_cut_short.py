"""A receipt's file ends early."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "MISSING", "UNREADABLE")
LEDGER = found("TRUNCATED")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.write_bytes(path.read_bytes()[:200])
