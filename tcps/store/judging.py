"""Whether a store that was restored is what its backup holds.

A ledger can say what is a finding for ever: a clock was wrong, or receipts were lost before a salvage. Such
a store is restored as it was. What its files or its checkpoints say must be right.
"""

import contextlib
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.projections.records import RecordFiles
from tcps.rules.findings import Finding
from tcps.store.engine import Engine
from tcps.verify import Report


def require_as_written(folder: Path, disk: Disk, report: Report, root: bytes) -> None:
    """Raise IntegrityError for a finding that does not follow from the ledger, or for another ledger."""
    broken = list(_broken(report))
    wanted = _digests(folder, disk, {finding.path for finding in broken}) if broken else {}
    files = RecordFiles(disk, folder, 0)
    wrong = [one for one in broken if not _follows(one, wanted, files)]
    if wrong:
        raise IntegrityError(
            f"nothing is restored: {wrong[0].message}",
            hint=None if len(wrong) == 1 else f"there are {len(wrong)} such findings",
            details={"class": wrong[0].class_, "path": wrong[0].path},
        )
    if report.root != root:
        raise IntegrityError("nothing is restored: the ledger that was written is not the one that was read")


def _broken(report: Report) -> Iterator[Finding]:
    yield from report.findings
    for verdict in report.verdicts:
        yield from (finding for finding in verdict.findings if finding.kind == "integrity")


def _digests(folder: Path, disk: Disk, paths: Container[str | None]) -> dict[str, str]:
    """What the ledger says of the record files at some paths."""
    with contextlib.closing(Engine(folder, disk=disk)) as engine, engine.view() as view:
        rows = view.loader.index.db.execute("SELECT path, sha256 FROM record")
        return {path: sha256 for path, sha256 in rows if path in paths}


def _follows(finding: Finding, wanted: Mapping[str, str], files: RecordFiles) -> bool:
    """Whether a finding follows from the ledger's lines, each of which is an entry.

    It is about no file, or the one at its path is what they say; or a record's revisions leap.
    """
    path = finding.path
    if path is None or (path.startswith("ledger/") and finding.got is not None):
        return True
    return path in wanted and files.sha256(path) == wanted[path]
