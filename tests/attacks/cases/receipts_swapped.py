"""Two receipts of a chain exchange their places."""

from tests.attacks.scene import Scene, swap
from tests.attacks.table import found

FILES = found("MISFILED")
LEDGER = found("REORDERED")


def attack(scene: Scene) -> None:
    swap(scene.receipts()[0], scene.receipts()[2])
