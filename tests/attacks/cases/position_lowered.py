"""`records.lock` says that the files of the newest entry are not written yet."""

from tests.attacks.forging import ledger
from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen(
    "a crash can leave it so (format 5.5); the next writer writes them again, and an edit of them is found"
)


def attack(scene: Scene) -> None:
    path, count = scene.path("records.lock"), len(ledger(scene))
    path.write_bytes(f"{count - 1} ".encode() + path.read_bytes().split(b" ")[1])
