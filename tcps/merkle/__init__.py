"""The Merkle tree over the ledger's lines, and the C2SP formats in which it is shown to others (format 9).

`tree` is RFC 6962's tree, `proofs` its proofs, `notes` signed texts, `checkpoint` a tree head as a note,
`bundle` a proof as a file. Nothing here does I/O.
"""

from tcps.merkle.checkpoint import Checkpoint, Signed
from tcps.merkle.notes import Signature
from tcps.merkle.tree import Tree, leaf_hash, node_hash

__all__ = ["Checkpoint", "Signature", "Signed", "Tree", "leaf_hash", "node_hash"]
