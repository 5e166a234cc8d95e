"""A receipt is dated to come, in ledger, digests, links and files."""

from tests.attacks.forging import Json, checkpoint, find, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("timestamp_in_future")
LEDGER = found("timestamp_in_future")
ANCHOR = found("FORKED", "timestamp_in_future")


def attack(scene: Scene) -> None:
    def date(entries: list[Json]) -> None:
        find(entries, "receipt", "RCPT-7")["record"]["timestamp"] = "2999-01-01T00:00:00.000Z"

    rewrite(scene, date)
    checkpoint(scene, scene.stolen)
