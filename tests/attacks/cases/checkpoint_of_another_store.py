"""The checkpoint is that of another store."""

from tcps.store import Store
from tests.attacks.scene import Scene
from tests.attacks.table import found
from tests.store.faults import QuickDisk

LEDGER = found("UNREADABLE")


def attack(scene: Scene) -> None:
    with Store.open(scene.folder / "other", disk=QuickDisk()) as store:
        scene.path("checkpoint").write_text(store.checkpoint().text())
