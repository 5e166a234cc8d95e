"""The actor of an entry that no checkpoint covers is changed."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

LEDGER = unseen("who, when and what of an entry are bound by the tree alone, and no checkpoint covers it yet")
KEY = unseen("what is newer than the newest signature is not signed")
ANCHOR = found("FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    entries[-1]["actor"] = "mally"
    write_ledger(scene, entries)
