"""A ledger line gets white space."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    edit(scene.segments()[0], b'","', b'", "')
