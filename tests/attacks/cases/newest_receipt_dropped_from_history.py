"""The newest receipt is dropped from ledger and files, and its SKU still counts it."""

from tests.attacks.forging import Json, checkpoint, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("MISSING")
LEDGER = found("MISSING")
ANCHOR = found("FORKED", "MISSING")


def attack(scene: Scene) -> None:
    def drop(entries: list[Json]) -> None:
        for entry in entries:
            entry["changes"] = [c for c in entry["changes"] if c["id"] != "RCPT-7"]

    rewrite(scene, drop)
    checkpoint(scene, scene.stolen)
