"""An entry says that it is a salvage, and is none."""

from tests.attacks.forging import project, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

LEDGER = unseen("whoever may write may say so; it takes credit from the store and adds none")
KEY = unseen("what is newer than the newest signature is not signed")
ANCHOR = found("FORKED")


def attack(scene: Scene) -> None:
    slip_in(scene, [], action="repair.salvage")
    project(scene)
