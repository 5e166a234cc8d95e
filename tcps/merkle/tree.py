"""The Merkle tree over the ledger's lines (RFC 6962, section 2.1).

A leaf is one ledger line without its newline. The tree's append state is its *frontier*: the roots
of the perfect subtrees, largest first, so that one more leaf costs O(log n).
"""

import hashlib


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of a zero byte and the leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of a one byte and the two children (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree: its size and its frontier; `root` is the hash that commits to every leaf."""

    __slots__ = ("frontier", "size")

    def __init__(self, size: int = 0, frontier: list[bytes] | None = None) -> None:
        self.size = size
        self.frontier = frontier or []

    def append(self, leaf: bytes) -> None:
        """Add the leaf with this leaf hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.frontier.pop(), leaf)
            size >>= 1
        self.frontier.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The Merkle tree hash; that of the empty tree is SHA-256 of nothing."""
        if not self.frontier:
            return hashlib.sha256().digest()
        root = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            root = node_hash(left, root)
        return root

    def packed(self) -> bytes:
        """The frontier as bytes, 32 for each subtree."""
        return b"".join(self.frontier)

    @classmethod
    def unpacked(cls, size: int, frontier: bytes) -> "Tree":
        """The tree of this size from `packed` bytes; raises ValueError when they do not fit."""
        if len(frontier) != 32 * size.bit_count():
            raise ValueError("the frontier does not fit the size")
        return cls(size, [frontier[i : i + 32] for i in range(0, len(frontier), 32)])
