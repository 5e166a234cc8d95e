"""The newest entry's file is removed, and `records.lock` says that it is not written yet."""

from tests.attacks.forging import ledger
from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen(
    "a crash can leave it so (format 5.5); the ledger has the record, and the next writer writes the file"
)


def attack(scene: Scene) -> None:
    path, count = scene.path("records.lock"), len(ledger(scene))
    path.write_bytes(f"{count - 1} ".encode() + path.read_bytes().split(b" ")[1])
    scene.record("work_order", "WO-5").unlink()
