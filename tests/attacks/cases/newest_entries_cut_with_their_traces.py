"""The newest entries that no checkpoint covers are cut off, and every trace of them."""

from tests.attacks.forging import cut_ledger, project
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("the older chain was once whole")
LEDGER = unseen("what is left is a store as it was; nothing in it tells of more")
KEY = unseen("what is newer than the newest signature is not signed")
ANCHOR = found("ROLLED_BACK")


def attack(scene: Scene) -> None:
    cut_ledger(scene, 2)
    project(scene)
