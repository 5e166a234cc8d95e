"""The manifest: the first member of an archive, which says what is in it (format 13.3)."""

import base64
import re
from itertools import pairwise

import msgspec

from tcps.backup import findings
from tcps.backup.names import Kind
from tcps.backup.short import BLOCK_BYTES
from tcps.canonical import digest, file_bytes, parse
from tcps.identity import FORMAT, IDENTITY_BYTES, Identity
from tcps.ledger import LINE_BYTES
from tcps.merkle import Checkpoint, Tree
from tcps.model import Part, Timestamp

ARCHIVE_FORMAT = 1
"""The format of archives that this program writes."""
MANIFEST = "manifest.json"
MANIFEST_BYTES = 16 * 1024 * 1024
"""No manifest is longer."""
STORE = "store.json"
_CHECKPOINT = re.compile(r"checkpoint|checkpoints/[0-9]{12}", re.ASCII)
_ENTRIES = re.compile(r"entries/([0-9]{12})\.jsonl", re.ASCII)
_ARTIFACT = re.compile(r"artifacts(/[^/\0]+)+")
_SHA256 = re.compile("[0-9a-f]{64}")
_LIMITS = {STORE: IDENTITY_BYTES, "checkpoint": 1024 * 1024, "entries": BLOCK_BYTES + LINE_BYTES + 1}
"""How long a member of each sort can be."""
_ARTIFACT_BYTES = 2**43


class Point(Part, frozen=True, kw_only=True):
    """A place between two entries: after entry `seq`, which ends before a byte of a segment.

    `root` and `frontier` (format 9.1), in base64, are of the tree over the lines up to there; `time` is
    that of the entry.
    """

    seq: int
    segment: int
    offset: int
    time: Timestamp | None
    root: str
    frontier: tuple[str, ...]

    @classmethod
    def at(cls, tree: Tree, segment: int, offset: int, time: Timestamp | None) -> "Point":
        """The point after the last line of a tree."""
        return cls(
            seq=tree.size,
            segment=segment,
            offset=offset,
            time=time,
            root=_base64(tree.root()),
            frontier=tuple(map(_base64, tree.frontier)),
        )

    def tree(self) -> Tree:
        """The tree, which can be grown; raises ValueError when it is none, or has another root."""
        tree = Tree.unpacked(self.seq, b"".join(map(_decoded, self.frontier)))
        if _base64(tree.root()) != self.root:
            raise ValueError(f"the root that it names at entry {self.seq} is not that of its frontier")
        return tree

    def checkpoint(self, origin: str) -> Checkpoint:
        """The checkpoint of the tree."""
        return Checkpoint(origin, self.seq, _decoded(self.root))


class Member(Part, frozen=True, kw_only=True):
    """A file in the archive; of ledger lines, size and SHA-256 are those of the whole lines (format 13.4)."""

    path: str
    size: int
    sha256: str

    @property
    def first(self) -> int | None:
        """The number of the first ledger line in it; None for what holds no lines."""
        match = _ENTRIES.fullmatch(self.path)
        return None if match is None else int(match[1])


class Manifest(Part, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What an archive holds: the ledger after `from_` (a full one: all) up to `to`, and other files.

    `parent` is the digest of the manifest of the archive that ends at `from_`.
    """

    archive: int
    kind: Kind
    store: Identity
    parent: str | None
    from_: Point | None
    to: Point
    members: tuple[Member, ...]
    tcps: str

    def content(self) -> bytes:
        """The bytes of the member."""
        return file_bytes(msgspec.to_builtins(self))

    @property
    def content_bytes(self) -> int:
        """How many bytes the members have together."""
        return sum(one.size for one in self.members)

    @property
    def digest(self) -> str:
        """By which a child names it."""
        return digest(self.content())

    @property
    def start(self) -> Tree:
        """The tree that its lines are added to."""
        return Tree() if self.from_ is None else self.from_.tree()

    @classmethod
    def parsed(cls, content: bytes, archive: str) -> "Manifest":
        """The manifest of an archive, by whose name findings call it. Raises UnsoundError."""
        try:
            value = parse(content)
            _require_known(value, archive)
            manifest = msgspec.convert(value, cls)
            if manifest.content() != content:
                raise ValueError("its manifest is not in canonical form")
            _require_sound(manifest)
        except ValueError as error:
            raise findings.malformed(archive, error) from None
        _require_members(manifest, archive)
        return manifest


def _require_known(value: object, archive: str) -> None:
    """Raise UnsoundError for the format of a later program."""
    fields = value if isinstance(value, dict) else {}
    stored = fields.get("store")
    store = stored if isinstance(stored, dict) else {}
    for found, known in ((fields.get("archive"), ARCHIVE_FORMAT), (store.get("format"), FORMAT)):
        if isinstance(found, int) and found > known:
            raise findings.too_new(archive, found, known)


def _require_sound(manifest: Manifest) -> None:
    """Raise ValueError unless its parts fit each other."""
    manifest.store.require_sound()
    if manifest.archive != ARCHIVE_FORMAT:
        raise ValueError(f"there is no archive format {manifest.archive}")
    alone = manifest.parent is None and manifest.from_ is None
    if alone != (manifest.kind is Kind.FULL) or (manifest.parent is None) != (manifest.from_ is None):
        raise ValueError("a full archive has no parent, an incremental one has, and goes on from it")
    if manifest.parent is not None and not _is_digest(manifest.parent):
        raise ValueError("its parent is no digest")
    before = 0 if manifest.from_ is None else manifest.from_.seq
    if before > manifest.to.seq:
        raise ValueError(f"it goes on from entry {before} and ends at {manifest.to.seq}")
    for point in (manifest.from_, manifest.to):
        if point is not None:
            _require_point(point)
    _require_blocks(manifest, before)


def _require_point(point: Point) -> None:
    if not 0 <= point.seq < 10**12:
        raise ValueError(f"there is no entry {point.seq}")
    point.tree()
    if point.segment < 1 or point.offset < 0 or (point.time is None) != (point.seq == 0):
        raise ValueError(f"the place after entry {point.seq} is none")


def _require_blocks(manifest: Manifest, before: int) -> None:
    """The lines are there without a gap, as far as the names of the members tell."""
    if (manifest.kind is Kind.FULL) != (STORE in (one.path for one in manifest.members)):
        raise ValueError(f"a full archive has {STORE}, an incremental one has not")
    firsts = [one.first for one in manifest.members if one.first is not None]
    begins = firsts[:1] == ([before + 1] if before < manifest.to.seq else [])
    if before == manifest.to.seq and manifest.from_ not in (None, manifest.to):
        raise ValueError("it holds no line, and does not end where it begins")
    if not begins or any(first > manifest.to.seq for first in firsts):
        raise ValueError(f"its lines are not those after entry {before} up to {manifest.to.seq}")


def _require_members(manifest: Manifest, archive: str) -> None:
    """Raise UnsoundError for a member that no archive has."""
    paths = [one.path for one in manifest.members]
    for path, after in pairwise(paths):
        if path == after:
            raise findings.member("DUPLICATE", archive, path, "is there twice")
    for one in manifest.members:
        _require_path(one.path, archive)
        if not 0 <= one.size <= _limit(one.path):
            why = f"would have {one.size} bytes; it cannot have more than {_limit(one.path)}"
            raise findings.member("OVERSIZED", archive, one.path, why, got=one.size)
        if not _SHA256.fullmatch(one.sha256):
            raise findings.malformed(archive, f"the SHA-256 of {one.path} is none")
    if paths != sorted(paths):
        raise findings.malformed(archive, "its members are not sorted")


def _require_path(path: str, archive: str) -> None:
    """A member that could be written anywhere but in its place is refused by name."""
    if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")):
        raise findings.member("UNSAFE", archive, path, "leads out of a store's folder")
    if path != STORE and not any(sort.fullmatch(path) for sort in (_CHECKPOINT, _ENTRIES, _ARTIFACT)):
        raise findings.member("UNLISTED", archive, path, "is none of what an archive holds")


def _limit(path: str) -> int:
    sort = path.partition("/")[0]
    return _ARTIFACT_BYTES if sort == "artifacts" else _LIMITS[sort.replace("checkpoints", "checkpoint")]


def _is_digest(text: str) -> bool:
    return text.startswith("sha256:") and _SHA256.fullmatch(text[7:]) is not None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decoded(text: str) -> bytes:
    """The 32 bytes of a hash; raises ValueError unless it is written in the one way."""
    value = base64.b64decode(text, validate=True)
    if len(value) != 32 or _base64(value) != text:
        raise ValueError(f"{text[:60]!r} is no hash in base64")
    return value
