"""A receipt's file has a second name elsewhere, by which it is edited."""

import os

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    path = scene.folder / "second name"
    os.link(scene.receipts()[1], path)
    edit(path, b'"alice"', b'"mally"')
