"""A chain is written into the ledger as it stands in another store."""

from tcps.canonical import file_bytes, parse, sha256_hex
from tests.attacks.forging import checkpoint, ledger, project, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    theirs = [parse(path.read_bytes()) for path in scene.receipts(root=scene.other)]
    entries = ledger(scene)
    for change in (c for e in entries for c in e["changes"] if c["kind"] == "receipt"):
        same = [one for one in theirs if one["receipt_id"] == change["id"]]
        if same:
            change["record"], change["sha256"] = same[0], sha256_hex(file_bytes(same[0]))
    write_ledger(scene, entries)
    project(scene)
    checkpoint(scene, scene.stolen)
