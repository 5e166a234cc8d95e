"""The newest signature is changed, in both files that hold it."""

from tests.attacks.scene import Scene, alter
from tests.attacks.table import found, unseen

LEDGER = unseen("without a pinned key nobody can tell a good signature from a bad one")
KEY = found("BADSIG")


def attack(scene: Scene) -> None:
    alter(scene.path("checkpoint"), -20)
    newest = max(scene.path("checkpoints").iterdir())
    newest.write_bytes(scene.path("checkpoint").read_bytes())
