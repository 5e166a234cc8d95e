"""Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2), checked as in RFC 9162, 2.1.3 and 2.1.4.

A proof is a list of subtree roots. Which subtrees is known from the sizes alone: `inclusion` and
`consistency` give their ranges of leaves, and `Roots` computes them all in one reading of the leaves.
"""

from collections.abc import Sequence

from tcps.merkle.tree import Tree, node_hash

Range = tuple[int, int]
"""Leaves from the first up to, not including, the second."""


def inclusion(index: int, size: int) -> list[Range]:
    """The subtrees of the proof that leaf `index` is in the tree of `size`, from the leaf to the root."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    return _path(index, 0, size)


def consistency(old: int, size: int) -> list[Range]:
    """The subtrees of the proof that the tree of `old` is a beginning of that of `size`."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {old} is no beginning of one of {size}")
    return _subproof(old, 0, size, whole=True) if 0 < old < size else []


class Roots:
    """The roots of some subtrees, of leaf hashes that are shown one after another."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._ranges = ranges
        self._trees = [Tree() for _ in ranges]
        self._seen = 0

    def append(self, leaf: bytes) -> None:
        """The next leaf's hash."""
        for (start, end), tree in zip(self._ranges, self._trees, strict=True):
            if start <= self._seen < end:
                tree.append(leaf)
        self._seen += 1

    def hashes(self) -> list[bytes]:
        """The roots, in the order of the ranges."""
        return [tree.root() for tree in self._trees]


def root_of(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to; raises ValueError when it does not fit the sizes."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return root


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree with `old_root` is a beginning of the one with `root`."""
    if old in (0, size):
        return not proof and (old == 0 or old_root == root)
    if not proof or old > size:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _split(start: int, end: int) -> int:
    """Where the tree over [start, end) divides: after the largest power of two below its size."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _path(index: int, start: int, end: int) -> list[Range]:
    if end - start == 1:
        return []
    middle = _split(start, end)
    if index < middle:
        return [*_path(index, start, middle), (middle, end)]
    return [*_path(index, middle, end), (start, middle)]


def _subproof(old: int, start: int, end: int, *, whole: bool) -> list[Range]:
    if old == end:
        return [] if whole else [(start, end)]
    middle = _split(start, end)
    if old <= middle:
        return [*_subproof(old, start, middle, whole=whole), (middle, end)]
    return [*_subproof(old, middle, end, whole=False), (start, middle)]
