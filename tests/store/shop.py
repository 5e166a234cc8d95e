"""What the tests of the store share: small things to do in it, and ways to look at what it kept."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tcps.canonical import file_bytes
from tcps.files import Disk
from tcps.ledger import SEGMENT_BYTES, Head, Ledger, parse_line
from tcps.merkle import Checkpoint
from tcps.model import Sku
from tcps.projections.records import relative_path
from tcps.rules import pipeline
from tcps.store import Store
from tcps.store.engine import Engine
from tcps.verify import Anchor
from tests.conftest import FixedClock

ROOT = Path(__file__).parents[2]
RESOLUTION = {"root_cause": "a cause", "fix_applied": "a fix", "prevention_added": "a guard"}
INDEX_FILES = ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm")


def opened(
    folder: Path,
    *,
    disk: Disk | None = None,
    segment_bytes: int = SEGMENT_BYTES,
    boot: str | None = None,
    actor: str = "alice",
    wait: float = 10.0,
) -> Store:
    """A store with the options that only tests need."""
    engine = Engine(
        folder / ".tcps", disk=disk, clock=FixedClock(), wait=wait, segment_bytes=segment_bytes, boot=boot
    )
    return Store(engine, actor)


def made(folder: Path) -> Store:
    """A new store on a clock that stands still."""
    return Store.create(folder, actor="alice", clock=FixedClock())


def anchor(checkpoint: Checkpoint) -> Anchor:
    """A checkpoint as somebody outside of the store has it."""
    return Anchor("kept outside", checkpoint, outside=True)


def order(store: Store, title: str = "an order", **fields: Any) -> str:
    return store.store_work_order({"title": title, **fields}).id


def andon(store: Store, sku_id: str = "web-1") -> str:
    return store.store_andon_event({"sku_id": sku_id, "failure_type": "test_failure"}).id


def sku(store: Store, sku_id: str = "web-1") -> Sku:
    order_id = order(store, f"make {sku_id}")
    with store.transaction("sku.create") as draft:
        return pipeline.create(draft, order_id, sku_id)


def receipt(store: Store, sku_id: str = "web-1") -> str:
    return store.store_receipt({"sku_id": sku_id, "stage": "shacl_validation"}).id


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the index."""
    db = sqlite3.connect(folder / ".tcps" / "index.sqlite")
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    finally:
        db.close()


def remove_index(folder: Path) -> None:
    for name in INDEX_FILES:
        (folder / ".tcps" / name).unlink(missing_ok=True)


def record_files(folder: Path) -> dict[str, bytes]:
    """Every file below records/, by its path below .tcps."""
    root = folder / ".tcps"
    files = (path for path in (root / "records").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def files_by_ledger(folder: Path) -> dict[str, bytes]:
    """The record files as the ledger alone says that they are."""
    files: dict[str, bytes] = {}
    paths: dict[tuple[str, str], str] = {}
    for line in Ledger(Disk(), folder / ".tcps" / "ledger").lines(Head()):
        for change in parse_line(line, None).changes:
            key = (change.kind, change.id)
            if change.record is None:
                files.pop(paths.pop(key, ""), None)
            else:
                paths[key] = relative_path(change.kind, change.id, change.record)
                files[paths[key]] = file_bytes(change.record)
    return files


def contents(folder: Path) -> dict[str, bytes]:
    """Ledger and record files, byte for byte."""
    ledger = (folder / ".tcps" / "ledger").rglob("*.jsonl")
    return record_files(folder) | {path.name: path.read_bytes() for path in ledger}


def segments(folder: Path) -> list[Path]:
    return sorted((folder / ".tcps" / "ledger").glob("*.jsonl"))


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def classes(store: Store) -> set[str]:
    """The classes of all integrity findings of a whole verification."""
    report = store.verify_integrity()
    found = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    return {finding.class_ for finding in found if finding.kind == "integrity"}


def unmeasured() -> dict[str, str]:
    """The environment of a process whose coverage nobody measures, for that makes it slow."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def process(mode: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own that runs one mode of `tests.store.work`."""
    command = [sys.executable, "-m", "tests.store.work", mode, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def results(processes: list[subprocess.Popen[str]]) -> list[Any]:
    """What each process printed, as JSON, once all have ended well."""
    printed = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(text) for text in printed]


Step = Callable[[Store], object]
