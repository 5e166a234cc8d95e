"""A second entry holds a receipt that is there already, with another status."""

import copy

from tcps.canonical import file_bytes, sha256_hex
from tests.attacks.forging import find, ledger, project, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

FILES = found("FORKED")
LEDGER = found("FORKED", "MISSING", "REORDERED", "timestamp_decreasing")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    again = copy.deepcopy(find(entries, "receipt", "RCPT-2"))
    again["record"]["status"] = "pass"
    again["sha256"] = sha256_hex(file_bytes(again["record"]))
    slip_in(scene, [again])
    project(scene)
