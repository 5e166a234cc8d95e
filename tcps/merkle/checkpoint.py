"""A tree's name, size and root, as C2SP tlog-checkpoint writes them, with or without signatures."""

import base64
import re
from typing import NamedTuple

from tcps.merkle import notes
from tcps.merkle.notes import Signature

_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


class Checkpoint(NamedTuple):
    """The head of a tree: its name, its size, its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines: origin, decimal size, base64 root."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def line(self) -> str:
        """The same as one line, for a ticket or a log: origin, size and root between spaces."""
        return self.text().removesuffix("\n").replace("\n", " ")

    @classmethod
    def parsed(cls, text: str) -> "Checkpoint":
        """The checkpoint of `text`; raises ValueError unless writing it again gives the same text."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError("it is not three lines of origin, size and root")
        checkpoint = cls(match[1], int(match[2]), base64.b64decode(match[3]))
        if checkpoint.text() != text:
            raise ValueError("its root is not in canonical base64")
        return checkpoint


def checkpoints(content: bytes) -> list[Checkpoint]:
    """The checkpoints of a file that was kept: one as a note or as its text, or one on each line.

    Empty lines are passed over. Raises ValueError for anything else, and for no checkpoint.
    """
    try:
        return [Signed.parsed(content).checkpoint]
    except ValueError as error:
        lines = notes.decoded(content).splitlines()
        if not any(line.count(" ") == 2 for line in lines):
            raise error from None
        return [_of_line(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _of_line(line: str, number: int) -> Checkpoint:
    try:
        return Checkpoint.parsed(line.replace(" ", "\n") + "\n")
    except ValueError:
        raise ValueError(f"its line {number} is not origin, size and root") from None


class Signed(NamedTuple):
    """A checkpoint and the signatures on its text; there may be none."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...] = ()

    def text(self) -> str:
        """The note (c2sp.org/signed-note), or without signatures the checkpoint's text alone."""
        return notes.written(self.checkpoint.text(), self.signatures)

    def signed(self, signature: Signature) -> "Signed":
        """With one signature more, in place of an earlier one of the same key."""
        key = (signature.name, signature.key_id)
        others = tuple(one for one in self.signatures if (one.name, one.key_id) != key)
        return self._replace(signatures=(*others, signature))

    @classmethod
    def parsed(cls, content: bytes) -> "Signed":
        """What a file holds; raises ValueError unless writing it again gives the same bytes."""
        text, signatures = notes.parsed(content)
        return cls(Checkpoint.parsed(text), signatures)
