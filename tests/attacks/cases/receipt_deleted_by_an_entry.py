"""An entry is appended that deletes a receipt."""

from tests.attacks.forging import slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    gone = {"kind": "receipt", "id": "RCPT-2", "revision": 2, "sha256": None, "record": None}
    slip_in(scene, [gone])
