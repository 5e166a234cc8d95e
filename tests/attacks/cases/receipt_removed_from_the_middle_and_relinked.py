"""A receipt is removed, the later ones renumbered and linked anew."""

from tests.attacks.scene import Scene, change_record, relink_files
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain; the ledger has the digests")
LEDGER = found("EDITED", "MISSING", "EXTRA")


def attack(scene: Scene) -> None:
    scene.receipts()[1].unlink()
    for path in scene.receipts()[1:]:
        sequence = int(path.name[:8]) - 1
        change_record(path, sequence=sequence)
        path.rename(path.with_name(f"{sequence:08d}{path.name[8:]}"))
    relink_files(scene)
