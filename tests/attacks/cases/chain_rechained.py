"""A receipt is edited and all the later ones, and the head, linked anew."""

from tests.attacks.scene import Scene, edit, relink_files
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain; the ledger has the digests")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(scene.receipts()[1], b'"status": "fail"', b'"status": "pass"')
    relink_files(scene)
