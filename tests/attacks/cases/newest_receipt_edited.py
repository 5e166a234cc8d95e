"""The newest receipt's actor is changed."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(scene.receipts()[-1], b'"alice"', b'"mally"')
