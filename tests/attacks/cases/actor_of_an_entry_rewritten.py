"""The actor of an entry that a checkpoint covers is changed."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    edit(scene.segments()[0], b'"actor":"alice"', b'"actor":"mally"')
