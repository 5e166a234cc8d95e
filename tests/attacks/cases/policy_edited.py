"""The policy's file is changed."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(scene.path("records/policy.json"), b"12", b"24")
