"""Whoever may write records a receipt in another's name, by tcps itself."""

from tests.attacks.forging import by_mallory
from tests.attacks.scene import Scene
from tests.attacks.stores import passed
from tests.attacks.table import unseen

LEDGER = unseen("a false statement of somebody who may write is an entry like any other (format 11.3)")
KEY = unseen("what is newer than the newest signature is not signed; it is counted")
ANCHOR = unseen("what is newer than every anchor is nobody's to deny; it is counted")


def attack(scene: Scene) -> None:
    with by_mallory(scene) as store:
        store.actor = "alice"
        passed(store, "app-2")
