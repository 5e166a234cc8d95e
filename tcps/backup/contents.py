"""What a backup holds: the ledger up to an entry, and what does not follow from it (format 13.3)."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tcps import checkpoints
from tcps.backup.manifest import STORE, Member, Point
from tcps.backup.short import BLOCK_BYTES, shortened
from tcps.canonical import sha256_hex
from tcps.errors import IntegrityError, TcpsError
from tcps.files import Disk
from tcps.ledger import ROLLBACK, Head, Ledger, Line, damaged, parse_line
from tcps.merkle import Checkpoint, Signed, Tree, leaf_hash
from tcps.model import Timestamp
from tcps.verify.anchors import Roots

_BLOCK = 1024 * 1024
_ROLLBACK = f'"{ROLLBACK} '.encode()


class Content(NamedTuple):
    """A member and how its bytes are read, once more, when they are written."""

    member: Member
    read: Callable[[], Iterable[bytes]]


class Kept(NamedTuple):
    """A checkpoint of the store with its file's path and bytes."""

    path: str
    content: bytes
    checkpoint: Checkpoint


def kept(disk: Disk, folder: Path, origin: str) -> list[Kept]:
    """Every checkpoint that the store holds. Raises IntegrityError for one that is none."""
    found = []
    for path in checkpoints.names(disk, folder):
        content = disk.read(folder / path)
        if content is None:
            continue
        try:
            checkpoint = Signed.parsed(content).checkpoint
            if checkpoint.origin != origin:
                raise ValueError(f"it is of {checkpoint.origin}")
            if path not in (checkpoints.NEWEST, checkpoints.signed_name(checkpoint.size)):
                raise ValueError(f"it has size {checkpoint.size}")
        except ValueError as error:
            raise IntegrityError(
                f"no backup is made: {folder / path} is damaged: {error}", hint="tcps verify"
            ) from None
        found.append(Kept(path, content, checkpoint))
    return found


def of_bytes(path: str, content: bytes) -> Content:
    """A member whose bytes are known."""
    return Content(Member(path=path, size=len(content), sha256=sha256_hex(content)), lambda: [content])


def identity(disk: Disk, folder: Path) -> Content:
    """The file that says which store it is."""
    return of_bytes(STORE, disk.read(folder / STORE) or b"")


def artifacts(disk: Disk, folder: Path, there: Callable[[str, int], bool]) -> Iterator[Content]:
    """The plain files in `artifacts/` but for those that are there already, by path and size."""
    for path in disk.walk(folder / "artifacts"):
        name, size = path.relative_to(folder).as_posix(), disk.plain_size(path)
        if size is None or there(name, size):
            continue
        if not name.isprintable():
            raise TcpsError(f"no backup is made: the name {name!a} cannot be kept", hint="rename the file")
        yield _of_file(disk, path, name, size)


def _of_file(disk: Disk, path: Path, name: str, size: int) -> Content:
    sha256 = hashlib.sha256()
    for piece in _bytes(disk, path, 0, size):
        sha256.update(piece)
    member = Member(path=name, size=size, sha256=sha256.hexdigest())
    return Content(member, lambda: _same(disk, path, 0, member))


class Block(NamedTuple):
    """Some lines of the ledger that follow each other: where they begin, how many there are."""

    member: Member
    start: Head
    lines: int


class Stretch:
    """The ledger from a point up to an entry, read for the manifest."""

    def __init__(
        self, ledger: Ledger, start: Point | None, seq: int, seen: Sequence[Kept], sizes: Iterable[int] = ()
    ) -> None:
        """Read it; `seen` are checkpoints that must be of it. Raises IntegrityError.

        At `sizes`, too, the root will be known.
        """
        self.blocks: list[Block] = []
        self._ledger = ledger
        self._tree = Tree() if start is None else start.tree()
        self._roots = Roots([*sizes, *(one.checkpoint.size for one in seen)])
        self._end = Head() if start is None else place(ledger, start)
        time = None if start is None else start.time
        while self._tree.size < seq:
            time = self._read_block(seq)
        for one in seen:
            self._require(one, 0 if start is None else start.seq)
        self.to = Point.at(self._tree, self._end.segment, self._end.offset, time)

    @property
    def root(self) -> bytes:
        """The root of the tree at its end."""
        return self._tree.root()

    def root_at(self, size: int) -> bytes | None:
        """The root at one of the sizes; None where the ledger does not come so far."""
        return self._roots.at(size)

    def _read_block(self, seq: int) -> Timestamp:
        """The next block; the time of its last entry."""
        sha256, size, start, last = hashlib.sha256(), 0, self._end, None
        for line in islice(self._ledger.lines(start), seq - start.seq):
            sha256.update(line.content + b"\n")
            size += len(line.content) + 1
            self._tree.append(leaf_hash(line.content))
            self._roots.note(self._tree)
            last = line
            if size >= BLOCK_BYTES:
                break
        if last is None:
            raise IntegrityError(f"no backup is made: the ledger ends at entry {self._tree.size} of {seq}")
        self._end = Head(self._tree.size, last.segment, last.end)
        path = f"entries/{start.seq + 1:012d}.jsonl"
        member = Member(path=path, size=size, sha256=sha256.hexdigest())
        self.blocks.append(Block(member, start, self._tree.size - start.seq))
        return _time(self._ledger, last, self._tree.size)

    def _require(self, one: Kept, after: int) -> None:
        size, root = one.checkpoint.size, self._roots.at(one.checkpoint.size)
        if size > after and root != one.checkpoint.root:
            raise IntegrityError(
                f"no backup is made: the first {size} ledger lines are not those of {one.path}",
                hint="tcps verify",
            )


def shortened_block(ledger: Ledger, block: Block, store_id: str) -> bytes:
    """The lines of a block as an archive has them, read once more. Raises TcpsError if they were changed."""
    lines = [line.content for line in islice(ledger.lines(block.start), block.lines)]
    sha256 = hashlib.sha256()
    for line in lines:
        sha256.update(line + b"\n")
    if sha256.hexdigest() != block.member.sha256:
        raise TcpsError("the ledger was changed while it was backed up", hint="tcps verify")
    return shortened(lines, store_id)


def goes_on(ledger: Ledger, start: Point) -> bool:
    """Whether a ledger goes on from a point, of which every line before it is read."""
    tree = Tree()
    for line in islice(ledger.lines(Head()), start.seq):
        tree.append(leaf_hash(line.content))
    return tree.size == start.seq and tree.root() == start.tree().root()


def given_up(ledger: Ledger, links: Sequence[Point]) -> str | None:
    """Which entry of a ledger says that what a chain of archives holds is no more; None when none does.

    The archives end at these points. An entry in one of which the ledger goes on is none of these.
    """
    ends, tree, found = {one.seq: one for one in links}, Tree(), None
    for line in islice(ledger.lines(Head()), links[-1].seq):
        tree.append(leaf_hash(line.content))
        if _ROLLBACK in line.content:
            with contextlib.suppress(ValueError):
                entry = parse_line(line, None)
                found = entry if entry.given_up is not None else found
        end = ends.get(tree.size)
        if end is not None and end.tree().root() == tree.root():
            found = None
    if found is None:
        return None
    return f"entry {found.seq} of {found.time} says that {found.actor} restored an older state"


def place(ledger: Ledger, start: Point) -> Head:
    """Where the line after a point is: where the point says, or wherever a restore has put it.

    Raises IntegrityError when the ledger does not come so far.
    """
    head = Head(start.seq, start.segment, start.offset)
    before = ledger.line_at(head.segment, max(head.offset - 1, 0), 1)
    if start.seq == 0 or (before == b"\n" and _follows(ledger, head)):
        return head
    segment = max((one for one in ledger.segments() if one <= start.seq), default=1)
    lines = islice(ledger.lines_of(segment, 0), start.seq - segment + 1)
    ends = [line.end for line in lines if line.whole]
    if len(ends) < start.seq - segment + 1:
        raise IntegrityError(f"the ledger does not come to entry {start.seq}, which a backup holds")
    return Head(start.seq, segment, ends[-1])


def _follows(ledger: Ledger, head: Head) -> bool:
    """Whether the next line, if there is one, has the next number."""
    line = next(ledger.lines(head), None)
    try:
        return line is None or parse_line(line, head.seq + 1).seq > head.seq
    except ValueError:
        return False


def _time(ledger: Ledger, line: Line, seq: int) -> Timestamp:
    try:
        return parse_line(line, seq).time
    except ValueError as error:
        raise damaged(ledger, line, error) from None


def _same(disk: Disk, path: Path, offset: int, member: Member) -> Iterator[bytes]:
    """Bytes of a file that were read before; raises TcpsError when they are others now."""
    sha256 = hashlib.sha256()
    for piece in _bytes(disk, path, offset, member.size):
        sha256.update(piece)
        yield piece
    if sha256.hexdigest() != member.sha256:
        raise TcpsError(f"{path} was changed while it was backed up", hint="try again")


def _bytes(disk: Disk, path: Path, offset: int, length: int) -> Iterator[bytes]:
    while length and (piece := disk.read_at(path, offset, min(length, _BLOCK))):
        yield piece
        offset, length = offset + len(piece), length - len(piece)
