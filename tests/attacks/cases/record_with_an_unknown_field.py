"""An entry holds a record with a field that its kind does not have, digest and all."""

import copy

from tcps.canonical import file_bytes, sha256_hex
from tests.attacks.forging import ledger, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    change = copy.deepcopy(entries[0]["changes"][0])
    change["record"]["secret"] = 1
    change["sha256"] = sha256_hex(file_bytes(change["record"]))
    slip_in(scene, [change])
