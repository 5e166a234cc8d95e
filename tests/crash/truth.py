"""What a ledger alone says that the projections are: the files and tables of a rebuild from scratch."""

import re
from typing import Any, NamedTuple

from tcps.canonical import file_bytes
from tcps.files import Disk
from tcps.ledger import Head, Ledger, parse_line
from tcps.projections.index import Index
from tcps.projections.records import relative_path
from tcps.store import recovery
from tests.crash.medium import Image
from tests.crash.place import Place

Tables = dict[str, list[tuple[Any, ...]]]
Segments = tuple[tuple[str, bytes], ...]
_SEGMENT = re.compile(r"\.tcps/ledger/[0-9]{12}\.jsonl")


class Truth(NamedTuple):
    """The record files by path below the store's folder, and every row of the index."""

    files: dict[str, bytes]
    tables: Tables


def segments(image: Image) -> Segments:
    """The segments of an image, by name."""
    return tuple((path, image[path] or b"") for path in sorted(filter(_SEGMENT.fullmatch, image)))


def joined(parts: Segments) -> bytes:
    return b"".join(content for _, content in parts)


class Truths:
    """Finds out what each ledger says, once."""

    def __init__(self) -> None:
        self._place = Place()
        self._known: dict[Segments, Truth] = {}

    def of(self, parts: Segments) -> Truth:
        if parts not in self._known:
            self._known[parts] = self._rebuilt(parts)
        return self._known[parts]

    def remove(self) -> None:
        self._place.remove()

    def _rebuilt(self, parts: Segments) -> Truth:
        self._place.put({".tcps": None, ".tcps/ledger": None} | dict(parts), {})
        ledger = Ledger(Disk(), self._place.folder / ".tcps" / "ledger")
        index = Index(None, "", "")
        index.create()
        reached = recovery.fold(index, ledger)
        assert reached.bad is None, reached.reason
        found = Truth(_files(ledger), tables(index))
        index.close()
        return found


def tables(index: Index) -> Tables:
    """Every row of every table, but for the boot and the store that the position names."""
    names = [name for (name,) in index.db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    found = {name: index.db.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    return found | {"position": [row[:-2] for row in found["position"]]}


def _files(ledger: Ledger) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    paths: dict[tuple[str, str], str] = {}
    for line in ledger.lines(Head()):
        for change in parse_line(line, None).changes:
            key = (change.kind, change.id)
            if change.record is None:
                files.pop(paths.pop(key), None)
            else:
                paths[key] = relative_path(change.kind, change.id, change.record)
                files[paths[key]] = file_bytes(change.record)
    return files
