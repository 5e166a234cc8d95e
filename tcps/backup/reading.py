"""Reading an archive: only bytes that a backup would have written are let through (format 13.7).

The manifest comes first and says what follows. Every header, padding and end after it is compared with
the one way to write it, so nothing that the manifest does not list is ever looked at, let alone written.
"""

import contextlib
import hashlib
from collections.abc import Container, Iterator

from tcps.backup import coding, findings, tar
from tcps.backup.coding import Coder, CorruptError, Reads
from tcps.backup.manifest import MANIFEST, MANIFEST_BYTES, Manifest, Member
from tcps.backup.places import Source
from tcps.backup.short import Line, whole
from tcps.canonical import digest

_PIECE = 64 * 1024
"""How much is read at once: what the lines in it mean has room near the processor."""


class Archive:
    """An archive: its manifest, which is sound in itself, and its members."""

    def __init__(self, source: Source) -> None:
        """Read the beginning, or take what is remembered of it.

        Raises UnsoundError, or Undecided when nothing here can decompress it.
        """
        self.source = source
        self.name = source.name
        if source.remembered is None:
            self._coder = _coder(source)
            content = _manifest(self.name, self._stream())
        else:
            self._coder, content = coding.best(), source.remembered
        self.manifest = Manifest.parsed(content, self.name)
        self.digest = digest(content)
        self._first = tar.header(MANIFEST, len(content)) + content + tar.padding(len(content))

    def require_sealed(self) -> None:
        """Read every byte. Raises UnsoundError unless they are those that were written."""
        sealed, reader = hashlib.sha256(), self.source.until(self._end)
        while piece := reader.read(_PIECE):
            sealed.update(piece)
        if self.seal() != self._coder.seal(sealed.digest()):
            raise findings.damaged(self.name, "its bytes are not those that its seal is of")

    def seal(self) -> bytes:
        """The seal at its end, whatever it says. Raises UnsoundError when there is none."""
        seal = self.source.read_at(self._end, self._coder.seal_bytes + 1)
        if not (seal.startswith(self._coder.before) and seal.endswith(self._coder.after)):
            raise findings.truncated(self.name, "its last bytes are no seal")
        return seal

    def members(self, passed: Container[str] = ()) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Every member with its content, in pieces, all of which must be taken before the next one.

        Of ledger lines it is the whole lines. Raises UnsoundError where it is not what the manifest says.
        The content of members whose path is in `passed` is not given, nor looked at.
        """
        for member, stored in self.stored():
            if member.path in passed:
                for _ in stored:
                    pass
            elif member.first is None:
                yield member, self._checked(member, stored)
            else:
                yield member, (_joined(lines) for lines in self._lines(member, stored))

    def blocks(self, chosen: Container[str]) -> Iterator[tuple[Member, Iterator[list[Line]]]]:
        """The blocks of ledger lines whose paths are chosen, in the way of `members`, as lines."""
        for member, stored in self.stored():
            if member.path in chosen:
                yield member, self._lines(member, stored)
            else:
                for _ in stored:
                    pass

    def stored(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Every member with its bytes as they are in the archive, all of which must be taken.

        Raises UnsoundError where the file is not one that has these members and nothing else.
        """
        stream = self._stream()
        self._expect(stream, self._first, "its manifest")
        for number, member in enumerate(self.manifest.members):
            size = self._header(stream, member, number)
            yield member, self._stored(stream, member, size)
            self._expect(stream, tar.padding(size), f"what follows {member.path}")
        self._end_of(stream)

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

    def _header(self, stream: Reads, member: Member, number: int) -> int:
        """Take a member's header; gives how many bytes follow. What else is there is refused by name."""
        wanted = tar.header(member.path, member.size)
        found = self._read(stream, len(wanted))
        if member.first is not None and len(found) == tar.BLOCK:
            with contextlib.suppress(ValueError):
                stated = tar.stated_size(found)
                if found == tar.header(member.path, stated) and stated <= 2 * member.size:
                    return stated
        elif found == wanted:
            return member.size
        raise self._refusal(found, wanted, number)

    def _end_of(self, stream: Reads) -> None:
        """Take the end."""
        found = self._read(stream, len(tar.END))
        if found != tar.END:
            raise self._refusal(found, tar.END, len(self.manifest.members))
        if self._read(stream, 1):
            raise findings.damaged(self.name, "something follows its end")

    def _refusal(self, found: bytes, wanted: bytes, number: int) -> findings.UnsoundError:
        """What is wrong with bytes that should be the header of a member, or the end."""
        if len(found) < len(wanted):
            return self._short("a member or the end")
        paths = [MANIFEST, *(one.path for one in self.manifest.members), None]
        try:
            class_, path, why = tar.refusal(
                found[: tar.BLOCK], paths[number + 1], frozenset(paths[: number + 1])
            )
        except ValueError as error:
            return findings.damaged(self.name, error)
        return findings.member(class_, self.name, path, why)

    def _stored(self, stream: Reads, member: Member, size: int) -> Iterator[bytes]:
        """The bytes of a member as they are in the archive."""
        while size:
            piece = self._read(stream, min(size, _PIECE))
            if not piece:
                raise self._short(member.path)
            size -= len(piece)
            yield piece

    def _lines(self, member: Member, stored: Iterator[bytes]) -> Iterator[list[Line]]:
        """The ledger lines of a block, some at a time."""
        read: list[list[Line]] = []

        def content() -> Iterator[bytes]:
            for lines in whole(stored, self.manifest.store.store_id):
                read.append(lines)
                yield _joined(lines)

        for _ in self._checked(member, content()):
            yield read.pop()

    def _checked(self, member: Member, content: Iterator[bytes]) -> Iterator[bytes]:
        """The content of a member; raises UnsoundError where it is not the one that the manifest means."""
        sha256, size = hashlib.sha256(), 0
        for piece in content:
            size += len(piece)
            if size > member.size:
                break
            sha256.update(piece)
            yield piece
        if size != member.size or sha256.hexdigest() != member.sha256:
            why = "has other bytes than the manifest says"
            raise findings.member(
                "EDITED", self.name, member.path, why, expected=member.sha256, got=sha256.hexdigest()
            )

    def _short(self, what: str) -> findings.UnsoundError:
        return findings.truncated(self.name, f"{what} is not there")


def _joined(lines: list[Line]) -> bytes:
    return b"".join(line.content + b"\n" for line in lines)


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
        size = tar.stated_size(block)
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
