"""The time of an entry that a checkpoint covers is changed."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    entries[4]["time"] = "2024-03-04T00:00:00.000Z"
    write_ledger(scene, entries)
