"""Tar as archives have it: there is one way to write each header, so reading compares bytes (format 13.2)."""

import tarfile

BLOCK = 512
END = bytes(2 * BLOCK)
"""What follows the last member."""
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


def header(path: str, size: int) -> bytes:
    """The header of a plain file; a pax one where the path is not plain."""
    member = tarfile.TarInfo(path)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """What follows a content of this size."""
    return bytes(-size % BLOCK)


def stated_size(block: bytes) -> int:
    """The size that a header states; raises ValueError for what is no header."""
    return _parsed(block).size


def refusal(block: bytes, wanted: str | None, seen: frozenset[str | None]) -> tuple[str, str, str]:
    """Why a member does not belong where it is: the finding's class, the member's path, a reason.

    `wanted` is the path of the member that does, `seen` are those that were there already. Raises
    ValueError for what is no header at all.
    """
    found = _parsed(block)
    path = found.name
    if found.type in _EXTENDED:
        return "UNLISTED", path, "is an extended header that is not expected here"
    if found.issym() or found.islnk():
        return "LINK", path, f"is a link to {found.linkname!r}"
    if not found.isreg():
        return "SPECIAL", path, "is no plain file"
    if path.startswith("/") or ".." in path.split("/"):
        return "UNSAFE", path, "leads out of a store's folder"
    if path in seen:
        return "DUPLICATE", path, "is there twice"
    if path == wanted:
        return "OVERSIZED", path, f"has {found.size} bytes, or another header than it must have"
    return "UNLISTED", path, "is not the member that the manifest lists here"


def _parsed(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ValueError(f"where a member begins there is no tar header: {error}") from None
