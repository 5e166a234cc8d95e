"""Entries that a signed checkpoint covers are cut off, and every other trace of them."""

from tests.attacks.forging import cut_ledger, project
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("the older chain was once whole")
LEDGER = found("ROLLED_BACK")


def attack(scene: Scene) -> None:
    cut_ledger(scene, 4)
    project(scene)
