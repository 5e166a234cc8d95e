"""A receipt is dated before the one that it follows, in ledger, digests, links and files."""

from tests.attacks.forging import Json, checkpoint, find, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("timestamp_decreasing")
LEDGER = found("timestamp_decreasing")
ANCHOR = found("FORKED", "timestamp_decreasing")


def attack(scene: Scene) -> None:
    def date(entries: list[Json]) -> None:
        find(entries, "receipt", "RCPT-3")["record"]["timestamp"] = "2024-03-01T00:00:00.000Z"

    rewrite(scene, date)
    checkpoint(scene, scene.stolen)
