"""Two ledger lines exchange their places."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "EXTRA", "FORKED", "MISSING", "UNREADABLE")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    entries[3], entries[4] = entries[4], entries[3]
    write_ledger(scene, entries)
