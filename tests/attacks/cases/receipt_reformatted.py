"""A receipt says the same in other bytes."""

import json

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "NONCANONICAL")
LEDGER = found("NONCANONICAL")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.write_text(json.dumps(json.loads(path.read_text())))
