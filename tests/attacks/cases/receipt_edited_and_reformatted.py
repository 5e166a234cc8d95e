"""A receipt is changed and written in another form."""

import json

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED", "NONCANONICAL")
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    record = json.loads(path.read_text()) | {"status": "pass"}
    path.write_text(json.dumps(record, indent=4))
