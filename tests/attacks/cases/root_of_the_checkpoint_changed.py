"""The checkpoint's root is changed."""

from tests.attacks.scene import Scene, alter
from tests.attacks.table import found

LEDGER = found("FORKED")
KEY = found("BADSIG", "FORKED")


def attack(scene: Scene) -> None:
    alter(scene.path("checkpoint"), scene.path("checkpoint").read_bytes().index(b"\n\n") - 20)
