"""The ledger lines of an archive: each block by itself, so that any process can read it (format 13.7)."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tcps import ledger
from tcps.backup import findings
from tcps.backup.manifest import Member
from tcps.backup.reading import Archive
from tcps.backup.short import Line
from tcps.ledger import parse_line, read_entry
from tcps.merkle import leaf_hash
from tcps.model import Timestamp
from tcps.verify.entries import told
from tcps.verify.parallel import results, usable_cores

_PAYS = 4 * 1024 * 1024
"""From how many bytes on it pays to use more than one process."""
_NOTHING: frozenset[str] = frozenset()


class Read(NamedTuple):
    """What a block holds: the leaf hashes of its lines, and the time of its last entry."""

    member: Member
    leaves: bytes
    time: Timestamp

    def leaf_hashes(self) -> Iterator[bytes]:
        """The leaf hash of every line."""
        return (self.leaves[at : at + 32] for at in range(0, len(self.leaves), 32))


def read(archive: Archive) -> Iterator[Read]:
    """Read every block, on all cores; each line must be an entry. Raises UnsoundError."""
    blocks = [one for one in archive.manifest.members if one.first is not None]
    pays = len(blocks) > 1 and archive.manifest.content_bytes >= _PAYS
    processes = min(usable_cores(), len(blocks)) if pays else 1

    def start(number: int) -> Callable[[Member], Read]:
        mine = archive.blocks({one.path for one in blocks[number::processes]})
        return lambda _: _read(archive.name, *next(mine))

    if blocks:
        archive.source.require_here()
        yield from results(start, blocks, processes)


def _read(name: str, member: Member, content: Iterable[list[Line]]) -> Read:
    leaves, time, offset = list[bytes](), Timestamp(""), 0
    assert member.first is not None
    for lines in content:
        for line in lines:
            place = ledger.Line(member.first, offset, line.content)
            time = _entry(name, line, place, member.first + len(leaves))
            leaves.append(leaf_hash(line.content))
            offset = place.end
    return Read(member, b"".join(leaves), time)


def _entry(name: str, line: Line, place: ledger.Line, seq: int) -> Timestamp:
    """Check that a line is an entry; of one that was shortened the value and the digests are known."""
    try:
        entry = parse_line(place, seq) if line.value is None else read_entry(line.value, seq)
        told(entry, (place.segment, place.offset, len(place.content)), _NOTHING, proven=line.proven)
    except ValueError as error:
        raise findings.edited(name, seq, error) from None
    return entry.time
