"""All receipts and the head are replaced by those of another SKU, made out to this one."""

from tcps.canonical import sha256_hex
from tests.attacks.scene import Scene, change_record
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("EDITED", "MISSING")


def attack(scene: Scene) -> None:
    for path in scene.receipts():
        path.unlink()
    for path in scene.receipts("app-2"):
        copy = scene.sku().parent / "receipts" / path.name
        copy.write_bytes(path.read_bytes().replace(b"app-2", b"app-1"))
    head = sha256_hex(scene.receipts()[-1].read_bytes())
    change_record(scene.sku(), head=f"sha256:{head}", receipt_count=2)
