"""A receipt of one's own is added, well chained, and the SKU names it."""

from tests.attacks.scene import Scene, change_record, relink_files
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made longer is a chain; the ledger has no such receipt")
LEDGER = found("EDITED", "EXTRA")


def attack(scene: Scene) -> None:
    newest = scene.receipts()[-1]
    forged = newest.with_name("00000006-security_scan.json")
    forged.write_bytes(newest.read_bytes())
    change_record(forged, receipt_id="RCPT-99", sequence=6)
    relink_files(scene)
