"""A ledger line stands twice."""

from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    write_ledger(scene, [*entries[:5], *entries[4:]])
