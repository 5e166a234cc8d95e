"""Beside a receipt there is a file whose name differs only in case."""

from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("MISFILED", "MISSING", "FORKED")
LEDGER = found("MISFILED")


def attack(scene: Scene) -> None:
    path = scene.receipts()[1]
    path.with_name(path.name.upper()).write_bytes(path.read_bytes())
