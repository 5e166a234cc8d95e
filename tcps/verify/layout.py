"""What lies in a store's folder: record files by shard, and names that are none of a store's (format 2)."""

import re
from collections.abc import Iterator

from tcps.model import KINDS
from tcps.projections.records import NOTE_BYTES, Mark, RecordFiles, is_temporary, relative_path
from tcps.rules.findings import Finding
from tcps.verify import findings
from tcps.verify.rows import SHARDS
from tcps.verify.shards import Shard

_SKUS = "records/skus"
_ALONE = {"sku", "receipt", "policy"}
_SHARDED = {relative_path(kind, "").rpartition("/0000/")[0] for kind in KINDS if kind not in _ALONE} | {_SKUS}
"""The folders that have a folder for each shard."""
_FOLDERS = {"ledger", "records", "checkpoints", "quarantine", "ontology", "artifacts"}
_FILES = {"store.json", "lock", "records.lock", "checkpoint"}
_INDEX = re.compile(r"index\.sqlite(-wal|-shm|-journal)?")
_SEGMENT = re.compile(r"[0-9]{12}\.jsonl", re.ASCII)
_BYTE = re.compile(r"[0-9a-f]{2}", re.ASCII)
_NOTE = re.compile(rb"((0|[1-9][0-9]{0,17})( [!-~]*\n?)?)?\0*")
_NUMBER = re.compile(r"[0-9]{4}|[1-9][0-9]{4,11}", re.ASCII)


def shards(records: RecordFiles) -> list[Shard]:
    """Every shard with its folders; what is in no shard's folder is left to the first."""
    made = [Shard(number, [], []) for number in range(SHARDS)]
    for path, kind in _listed(records, "records"):
        inner = kind == "folder" and path in _SHARDED
        for one, its in _listed(records, path) if inner else [(path, kind)]:
            shard = made[_number(one) or 0]
            if its == "folder":
                shard.folders.append(one)
            elif not is_temporary(one.rpartition("/")[2]):
                shard.files.append((one, its == "file"))
    return made


def strangers(records: RecordFiles) -> list[Finding]:
    """Names in the store's folder, and in that of the ledger, that are none of format 2."""
    known = [(path, _belongs(path)) for path, _ in (*_listed(records, ""), *_listed(records, "ledger"))]
    names = [path for path, belongs in known if not belongs and not is_temporary(path.rpartition("/")[2])]
    return [findings.unfinished_salvage() if path == "salvage" else findings.foreign(path) for path in names]


def misplaced(records: RecordFiles) -> list[Finding]:
    """What stands in the place of one of the store's files or folders and is none."""
    there = [*_listed(records, ""), *_listed(records, "checkpoints")]
    files = [path for path, kind in there if kind != "file" and (path in _FILES or "/" in path)]
    folders = [path for path, kind in there if kind != "folder" and path in _FOLDERS]
    return [findings.no_plain_file(path) for path in files] + [findings.no_folder(path) for path in folders]


def note(records: RecordFiles, checkpointed: int) -> list[Finding]:
    """Whether `records.lock` says what a writer can have written, or what a power cut left of that.

    It was synced before a checkpoint was written, so it is there, and whole it names that one's size.
    """
    path = records.root / "records.lock"
    if (records.disk.plain_size(path) or 0) > NOTE_BYTES:
        return [findings.unreadable_note(records.disk.read_at(path, 0, NOTE_BYTES))]
    content = records.disk.read_plain(path, NOTE_BYTES)
    if content is None:
        there = any(path == "records.lock" for path, _ in _listed(records, ""))
        return [findings.note_missing(checkpointed)] if checkpointed and not there else []
    if not _NOTE.fullmatch(content):
        return [findings.unreadable_note(content)]
    mark = Mark.parsed(content)
    behind = mark is not None and content.endswith(b"\n") and mark.seq < checkpointed
    return [findings.note_behind(mark.seq, checkpointed)] if mark is not None and behind else []


def _listed(records: RecordFiles, folder: str) -> Iterator[tuple[str, str]]:
    for name, kind in records.disk.entries(records.root / folder):
        yield (f"{folder}/{name}" if folder else name), kind


def _belongs(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if folder == "ledger":
        return name == "torn" or _SEGMENT.fullmatch(name) is not None
    return name in _FOLDERS | _FILES or _INDEX.fullmatch(name) is not None


def _number(path: str) -> int | None:
    """The shard of a folder of record files; None for a name that no record's path has (format 5.1)."""
    kind, _, name = path.rpartition("/")
    if kind == _SKUS:
        return int(name, 16) if _BYTE.fullmatch(name) else None
    return int(name) % SHARDS if _NUMBER.fullmatch(name) else None
