"""A failed receipt is made a passed one."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(scene.receipts()[1], b'"status": "fail"', b'"status": "pass"')
