"""A ledger line is removed from the middle."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "ROLLED_BACK", "UNREADABLE")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    write_ledger(scene, entries[:4] + entries[5:])
