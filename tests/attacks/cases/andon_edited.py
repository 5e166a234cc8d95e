"""An Andon's root cause is changed."""

from tests.attacks.scene import Scene, edit
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(scene.record("andon_event", "ANDON-1"), b"a cause", b"no cause")
