"""Checkpoints to compare the ledger with: the store's own, and anchors that were kept elsewhere (format 9).

A checkpoint of size *n* is consistent with a ledger whose first *n* lines have its root.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tcps import checkpoints
from tcps.files import Disk
from tcps.merkle import Checkpoint, Signed, Tree
from tcps.rules.findings import Finding
from tcps.verify import findings


class Anchor(NamedTuple):
    """A checkpoint by the name that findings call it; `outside` when it was not kept in the store."""

    name: str
    checkpoint: Checkpoint
    outside: bool


class Kept(NamedTuple):
    """The checkpoints that the store itself holds by the file's name, and what is wrong with them."""

    signed: list[tuple[str, Signed]]
    findings: list[Finding]

    def anchors(self) -> list[Anchor]:
        """What the ledger is to be compared with."""
        return [Anchor(name, signed.checkpoint, outside=False) for name, signed in self.signed]


def kept(disk: Disk, folder: Path, origin: str) -> Kept:
    """Read every checkpoint of the store: the newest, and the signed ones."""
    found: list[tuple[str, Signed]] = []
    wrong: list[Finding] = []
    for name in checkpoints.names(disk, folder):
        try:
            signed = checkpoints.read(disk, folder, name)
            if signed is not None and signed.checkpoint.origin != origin:
                raise ValueError(f"it is of {signed.checkpoint.origin}")
        except ValueError as error:
            wrong.append(findings.unreadable_checkpoint(name, origin, error))
        else:
            found += [(name, signed)] if signed is not None else []
    return Kept(found, wrong + _disordered(found, unread={finding.path for finding in wrong}))


def _disordered(found: list[tuple[str, Signed]], unread: set[str | None]) -> list[Finding]:
    """The newest one is written first and never replaced by a smaller one; the others bear their sizes."""
    sizes = {name: signed.checkpoint.size for name, signed in found}
    newest = sizes.pop(checkpoints.NEWEST, None)
    wrong = [
        findings.misnamed_checkpoint(name, size)
        for name, size in sizes.items()
        if name != checkpoints.signed_name(size)
    ]
    wrong += _unlike(dict(found))
    if sizes and newest is None and checkpoints.NEWEST not in unread:
        wrong.append(findings.checkpoint_missing([*sizes.values()]))
    elif sizes and newest is not None and newest < max(sizes.values()):
        wrong.append(findings.checkpoint_older(newest, [*sizes.values()]))
    return wrong


def _unlike(found: dict[str, Signed]) -> list[Finding]:
    """Signed checkpoints without a signature, and a newest one without one that its own copy has."""
    newest = found.get(checkpoints.NEWEST)
    others = {name: signed for name, signed in found.items() if signed is not newest}
    wrong = [findings.unsigned(name) for name, signed in others.items() if not signed.signatures]
    for name, signed in others.items():
        same = newest is not None and newest.checkpoint == signed.checkpoint
        if same and newest is not None and not set(signed.signatures) <= set(newest.signatures):
            wrong.append(findings.signatures_differ(name))
    return wrong


class Roots:
    """The roots of a growing tree at the sizes that somebody will ask for."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self._wanted = frozenset(sizes)
        self._roots = {0: Tree().root()}

    def note(self, tree: Tree) -> None:
        """Look at the tree; it must be shown after every leaf."""
        if tree.size in self._wanted:
            self._roots[tree.size] = tree.root()

    def at(self, size: int) -> bytes | None:
        """The root at a wanted size; None when the tree has not come so far."""
        return self._roots.get(size)


class Compared(NamedTuple):
    """What came of comparing: findings; of the `given` anchors outside how many hold, the largest."""

    findings: list[Finding]
    given: int
    consistent: int
    anchored: int | None


def compare(anchors: Sequence[Anchor], origin: str, roots: Roots, tree: Tree) -> Compared:
    """Compare every anchor with the tree over the whole ledger; `roots` were asked for their sizes."""
    wrong = [(anchor, _finding(anchor, origin, roots, tree.size)) for anchor in anchors]
    held = [anchor.checkpoint.size for anchor, finding in wrong if finding is None and anchor.outside]
    given = sum(anchor.outside for anchor in anchors)
    return Compared([finding for _, finding in wrong if finding], given, len(held), max(held, default=None))


def _finding(anchor: Anchor, origin: str, roots: Roots, size: int) -> Finding | None:
    checkpoint = anchor.checkpoint
    if checkpoint.origin != origin:
        return findings.of_another_tree(anchor.name, checkpoint, origin)
    root = roots.at(checkpoint.size)
    if root is None:
        return findings.shorter_than(anchor.name, checkpoint, size)
    return None if root == checkpoint.root else findings.forked(anchor.name, checkpoint, root)
