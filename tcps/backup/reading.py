"""Reading an archive: only bytes that a backup would have written are let through (format 13.6).

The manifest comes first and says what follows. Every header, padding and end after it is compared with
the one way to write it, so nothing that the manifest does not list is ever looked at, let alone written.
"""

import hashlib
from collections.abc import Iterator

from tcps.backup import coding, findings, tar
from tcps.backup.coding import Coder, CorruptError, Reads
from tcps.backup.manifest import MANIFEST, MANIFEST_BYTES, Manifest, Member
from tcps.backup.places import Source
from tcps.canonical import digest

_PIECE = 1024 * 1024


class Archive:
    """An archive: its manifest, which is sound in itself, and its members."""

    def __init__(self, source: Source) -> None:
        """Read the beginning. Raises UnsoundError, or Undecided when nothing here can decompress it."""
        self.source = source
        self.name = source.name
        self._coder = _coder(source)
        content = _manifest(self.name, self._stream())
        self.manifest = Manifest.parsed(content, self.name)
        self.digest = digest(content)
        self._first = tar.header(MANIFEST, len(content)) + content + tar.padding(len(content))

    def require_sealed(self) -> None:
        """Read every byte. Raises UnsoundError unless they are those that were written."""
        sealed, reader = hashlib.sha256(), self.source.until(self._end)
        while piece := reader.read(_PIECE):
            sealed.update(piece)
        seal, wanted = self.source.read_at(self._end, self._coder.seal_bytes + 1), sealed.digest()
        if not (seal.startswith(self._coder.before) and seal.endswith(self._coder.after)):
            raise findings.truncated(self.name, "its last bytes are no seal")
        if seal != self._coder.seal(wanted):
            raise findings.damaged(self.name, "its bytes are not those that its seal is of")

    def members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Every member with its content, in pieces, all of which must be taken before the next one.

        Raises UnsoundError where it is not what the manifest says.
        """
        stream = self._stream()
        self._expect(stream, self._first, "its manifest")
        for number, member in enumerate(self.manifest.members):
            self._header(stream, tar.header(member.path, member.size), number)
            yield member, self._content(stream, member)
            self._expect(stream, tar.padding(member.size), f"what follows {member.path}")
        self._header(stream, tar.END, len(self.manifest.members))
        if self._read(stream, 1):
            raise findings.damaged(self.name, "something follows its end")

    @property
    def _end(self) -> int:
        """Where the seal begins."""
        return max(self.source.size - self._coder.seal_bytes, 0)

    def _stream(self) -> Reads:
        return self._coder.decoder(self.source.until(self._end))

    def _read(self, stream: Reads, length: int) -> bytes:
        return _read(self.name, stream, length)

    def _expect(self, stream: Reads, wanted: bytes, what: str) -> None:
        found = self._read(stream, len(wanted))
        if found != wanted:
            raise self._short(what) if wanted.startswith(found) else findings.damaged(self.name, what)

    def _header(self, stream: Reads, wanted: bytes, number: int) -> None:
        """Take a header, or the end; what else is there is refused by name."""
        found = self._read(stream, len(wanted))
        if found == wanted:
            return
        if len(found) < len(wanted) and wanted.startswith(found):
            raise self._short("a member or the end")
        seen = frozenset([MANIFEST, *(one.path for one in self.manifest.members[:number])])
        try:
            class_, path, why = tar.refusal(found[: tar.BLOCK], seen)
        except ValueError as error:
            raise findings.damaged(self.name, error) from None
        raise findings.member(class_, self.name, path, why)

    def _content(self, stream: Reads, member: Member) -> Iterator[bytes]:
        left, sha256 = member.size, hashlib.sha256()
        while left:
            piece = self._read(stream, min(left, _PIECE))
            if not piece:
                raise self._short(member.path)
            left -= len(piece)
            sha256.update(piece)
            yield piece
        if sha256.hexdigest() != member.sha256:
            why = "has other bytes than the manifest says"
            raise findings.member(
                "EDITED", self.name, member.path, why, expected=member.sha256, got=sha256.hexdigest()
            )

    def _short(self, what: str) -> findings.UnsoundError:
        return findings.truncated(self.name, f"{what} is not there")


def _coder(source: Source) -> Coder:
    coder = coding.of(source.read_at(0, 16))
    if coder is None:
        raise findings.unreadable(source.name, "it does not begin as an archive does")
    return coder


def _manifest(name: str, stream: Reads) -> bytes:
    """The content of the first member."""
    block = _read(name, stream, tar.BLOCK)
    if len(block) < tar.BLOCK:
        raise findings.truncated(name, f"{MANIFEST} is not there")
    try:
        size = tar.size_of_first(block)
    except ValueError as error:
        raise findings.malformed(name, error) from None
    if size > MANIFEST_BYTES:
        why = f"would have {size} bytes; no manifest has more than {MANIFEST_BYTES}"
        raise findings.member("OVERSIZED", name, MANIFEST, why, got=size)
    if block != tar.header(MANIFEST, size):
        raise findings.malformed(name, f"its first member is not {MANIFEST}")
    content = _read(name, stream, size)
    if len(content) < size:
        raise findings.truncated(name, f"{MANIFEST} is not there whole")
    return content


def _read(name: str, stream: Reads, length: int) -> bytes:
    """So many bytes, or fewer at the end."""
    pieces = []
    try:
        while length and (piece := stream.read(length)):
            pieces.append(piece)
            length -= len(piece)
    except CorruptError as error:
        raise findings.damaged(name, error) from None
    return b"".join(pieces)
