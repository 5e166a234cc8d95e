"""The newest entry's file is edited, and `records.lock` says that it is not written yet."""

from tests.attacks.forging import ledger
from tests.attacks.scene import Scene, change_record
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    path, count = scene.path("records.lock"), len(ledger(scene))
    path.write_bytes(f"{count - 1} ".encode() + path.read_bytes().split(b" ")[1])
    change_record(scene.record("work_order", "WO-5"), priority=10)
