"""LCOV tracefiles: `SF:` begins a source file, `DA:LINE,COUNT` is a coverable line, `end_of_record` ends it.

What else a record holds (functions, branches, stated totals) is passed over.
"""

import re

from tcps.evidence.recognise import plain
from tcps.evidence.source import Source

Lines = dict[int, bool]
"""The coverable lines of a source file, and whether each was covered."""
_LINE = re.compile(rb"DA:([0-9]{1,9}),(-?[0-9.]+(?:e[+-]?[0-9]+)?)(?:,.*)?")
_OTHER = re.compile(rb"[A-Z]+[0-9]*:.*|#.*")


def read(source: Source) -> dict[str, Lines]:
    """The lines of each source file, by its path as written. Raises InvalidInput."""
    files: dict[str, Lines] = {}
    lines: Lines | None = None
    known = (b"SF:", b"DA:")
    for number, line in enumerate(map(bytes.strip, plain(source.data).split(b"\n")), 1):
        if line.startswith(b"SF:") and lines is None:
            lines = files.setdefault(line[3:].strip().decode("utf-8", "backslashreplace"), {})
        elif line.startswith(b"DA:") and lines is not None:
            _take(source, lines, line, number)
        elif line == b"end_of_record" and lines is not None:
            lines = None
        elif line and (_OTHER.fullmatch(line) is None or line.startswith(known)):
            raise source.refused(f"line {number} is none of an LCOV record: {_shown(line)}")
    if lines is not None:
        raise source.refused("it is cut off: its last record does not end")
    return files


def _take(source: Source, lines: Lines, line: bytes, number: int) -> None:
    found = _LINE.fullmatch(line)
    if found is None:
        raise source.refused(f"line {number} is no coverage of a line: {_shown(line)}")
    count = found[2].partition(b"e")[0]
    hit = not count.startswith(b"-") and bool(count.strip(b"0."))
    at = int(found[1])
    lines[at] = lines.get(at, False) or hit


def _shown(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))
