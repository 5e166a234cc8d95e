"""One bit of a record in a ledger line is changed."""

from tests.attacks.scene import Scene, flip
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    content = scene.segments()[0].read_bytes()
    flip(scene.segments()[0], 8 * content.index(b'"title"') + 80)
