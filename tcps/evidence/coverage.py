"""line_coverage of Cobertura and LCOV reports: covered / coverable lines over all files of all reports.

A source file that several reports name is one file, and a line of it is covered if any of them says so. A
file is known by its path: in Cobertura, by the one below the report's source folder if it names just one. A
path that is not absolute is taken for the absolute one that ends with it, if there is just one.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

from tcps.evidence import cobertura, lcov
from tcps.evidence.lcov import Lines
from tcps.evidence.recognise import COBERTURA, LCOV, recognise
from tcps.evidence.source import Source
from tcps.model import Json

Files = dict[str, Lines]
"""The lines of source files by path."""
_LONGEST = 4096
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


def read(source: Source) -> Files:
    """The coverable lines of every source file of a report. Raises InvalidInput."""
    found = recognise(source.data)
    if found == COBERTURA:
        files, root = cobertura.read(source)
        return _united((_path(name, root), lines) for name, lines in files.items())
    if found == LCOV:
        return _united((_path(name, None), lines) for name, lines in lcov.read(source).items())
    raise source.refused(f"it is {found}")


def metrics(reports: Iterable[Files]) -> Json:
    """line_coverage; nothing when there is no coverable line at all."""
    files = _united(item for report in reports for item in report.items())
    lines = [hit for hits in _same_files(files).values() for hit in hits.values()]
    return {"line_coverage": sum(lines) / len(lines)} if lines else {}


def _path(name: str, root: str | None) -> str:
    name, folder = name.replace("\\", "/"), (root or "").replace("\\", "/")
    joined = name if not folder or _ABSOLUTE.match(name) else f"{folder}/{name}"
    return posixpath.normpath(joined).replace("//", "/")


def _united(items: Iterable[tuple[str, Lines]]) -> Files:
    """Each path once; a line that any of its items covers is covered."""
    files: Files = {}
    for path, lines in items:
        own = files.setdefault(path, {})
        for line, hit in lines.items():
            own[line] = own.get(line, False) or hit
    return files


def _same_files(files: Files) -> Files:
    """A path that is not absolute taken for the only absolute one that ends with it."""
    owners: dict[str, list[str]] = {path: [] for path in files if not _ABSOLUTE.match(path)}
    for path in files.keys() - owners.keys():
        for end in _ends(path):
            if end in owners:
                owners[end].append(path)
    whole = {path: found[0] for path, found in owners.items() if len(found) == 1}
    return _united((whole.get(path, path), lines) for path, lines in files.items())


def _ends(path: str) -> Iterator[str]:
    """Every shorter path that this one ends with; none of one that no file system has."""
    parts = path.split("/") if len(path) <= _LONGEST else []
    return ("/".join(parts[start:]) for start in range(1, len(parts)))
