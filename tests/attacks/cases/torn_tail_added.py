"""Bytes that are no entry are added to the ledger."""

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen("a crash can leave them, and nobody was told of them (format 4.6)")


def attack(scene: Scene) -> None:
    with scene.segments()[-1].open("ab") as file:
        file.write(b'{"action":"half')
