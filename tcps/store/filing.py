"""All record files of a ledger, made at once where there are none yet (format 5.1), on all cores.

The ledger is read from its end to its beginning, so the first state of a record that comes is its newest,
and each file is written once. Every process reads all lines and writes the files of some records. What it
keeps in mind is which records it has seen: a bit for each number, and the ids of SKUs.
"""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tcps.files import Disk
from tcps.ledger import Ledger, Line, damaged
from tcps.model import KINDS, Stage, number_of
from tcps.model.text import is_id
from tcps.projections.records import relative_path
from tcps.verify.lines import lines_of
from tcps.verify.parallel import results, usable_cores
from tcps.verify.reading import plan

_PAYS = 4 * 1024 * 1024
"""From which size of the ledger on it pays to use more than one process."""
_NONE = b"null"
_MOST_BITS = 2**27
"""Up to which number a record has a bit."""
Progress = Callable[[int, int], None]
"""Is told how much of the ledger is done, and how much there is."""


class _Change(msgspec.Struct, frozen=True):
    kind: str
    id: str
    record: msgspec.Raw


class _Entry(msgspec.Struct, frozen=True):
    changes: list[_Change]


class _Receipt(msgspec.Struct, frozen=True):
    sku_id: str
    sequence: int
    stage: Stage


_entry = msgspec.json.Decoder(_Entry)
_receipt = msgspec.json.Decoder(_Receipt)


def file_all(disk: Disk, folder: Path, told: Progress) -> None:
    """Write the newest state of every record to its file in a store that has no record files.

    Raises IntegrityError for a line that is no entry; that each one is sound is not asked.
    """
    ledger = Ledger(disk, folder / "ledger")
    planned, done = plan(ledger), 0
    processes = usable_cores() if planned.bytes >= _PAYS else 1
    stretches = list(planned.stretches())[::-1]
    tasks = [stretch for stretch in stretches for _ in range(processes)]

    def start(number: int) -> Callable[..., None]:
        files = _Files(disk, folder, processes, number)
        return lambda stretch: files.write(ledger, list(lines_of(ledger, stretch)))

    for number, _ in enumerate(results(start, tasks, processes), start=1):
        if number % processes == 0:
            stretch = tasks[number - 1]
            done += stretch.end - stretch.start
            told(done, planned.bytes)


class _Files:
    """The files that one of several processes writes."""

    def __init__(self, disk: Disk, folder: Path, processes: int, number: int) -> None:
        self._disk = disk
        self._folder = folder
        self._processes = processes
        self._number = number
        self._seen = {kind: _Seen(kind) for kind in KINDS}

    def write(self, ledger: Ledger, lines: list[Line]) -> None:
        """Write what some lines, which stand before all earlier ones, have of records not seen yet."""
        for line in reversed(lines):
            try:
                for path, content in self._new(line.content):
                    self._put(path, content)
            except (ValueError, KeyError, msgspec.MsgspecError) as error:
                raise damaged(ledger, line, error) from None

    def _new(self, content: bytes) -> Iterator[tuple[str, bytes]]:
        for change in _entry.decode(content).changes:
            key = f"{change.kind} {change.id}"
            if self._processes > 1 and zlib.crc32(key.encode()) % self._processes != self._number:
                continue
            record = bytes(change.record)
            if change.kind == "receipt" and record == _NONE:
                continue  # only its id was given (format 5.7)
            if self._seen[change.kind].is_new(change.id) and record != _NONE:
                yield _path(change.kind, change.id, record), msgspec.json.format(record, indent=2) + b"\n"

    def _put(self, path: str, content: bytes) -> None:
        whole = f"{self._folder}/{path}"
        fd = self._disk.open_new(whole)
        try:
            self._disk.append(fd, content, whole)
        finally:
            self._disk.close(fd)


class _Seen:
    """The records of a kind that have been seen."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._bits = bytearray()
        self._ids: set[str] = set()

    def is_new(self, record_id: str) -> bool:
        """Whether a record is seen for the first time."""
        number = number_of(record_id, self._kind)
        if not 0 < number < _MOST_BITS:
            new = record_id not in self._ids
            self._ids.add(record_id)
            return new
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        new = not self._bits[byte] & bit
        self._bits[byte] |= bit
        return new


def _path(kind: str, record_id: str, record: bytes) -> str:
    """Where a record's file is. Raises ValueError for what would be anywhere else."""
    if not is_id(record_id):
        raise ValueError(f"{record_id!r} is no id")
    if kind != "receipt":
        return relative_path(kind, record_id)
    receipt = _receipt.decode(record)
    if not is_id(receipt.sku_id):
        raise ValueError(f"{receipt.sku_id!r} is no id")
    place = {"sku_id": receipt.sku_id, "sequence": receipt.sequence, "stage": receipt.stage}
    return relative_path(kind, record_id, place)
