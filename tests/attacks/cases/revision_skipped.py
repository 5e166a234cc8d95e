"""An entry holds a later revision of a record than the next one, digest and all."""

import copy

from tcps.canonical import file_bytes, sha256_hex
from tests.attacks.forging import find, ledger, project, slip_in
from tests.attacks.scene import Scene
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")
ANCHOR = found("EDITED", "FORKED")


def attack(scene: Scene) -> None:
    entries = ledger(scene)
    change = copy.deepcopy(find(entries, "work_order", "WO-5"))
    change["record"]["revision"] = change["revision"] = 7
    change["sha256"] = sha256_hex(file_bytes(change["record"]))
    slip_in(scene, [change])
    project(scene)
