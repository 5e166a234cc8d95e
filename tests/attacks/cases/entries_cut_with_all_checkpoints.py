"""Entries are cut off, with all checkpoints and every other trace of them."""

from tests.attacks.forging import cut_ledger, forget_checkpoints, project
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("the older chain was once whole")
LEDGER = unseen("what is left is a store as it was; nothing in it tells of more")
KEY = found("MISSING")
ANCHOR = found("MISSING", "ROLLED_BACK")


def attack(scene: Scene) -> None:
    cut_ledger(scene, 4)
    forget_checkpoints(scene)
    project(scene)
