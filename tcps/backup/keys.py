"""Whom archives are encrypted to, and what opens them (format 13.9): keys of age, or of SSH."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tcps.errors import InvalidInput, TcpsError, invalid_field
from tcps.files import storage
from tcps.model import shown

_FILE_BYTES = 1024 * 1024


def library() -> Any:
    """The library `pyrage`. Raises TcpsError where it is not installed."""
    try:
        return import_module("pyrage")
    except ImportError:
        raise TcpsError("encrypted backups need the extra age", hint="pip install 'tcps[age]'") from None


def recipients(texts: Sequence[str]) -> list[Any]:
    """The recipients that texts name: `age1…`, or public keys of SSH. Raises InvalidInput."""
    pyrage, found = library(), list[Any]()
    for text in texts:
        sort = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
        try:
            found.append(sort.Recipient.from_str(text))
        except pyrage.RecipientError:
            raise invalid_field(
                "recipient", f"{shown(text)} is neither age1… nor a public key of SSH"
            ) from None
    return found


def recipients_in(path: str | Path) -> tuple[str, ...]:
    """The recipients in a file: one a line, without comments and empty lines. Raises InvalidInput."""
    found = tuple(_lines(_content(path, "recipients_file")))
    if not found:
        raise invalid_field("recipients_file", f"{path} names no recipient")
    return found


def identities_in(path: str | Path) -> list[Any]:
    """The identities in a file: of age, or one private key of SSH. Raises InvalidInput, which says none."""
    pyrage, content = library(), _content(path, "identity")
    try:
        if content.startswith("-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content.encode())]
        found = [pyrage.x25519.Identity.from_str(line) for line in _lines(content)]
    except (pyrage.IdentityError, ValueError):
        found = []
    if not found:
        raise invalid_field("identity", f"{path} holds no identity that can be used")
    return found


def _content(path: str | Path, field: str) -> str:
    try:
        with storage("read", path), open(path, "rb") as file:
            return file.read(_FILE_BYTES).decode()
    except (TcpsError, ValueError) as error:
        why = error.message if isinstance(error, TcpsError) else f"{path} is no text"
        raise InvalidInput(why, details={"fields": [field]}) from None


def _lines(content: str) -> Iterable[str]:
    lines = (line.strip() for line in content.splitlines())
    return (line for line in lines if line and not line.startswith("#"))
