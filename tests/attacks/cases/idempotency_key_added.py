"""An entry that a checkpoint covers gets an idempotency key."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    entries[4]["idempotency_key"] = "x"
    write_ledger(scene, entries)
