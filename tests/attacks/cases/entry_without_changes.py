"""An entry changes nothing."""

from tests.attacks.forging import slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    slip_in(scene, [])
