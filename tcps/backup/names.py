"""What an archive is called: whose it is, up to where it reaches, its kind, its time (format 13.1)."""

import re
from enum import StrEnum
from typing import NamedTuple

from tcps.model import Timestamp, to_ms

_NAME = re.compile(
    r"tcps-([0-9a-f]{16})-([0-9]{12})-(full|incremental)-"
    r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2}\.[0-9]{3})Z\.tar\.((?:zst|gz)(?:\.age)?)",
    re.ASCII,
)


class Kind(StrEnum):
    """A full archive stands alone; an incremental one goes on from its parent."""

    FULL = "full"
    INCREMENTAL = "incremental"


class Name(NamedTuple):
    """The parts of an archive's name; `suffix` says how it is compressed, and whether it is encrypted."""

    store_id: str
    seq: int
    kind: Kind
    made: Timestamp
    suffix: str

    def __str__(self) -> str:
        moment = self.made.replace("-", "").replace(":", "")
        return f"tcps-{self.store_id}-{self.seq:012d}-{self.kind}-{moment}.tar.{self.suffix}"

    @property
    def is_encrypted(self) -> bool:
        """Whether its name says so."""
        return self.suffix.endswith(".age")

    @classmethod
    def parsed(cls, text: str) -> "Name | None":
        """The parts of a name; None for one that is no archive's."""
        match = _NAME.fullmatch(text)
        if match is None:
            return None
        year, month, day, hour, minute, second = match.group(4, 5, 6, 7, 8, 9)
        made = Timestamp(f"{year}-{month}-{day}T{hour}:{minute}:{second}Z")
        try:
            to_ms(made)
        except ValueError:
            return None
        return cls(match[1], int(match[2]), Kind(match[3]), made, match[10])
