"""`records.lock` says that there were more entries."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("ROLLED_BACK")


def attack(scene: Scene) -> None:
    path = scene.path("records.lock")
    path.write_bytes(b"9" + path.read_bytes())
