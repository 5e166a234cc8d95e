"""The checkpoint says that there were more entries."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("ROLLED_BACK")
KEY = found("BADSIG", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    lines = scene.path("checkpoint").read_text().split("\n")
    scene.path("checkpoint").write_text("\n".join([lines[0], "999", *lines[2:]]))
