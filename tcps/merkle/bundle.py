"""A proof as a file (c2sp.org/tlog-proof): a leaf's number, its inclusion proof, the checkpoint.

Its `extra` is what a reader needs beside the proof: here the receipt's id, a newline, and the leaf itself.
"""

import base64
import re
from typing import NamedTuple

from tcps.merkle.checkpoint import Signed
from tcps.merkle.notes import decoded
from tcps.merkle.proofs import root_of
from tcps.merkle.tree import leaf_hash

HEADER = "c2sp.org/tlog-proof@v1"
_HEAD = re.compile(
    rf"{re.escape(HEADER)}\n(?:extra ([A-Za-z0-9+/]+={{0,2}})\n)?index (0|[1-9][0-9]{{0,18}})\n"
    r"((?:[A-Za-z0-9+/]{43}=\n)*)"
)


class Proof(NamedTuple):
    """That the leaf is in the tree of a checkpoint; `extra` is None or not empty."""

    extra: bytes | None
    leaf_index: int
    hashes: tuple[bytes, ...]
    signed: Signed

    def text(self) -> str:
        """The file."""
        extra = "" if self.extra is None else f"extra {_base64(self.extra)}\n"
        hashes = "".join(f"{_base64(one)}\n" for one in self.hashes)
        return f"{HEADER}\n{extra}index {self.leaf_index}\n{hashes}\n{self.signed.text()}"

    @classmethod
    def parsed(cls, content: bytes) -> "Proof":
        """What a file holds; raises ValueError unless writing it again gives the same bytes."""
        head, separator, note = decoded(content).partition("\n\n")
        match = _HEAD.fullmatch(head + "\n")
        if not separator or match is None:
            raise ValueError(f"it does not begin with {HEADER}, an index and hashes")
        proof = cls(
            extra=None if match[1] is None else base64.b64decode(match[1], validate=True),
            leaf_index=int(match[2]),
            hashes=tuple(map(base64.b64decode, match[3].split())),
            signed=Signed.parsed(note.encode()),
        )
        if proof.text().encode() != content:
            raise ValueError("it would be written in another way")
        return proof

    def holds(self, leaf: bytes) -> bool:
        """Whether these bytes are the leaf that the checkpoint's tree has at `leaf_index`."""
        checkpoint = self.signed.checkpoint
        try:
            return root_of(leaf_hash(leaf), self.leaf_index, checkpoint.size, self.hashes) == checkpoint.root
        except ValueError:
            return False


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
