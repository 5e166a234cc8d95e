"""A statement of the graph that queries are answered from is changed."""

from tests.attacks.scene import Scene, edit, graph
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("EDITED")


def attack(scene: Scene) -> None:
    edit(graph(scene), b"ReceiptStatus-fail", b"ReceiptStatus-pass")
