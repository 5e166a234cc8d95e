"""An entry holds two states of one record."""

from tests.attacks.forging import ledger, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    slip_in(scene, [entries[0]["changes"][0]] * 2)
