"""A second `status` stands before the one that readers take."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

FILES = found("FORKED", "NONCANONICAL")
LEDGER = found("NONCANONICAL")


def attack(scene: Scene) -> None:
    edit(scene.receipts()[1], b'"status"', b'"status": "pass", "status"')
