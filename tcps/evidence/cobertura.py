"""Cobertura XML: the `line` elements of each class, by source file.

The lines of methods are those of their class once more; stated rates and totals are not read.
"""

from tcps.evidence import elements
from tcps.evidence.lcov import Lines
from tcps.evidence.source import FormatError, Source

_LINE = ["class", "lines", "line"]


class _Visitor:
    """Collects the lines of each file, and the folders that file names are relative to."""

    def __init__(self) -> None:
        self.files: dict[str, Lines] = {}
        self.roots: list[str] = []
        self.lines: Lines = {}

    def start(self, path: list[str], attributes: dict[str, str]) -> None:
        if path[-1] == "class":
            name = attributes.get("filename", "").strip()
            if not name:
                raise FormatError("a class names no file")
            self.lines = self.files.setdefault(name, {})
        elif path[-1] == "source":
            self.roots.append("")
        elif path[-3:] == _LINE:
            self.line(attributes.get("number", ""), attributes.get("hits", ""))

    def line(self, number: str, hits: str) -> None:
        if not (number.isdecimal() and number.isascii() and len(number) < 10):
            raise FormatError(f"a line has the number {number[:40]!r}")
        if not (hits.isdecimal() and hits.isascii()):
            raise FormatError(f"a line has the hits {hits[:40]!r}")
        at = int(number)
        self.lines[at] = self.lines.get(at, False) or bool(hits.strip("0"))

    def text(self, path: list[str], text: str) -> None:
        if path[-1] == "source":
            self.roots[-1] += text

    def end(self, path: list[str]) -> None:
        """Nothing depends on where an element ends."""


def read(source: Source) -> tuple[dict[str, Lines], str | None]:
    """The lines of each source file by its name as written, and the folder it is in if there is only one.

    Raises InvalidInput.
    """
    visitor = _Visitor()
    elements.walk(source, visitor)
    roots = [root.strip() for root in visitor.roots]
    return visitor.files, roots[0] if len(roots) == 1 else None
