"""A file is put before the first one of the ledger."""

import shutil

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    shutil.copy(scene.segments()[0], scene.path("ledger/000000000000.jsonl"))
