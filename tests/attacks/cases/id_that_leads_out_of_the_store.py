"""A ledger line gives a SKU an id that is a path, digests and all."""

from tests.attacks.forging import Json, find, ledger, sealed, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED", "FORKED", "UNREADABLE")


def attack(scene: Scene) -> None:
    def lead_out(entries: list[Json]) -> None:
        change = find(entries, "sku", "app-1")
        change["id"] = change["record"]["sku_id"] = "../../../../out"

    entries = ledger(scene)
    lead_out(entries)
    write_ledger(scene, sealed(scene, entries))
