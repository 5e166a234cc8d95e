"""The actor of an entry that no checkpoint covers is changed, and the index is left, which has applied it."""

from tcps.canonical import line_bytes
from tests.attacks.forging import ledger
from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("FORKED")
IN_CHAINS = False


def attack(scene: Scene) -> None:
    path, last = scene.segments()[-1], ledger(scene)[-1] | {"actor": "mally"}
    *before, _ = path.read_bytes().splitlines(True)
    path.write_bytes(b"".join([*before, line_bytes(last) + b"\n"]))
