"""`store.json` says that the format is a later one."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import error

LEDGER = error(13)


def attack(scene: Scene) -> None:
    edit(scene.path("store.json"), b'"format": 1', b'"format": 2')
