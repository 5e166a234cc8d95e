"""A receipt's file has a second name elsewhere, and the same bytes."""

import os

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

FILES = unseen("the bytes are those of the ledger; when they change, that is found")
LEDGER = unseen("the bytes are those of the ledger; when they change, that is found")


def attack(scene: Scene) -> None:
    os.link(scene.receipts()[1], scene.folder / "second name")
