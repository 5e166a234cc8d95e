"""The ledger lines of an archive, each checked as a verification of a store does (format 13.6)."""

from collections.abc import Iterable, Iterator

from tcps.backup import findings
from tcps.backup.manifest import Manifest, Member
from tcps.ledger import Entry, Line, parse_line
from tcps.merkle import Tree, leaf_hash
from tcps.verify.anchors import Roots
from tcps.verify.entries import told

_NOTHING: frozenset[str] = frozenset()


def split(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The lines of a content that comes in pieces, and whether each has its newline."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for content in whole:
            yield content, True
    if rest:
        yield rest, False


class Reader:
    """Reads the lines of an archive in order: they go on from where it begins, and end where it ends."""

    def __init__(self, manifest: Manifest, name: str, sizes: Iterable[int] = ()) -> None:
        """Nothing is read yet; at `sizes` the tree's root will be known."""
        self.tree: Tree = manifest.start
        self.roots = Roots(sizes)
        self._manifest = manifest
        self._name = name
        self._time = None if manifest.from_ is None else manifest.from_.time

    def read(self, member: Member, pieces: Iterable[bytes]) -> Iterator[Entry]:
        """The entries of one member. Raises UnsoundError for a line that is none, or not the next one."""
        if member.first != self.tree.size + 1:
            raise findings.member("EDITED", self._name, member.path, f"follows entry {self.tree.size}")
        offset = 0
        for content, whole in split(pieces):
            yield self._entry(Line(member.first, offset, content, whole))
            offset += len(content) + 1

    def finish(self) -> None:
        """Raise UnsoundError unless what was read is what the manifest says."""
        to = self._manifest.to
        if self.tree.size != to.seq:
            raise findings.malformed(self._name, f"it ends at entry {self.tree.size}, not at {to.seq}")
        if self._time != to.time:
            raise findings.malformed(self._name, f"its last entry is of {self._time}, not of {to.time}")
        require_root(self._name, self._manifest, self.tree)

    def _entry(self, line: Line) -> Entry:
        seq = self.tree.size + 1
        try:
            entry = parse_line(line, seq)
            told(entry, (line.segment, line.offset, len(line.content)), _NOTHING)
        except ValueError as error:
            raise findings.edited(self._name, seq, error) from None
        self.tree.append(leaf_hash(line.content))
        self.roots.note(self.tree)
        self._time = entry.time
        return entry


def require_root(name: str, manifest: Manifest, tree: Tree) -> None:
    """Raise UnsoundError unless the tree over the lines is the one that the manifest names."""
    checkpoint = manifest.to.checkpoint(manifest.store.origin)
    if tree.root() != checkpoint.root:
        raise findings.forked(name, tree.size, checkpoint.root.hex(), tree.root().hex())
