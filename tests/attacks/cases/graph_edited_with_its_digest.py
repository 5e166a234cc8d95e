"""A statement of the graph is changed, and the digest that is kept of it."""

from tcps.canonical import sha256_hex
from tests.attacks.scene import Scene, edit, graph
from tests.attacks.table import unseen

IN_CHAINS = False
LEDGER = unseen(
    "no verdict rests on the graph (format 10.5); tcps ontology rebuild compares it with the ledger"
)


def attack(scene: Scene) -> None:
    path = graph(scene)
    before = sha256_hex(path.read_bytes()).encode()
    edit(path, b"ReceiptStatus-fail", b"ReceiptStatus-pass")
    edit(path.parents[1] / "current", before, sha256_hex(path.read_bytes()).encode())
