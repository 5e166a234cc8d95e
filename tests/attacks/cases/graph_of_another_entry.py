"""The graph is said to be that of another ledger entry."""

from tests.attacks.scene import Scene, edit, graph
from tests.attacks.table import found

IN_CHAINS = False
LEDGER = found("FORKED")


def attack(scene: Scene) -> None:
    edit(graph(scene).parents[1] / "current", b'"leaf":"', b'"leaf":"0')
