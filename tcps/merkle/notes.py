"""Signed notes as C2SP writes them (c2sp.org/signed-note): a text, an empty line, signature lines.

A signature line is an em dash, the key's name, and in base64 four bytes of key id and the signature.
Whether a signature is right is for `tcps.keys` to say.
"""

import base64
import re
from collections.abc import Iterable
from typing import NamedTuple

MOST_SIGNATURES = 64
"""A note with more is refused; C2SP asks for at least 16."""
_LINE = re.compile(r"— ([^ +\n]+) ([A-Za-z0-9+/]+={0,2})\n")


class Signature(NamedTuple):
    """One signature line: the key's name, its id of four bytes, and the signature's bytes."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


def written(text: str, signatures: Iterable[Signature]) -> str:
    """The note; a text without signatures is only the text."""
    lines = "".join(signature.line() for signature in signatures)
    return f"{text}\n{lines}" if lines else text


def parsed(content: bytes) -> tuple[str, tuple[Signature, ...]]:
    """The text and the signatures of a note; of a text alone, no signatures.

    Raises ValueError unless writing it again gives the same bytes.
    """
    note = decoded(content)
    if any(character < " " and character != "\n" for character in note):
        raise ValueError("it holds a control character")
    text, separator, lines = note.rpartition("\n\n")
    if not separator:
        return note, ()
    signatures = tuple(map(_signature, lines.splitlines(keepends=True)))
    if not 0 < len(signatures) <= MOST_SIGNATURES:
        raise ValueError(f"it has {len(signatures)} signatures")
    if written(text + "\n", signatures) != note:
        raise ValueError("it would be written in another way")
    return text + "\n", signatures


def decoded(content: bytes) -> str:
    """Bytes as text; raises ValueError with the place where they are not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"its byte {error.start} is not UTF-8") from None


def valid_name(name: str) -> bool:
    """Whether a key can have this name: not empty, no space, plus sign or control character."""
    return bool(name) and "+" not in name and not any(c.isspace() or not c.isprintable() for c in name)


def _signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if match is None or not valid_name(match[1]):
        raise ValueError("a line after its text is no signature")
    value = base64.b64decode(match[2], validate=True)
    if len(value) < 5:
        raise ValueError("a signature is too short")
    return Signature(match[1], value[:4], value[4:])
