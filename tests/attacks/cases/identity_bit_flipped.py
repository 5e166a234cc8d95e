"""One bit of the store's id in `store.json` is changed."""

from tests.attacks.scene import Scene, flip
from tests.attacks.table import error

LEDGER = error(12)


def attack(scene: Scene) -> None:
    content = scene.path("store.json").read_bytes()
    flip(scene.path("store.json"), 8 * content.rindex(scene.store_id.encode()))
