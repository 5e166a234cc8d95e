"""Stores of any size, written as files from what a few real transactions left: each verifies intact."""

import itertools
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

from tcps.canonical import file_bytes, genesis, line_bytes, parse, sha256_hex
from tcps.files import boot_id
from tcps.ledger import SEGMENT_BYTES
from tcps.merkle import Checkpoint, Tree, leaf_hash
from tcps.projections.records import Mark, relative_path
from tcps.service import line
from tcps.store import Store
from tests.bench import load

STAGES = 10
_TOGETHER = 1000
"""How many SKUs are on the line at the same time, so how far apart the receipts of one are."""
_ID = re.compile(rb'"(WO|SKU|RCPT)-(\d+)"')


def large(place: Path, receipts: int) -> Path:
    """A store in `place` with so many receipts (a multiple of ten), ten to a SKU, each with its files."""
    with Store.create(place, actor="bench") as store:
        folder, identity = store.folder, store.engine.identity
    templates = _templates(place / "template")
    written = _Written(folder, identity.store_id)
    for start in range(0, receipts // STAGES, _TOGETHER):
        numbers = range(start + 1, min(start + _TOGETHER, receipts // STAGES) + 1)
        _line(written, numbers, templates)
    written.finish(identity.origin)
    return folder


def queued(place: Path, orders: int) -> Path:
    """A store in `place` with so many queued work orders, all of one bucket and priority."""
    with Store.create(place, actor="bench") as store:
        folder, identity = store.folder, store.engine.identity
    template = _templates(place / "template")[0]
    written = _Written(folder, identity.store_id)
    for number in range(1, orders + 1):
        entry = _of(template, number)
        entry["changes"][0]["record"]["queue_key"] = f"{number:012d}000001~"
        for path, content in written.append(entry).items():
            written.put(path, content)
    written.finish(identity.origin)
    return folder


def entries(receipts: int) -> int:
    """How many entries such a store has: a SKU's receipts, its order and itself."""
    return receipts // STAGES * (STAGES + 2)


def _templates(place: Path) -> list[bytes]:
    """The lines that a work order, its SKU and its ten stages leave."""
    with Store.create(place, actor="bench") as store:
        order = store.store_work_order(load.demands(1)[0])
        sku_id = line.create_sku(store, order.id)["sku_id"]
        for run in load.runs([sku_id]):
            load.run(store, run)
    return (place / ".tcps" / "ledger" / "000000000001.jsonl").read_bytes().splitlines()


def _line(written: "_Written", numbers: range, templates: list[bytes]) -> None:
    """All transactions of some SKUs, stage by stage; the files are those of the last states."""
    files: dict[str, bytes] = {}
    for template, number in itertools.product(templates, numbers):
        files |= written.append(_of(template, number))
    for path, content in files.items():
        written.put(path, content)


def _of(template: bytes, number: int) -> Any:
    """The same transaction about another SKU."""

    def renamed(match: re.Match[bytes]) -> bytes:
        n = int(match[2])
        return b'"%s-%d"' % (match[1], (number - 1) * STAGES + n if match[1] == b"RCPT" else number)

    return parse(_ID.sub(renamed, template))


class _Written:
    """A store's ledger and record files while they are written."""

    def __init__(self, folder: Path, store_id: str) -> None:
        self.folder = folder
        self.tree = Tree()
        self._store_id = store_id
        self._heads: dict[str, str] = {}
        self._segment = self._opened(1)
        self._made: set[str] = set()

    def append(self, entry: Any) -> dict[str, bytes]:
        """Write the next line: chained, numbered, digests set. Gives the files that it leaves."""
        entry["seq"] = self.tree.size + 1
        files = {}
        for change in sorted(entry["changes"], key=lambda change: change["kind"] != "receipt"):
            record = change["record"]
            self._chain(change["kind"], record)
            content = file_bytes(record)
            change["sha256"] = sha256_hex(content)
            if change["kind"] == "receipt":
                self._heads[record["sku_id"]] = f"sha256:{change['sha256']}"
            files[relative_path(change["kind"], change["id"], record)] = content
        content = line_bytes(entry)
        if self._segment.tell() >= SEGMENT_BYTES:
            self._segment.close()
            self._segment = self._opened(entry["seq"])
        self._segment.write(content + b"\n")
        self.tree.append(leaf_hash(content))
        return files

    def put(self, path: str, content: bytes) -> None:
        """Write a record's file."""
        folder = os.path.dirname(path)
        if folder not in self._made:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
            self._made = {folder}
        fd = os.open(f"{self.folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, content)
        os.close(fd)

    def finish(self, origin: str) -> None:
        """Say that everything is written, and up to where."""
        self._segment.close()
        checkpoint = Checkpoint(origin, self.tree.size, self.tree.root())
        (self.folder / "checkpoint").write_text(checkpoint.text())
        (self.folder / "records.lock").write_bytes(Mark(self.tree.size, boot_id()).note())

    def _opened(self, segment: int) -> BinaryIO:
        return open(self.folder / "ledger" / f"{segment:012d}.jsonl", "wb")

    def _chain(self, kind: str, record: Any) -> None:
        if kind == "receipt":
            first = genesis(self._store_id, record["sku_id"])
            record["previous"] = self._heads.get(record["sku_id"], first)
        elif kind == "sku":
            record["head"] = self._heads.get(record["sku_id"], genesis(self._store_id, record["sku_id"]))
