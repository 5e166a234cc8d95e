"""History is rewritten consistently, and the old signature put under the new checkpoint."""

from tcps.merkle import Signed
from tests.attacks.forging import checkpoint, pass_the_failed, rewrite
from tests.attacks.scene import Scene
from tests.attacks.table import found, unseen

FILES = unseen("a chain that was made anew is a chain")
LEDGER = unseen("the other history is sound in itself; without a pinned key anybody's signature is as good")
KEY = found("BADSIG")
ANCHOR = found("BADSIG", "FORKED")


def attack(scene: Scene) -> None:
    old = Signed.parsed(scene.path("checkpoint").read_bytes())
    rewrite(scene, pass_the_failed)
    checkpoint(scene)
    new = Signed.parsed(scene.path("checkpoint").read_bytes())
    scene.path("checkpoint").write_text(new._replace(signatures=old.signatures).text())
