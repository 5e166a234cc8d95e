"""Up to where a store is restored, and which archives that takes (format 14.1)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from tcps.backup import findings
from tcps.backup.reading import Archive
from tcps.backup.short import split
from tcps.errors import InvalidInput, invalid_field
from tcps.model import Timestamp, parse_timestamp


class Until(NamedTuple):
    """An entry, the last one at or before a moment, or (neither) the last one that there is."""

    seq: int | None = None
    time: Timestamp | None = None

    @classmethod
    def read(cls, seq: int | None, time: str | None) -> "Until":
        """What a caller asks for. Raises InvalidInput."""
        if seq is not None and time is not None:
            raise InvalidInput("a restore goes to a sequence number or to a moment, not both", code="usage")
        if seq is not None and seq < 1:
            raise invalid_field("to_sequence", f"{seq} is not the number of an entry")
        return cls(seq, None if time is None else parse_timestamp(time, "to_time"))


class _Entry(msgspec.Struct, frozen=True):
    time: Timestamp


_entry = msgspec.json.Decoder(_Entry)


def needed(links: Sequence[Archive], until: Until) -> list[Archive]:
    """The archives of a chain up to the one with the wanted entry.

    Of a moment that is the one after the last archive that ends at or before it. Raises InvalidInput
    for an entry after the end.
    """
    if until.time is not None:
        ends = [number for number, one in enumerate(links) if _ends_by(one, until.time)]
        return list(links[: max(ends, default=-1) + 2])
    end = links[-1].manifest.to.seq
    if until.seq is None:
        return list(links)
    if until.seq > end:
        raise invalid_field("to_sequence", f"{until.seq} comes after entry {end}, the last one in the backup")
    return [one for one in links if one.manifest.from_ is None or one.manifest.from_.seq < until.seq]


def sequence(links: Sequence[Archive], until: Until) -> int:
    """The number of the wanted entry; `links` are the archives that are needed for it.

    Raises InvalidInput when no entry is as old as the wanted moment.
    """
    if until.seq is not None:
        return until.seq
    moment, last = until.time, links[-1].manifest
    if moment is None or _ends_by(links[-1], moment):
        return last.to.seq
    found = 0 if last.from_ is None else last.from_.seq
    for seq, time in _times(links[-1]):
        found = seq if time <= moment else found
    if found == 0:
        raise InvalidInput(
            f"no entry in the backup is of {moment} or before",
            code="invalid_timestamp",
            details={"fields": ["to_time"]},
        )
    return found


def time_of(archive: str, seq: int, line: bytes) -> Timestamp:
    """The time of an entry. Raises UnsoundError for a line that is none."""
    try:
        return _entry.decode(line).time
    except msgspec.MsgspecError as error:
        raise findings.edited(archive, seq, error) from None


def _ends_by(archive: Archive, moment: Timestamp) -> bool:
    time = archive.manifest.to.time
    return time is None or time <= moment


def _times(archive: Archive) -> Iterator[tuple[int, Timestamp]]:
    """The number and the time of each entry that an archive holds."""
    others = [one.path for one in archive.manifest.members if one.first is None]
    lines = (line for _, pieces in archive.members(others) for some in split(pieces) for line in some)
    first = 1 if archive.manifest.from_ is None else archive.manifest.from_.seq + 1
    for seq, line in enumerate(lines, start=first):
        yield seq, time_of(archive.name, seq, line)
