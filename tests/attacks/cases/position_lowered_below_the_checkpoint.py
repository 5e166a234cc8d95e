"""`records.lock` says that there were fewer than the checkpoint has."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("ROLLED_BACK")


def attack(scene: Scene) -> None:
    path = scene.path("records.lock")
    path.write_bytes(b"3 " + path.read_bytes().split(b" ")[1])
