"""A record in a ledger line is changed, and nothing else."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    edit(scene.segments()[0], b"make app-1", b"MAKE app-1")
