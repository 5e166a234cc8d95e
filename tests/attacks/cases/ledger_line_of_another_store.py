"""A ledger line is replaced by that of the same place in another store."""

from tcps.canonical import parse
from tests.attacks.forging import ledger, write_ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    lines = (scene.other / "ledger/000000000001.jsonl").read_bytes().splitlines()
    entries = ledger(scene)
    entries[6] = parse(lines[6])
    write_ledger(scene, entries)
