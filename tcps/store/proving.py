"""What a store shows to others: signed checkpoints, and proofs that a receipt is in the ledger (format 9)."""

from collections.abc import Iterator, Sequence
from itertools import islice

from tcps.errors import IntegrityError, not_found
from tcps.keys import SigningKey
from tcps.ledger import Head
from tcps.merkle import Checkpoint, Signed, Tree, leaf_hash, proofs
from tcps.merkle.bundle import Proof
from tcps.merkle.proofs import Range
from tcps.store.engine import Engine
from tcps.verify.anchors import Anchor, Roots, compare, kept


def sign(engine: Engine, key: SigningKey, anchors: Sequence[Anchor] = ()) -> Signed:
    """Sign a new checkpoint, after every earlier one and the anchors are found consistent with the ledger.

    Raises IntegrityError when one is not: a key never signs two histories (c2sp.org/tlog-checkpoint).
    """
    made = engine.checkpoint().checkpoint
    own = kept(engine.fold.disk, engine.fold.folder, engine.identity.origin)
    compared = [*own.anchors(), Anchor("the new checkpoint", made, outside=False), *anchors]
    roots, tree = Roots(anchor.checkpoint.size for anchor in compared), Tree()
    for leaf in _leaves(engine, max(anchor.checkpoint.size for anchor in compared)):
        tree.append(leaf)
        roots.note(tree)
    wrong = own.findings + compare(compared, engine.identity.origin, roots, tree).findings
    if wrong:
        raise IntegrityError(f"not signed: {wrong[0].message}", hint="tcps verify lists everything")
    return engine.keep_checkpoint(Signed(made, (key.sign(made.text()),)))


def prove(engine: Engine, receipt_id: str) -> Proof:
    """The proof that a receipt's ledger line is in the tree of a checkpoint.

    It is the newest signed one that covers the line; without one, an unsigned one of all that is
    acknowledged. Raises NotFound, and IntegrityError when the ledger is not that of the checkpoint.
    """
    with engine.view() as view:
        row = view.loader.row("receipt", receipt_id)
        if row is None:
            raise not_found("receipt", receipt_id)
        entry = view.loader.entry(row.seq)
    signed = _signed(engine, entry.seq)
    size = signed.checkpoint.size if signed else max(engine.records.acknowledged(), entry.seq)
    hashes, root = _roots(engine, size, proofs.inclusion(entry.seq - 1, size))
    checkpoint = Checkpoint(engine.identity.origin, size, root)
    if signed is not None and signed.checkpoint != checkpoint:
        raise IntegrityError(f"the first {size} ledger lines are not those of the signed checkpoint")
    extra = receipt_id.encode() + b"\n" + entry.line()
    return Proof(extra, entry.seq - 1, tuple(hashes), signed or Signed(checkpoint))


def consistency(engine: Engine, old: Checkpoint, new: Checkpoint) -> list[bytes]:
    """The proof that the tree of one checkpoint is a beginning of that of a later one.

    Raises IntegrityError when it is not.
    """
    origin = engine.identity.origin
    if old.origin != origin or old.size > new.size:
        raise IntegrityError(f"the ledger does not go on from {old.origin} with {old.size} entries")
    ranges = proofs.consistency(old.size, new.size)
    hashes, root = _roots(engine, new.size, ranges)
    if root != new.root or not proofs.is_consistent(old.size, new.size, old.root, root, hashes):
        raise IntegrityError(f"the first {old.size} ledger lines are not those of the older checkpoint")
    return hashes


def _signed(engine: Engine, seq: int) -> Signed | None:
    """The newest signed checkpoint that covers an entry."""
    found = kept(engine.fold.disk, engine.fold.folder, engine.identity.origin).signed
    covering = [one for _, one in found if one.signatures and one.checkpoint.size >= seq]
    return max(covering, key=lambda one: one.checkpoint.size, default=None)


def _roots(engine: Engine, size: int, ranges: list[Range]) -> tuple[list[bytes], bytes]:
    """The roots of some subtrees of the tree of a size, and its own."""
    roots, tree = proofs.Roots(ranges), Tree()
    for leaf in _leaves(engine, size):
        roots.append(leaf)
        tree.append(leaf)
    if tree.size < size:
        raise IntegrityError(f"the ledger ends at entry {tree.size}; {size} entries were acknowledged")
    return roots.hashes(), tree.root()


def _leaves(engine: Engine, size: int) -> Iterator[bytes]:
    """The leaf hashes of the first lines; there may be fewer."""
    return (leaf_hash(line.content) for line in islice(engine.ledger.lines(Head()), size) if line.whole)
