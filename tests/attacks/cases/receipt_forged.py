"""A receipt of one's own is added, well chained."""

from tcps.canonical import sha256_hex
from tests.attacks.scene import Scene, change_record
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EXTRA")


def attack(scene: Scene) -> None:
    newest = scene.receipts()[-1]
    forged = newest.with_name("00000006-security_scan.json")
    forged.write_bytes(newest.read_bytes())
    head = sha256_hex(newest.read_bytes())
    change_record(forged, receipt_id="RCPT-99", sequence=6, previous=f"sha256:{head}")
