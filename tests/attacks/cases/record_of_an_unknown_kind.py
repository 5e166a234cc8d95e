"""An entry holds a record of a kind that there is not."""

from tests.attacks.forging import ledger, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    change = entries[0]["changes"][0] | {"kind": "secret"}
    slip_in(scene, [change])
