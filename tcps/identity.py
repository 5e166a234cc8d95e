"""Which store this is: what `store.json` says (format 2.1)."""

import re

import msgspec

from tcps.canonical import file_bytes
from tcps.model import Part, Timestamp, from_ms, to_ms

FORMAT = 1
"""The on-disk format that this program writes (docs/format.md)."""
IDENTITY_BYTES = 4096
"""No `store.json` is longer."""


class Identity(Part, frozen=True, kw_only=True):
    """store.json: which store this is; it never changes."""

    store_id: str
    origin: str
    format: int
    created: Timestamp

    @classmethod
    def new(cls, store_id: str, created: Timestamp) -> "Identity":
        """The identity of a store that is made now."""
        return cls(store_id=store_id, origin=f"tcps/{store_id}", format=FORMAT, created=created)

    def content(self) -> bytes:
        """The bytes of the file."""
        return file_bytes(msgspec.to_builtins(self))

    def require_sound(self) -> None:
        """Raise ValueError unless these can be the values of a store's identity."""
        if not re.fullmatch("[0-9a-f]{16}", self.store_id):
            raise ValueError(f"its store id {self.store_id!r} is none")
        if self.origin != f"tcps/{self.store_id}":
            raise ValueError(f"its origin {self.origin!r} is not that of the store id {self.store_id}")
        if self.format != FORMAT:
            raise ValueError(f"there is no format {self.format}")
        if from_ms(to_ms(self.created)) != self.created:
            raise ValueError(f"its time {self.created!r} is none")
