"""Results as text, JSON, JSON lines, CSV or Markdown. Imports rich only for a table on a terminal."""

import shutil
import sys
import textwrap
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple, TextIO

import orjson

from tcps.config import Format
from tcps.errors import TcpsError
from tcps.model import Json

_SHORT = 22
"""A column whose values are no longer than this is not folded on a terminal."""
_SHORT_LINE = 120
"""An object of a list that takes no more characters is shown on one line."""
_STYLES = {
    "ALERT": "bold red",
    "NO": "bold red",
    "OVERDUE": "bold red",
    "worse": "red",
    "better": "green",
    "on track": "green",
}
"""The words of a table's cell that have a colour on a terminal."""
_DIRECTIONS = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Characters that turn the direction of a whole line: shown as escapes to a person."""


class Column(NamedTuple):
    """A column of a table: its heading, and the field it shows."""

    heading: str
    field: str


def columns(*names: str) -> tuple[Column, ...]:
    """Columns from `heading=field`, or from a field's name alone."""
    pairs = (name.partition("=") for name in names)
    return tuple(Column(heading, field or heading.replace(" ", "_")) for heading, _, field in pairs)


class Section(NamedTuple):
    """A part of a report: a heading, lines, and a table if there are rows."""

    heading: str
    lines: Sequence[str] = ()
    rows: Sequence[Json] = ()
    shown: Sequence[Column] = ()


class Output:
    """Where results go, and in which format."""

    def __init__(self, form: Format, *, quiet: bool, color: bool, stream: TextIO | None = None) -> None:
        self.form = form
        self.quiet = quiet
        self.stream = stream or sys.stdout
        self.terminal = self.stream.isatty()
        self.color = color and self.terminal

    def record(self, value: Json, lines: Iterable[str] | None = None) -> None:
        """One record: a JSON document, one CSV or Markdown row, or in text the given lines."""
        if self.quiet:
            return
        if self.form is Format.TEXT:
            self.text(*(described(value) if lines is None else lines))
        elif self.form in (Format.JSON, Format.JSONL):
            self._json(value)
        else:
            self.table([value], columns(*value))

    def failed(self, lines: Iterable[str]) -> None:
        """What went wrong, on stderr, where `--quiet` has kept the result back: it is quiet about success."""
        if self.quiet:
            for line in lines:
                print(line, file=sys.stderr)

    def table(
        self,
        rows: Iterable[Json],
        shown: Sequence[Column],
        empty: str = "",
        document: Any = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Records: a JSON array, a row each, or in text a table (or the word for none).

        `document` is what JSON shows instead of the rows, which may say more for a person: an object, or
        records; `fields` are the names that head a CSV without rows. Records may come one by one: JSON,
        JSON lines and CSV are written as they come.
        """
        records = rows if document is None or isinstance(document, dict) else document
        if self.quiet:
            deque(records, 0)  # what is wrong with the question shows when it is answered
        elif self.form is Format.JSON and isinstance(document, dict):
            self._json(document)
        elif self.form is Format.JSON:
            self._json_array(records)
        elif self.form is Format.JSONL:
            for row in records:
                self._json(row)
        elif self.form is Format.CSV:
            self._csv(records, fields or _names(shown))
        else:
            self._text_table(list(rows), shown, empty)

    def report(
        self, value: Json, title: str, sections: Iterable[Section], rows: Sequence[Json] | None = None
    ) -> None:
        """A report: JSON is the document, text and Markdown are its sections, CSV is the rows.

        Without `rows`, CSV is a row of the document's fields.
        """
        if self.quiet:
            return
        if self.form is Format.CSV and rows is not None:
            self._csv(rows, list(value))
            return
        if self.form not in (Format.TEXT, Format.MD):
            self.record(value)
            return
        self._write(f"# {title}\n" if self.form is Format.MD else f"{title}\n")
        for section in sections:
            self._section(section)

    def document(self, text: str) -> None:
        """A document in a format of its own."""
        if not self.quiet:
            self._write(text)

    def _section(self, section: Section) -> None:
        """A heading with what belongs under it, set off by empty lines."""
        if self.form is Format.MD:
            heading = f"\n## {section.heading}\n\n" if section.heading else "\n"
            lines = "".join(f"- {line}\n" for line in section.lines)
            self._write(heading + lines + ("\n" if lines and section.rows else ""))
        else:
            bold = self.color and section.heading
            self._write(f"\n\x1b[1m{section.heading}\x1b[0m\n" if bold else f"\n{section.heading}\n")
            self.text(*section.lines)
        if section.rows:
            self._text_table(section.rows, section.shown, "")

    def text(self, *lines: str) -> None:
        """Lines for a person; nothing in any other format."""
        if not self.quiet and self.form is Format.TEXT:
            shown = map(folded, lines) if self.terminal else lines
            self._write("".join(f"{line}\n" for line in shown))

    def _text_table(self, rows: Sequence[Json], shown: Sequence[Column], empty: str) -> None:
        cells = [[cell(row.get(column.field)) for column in shown] for row in rows]
        headings = [column.heading for column in shown]
        if self.form is Format.MD:
            self._write(markdown(headings, cells))
        elif not cells:
            self._write(f"{empty}\n" if empty else "")
        elif self.terminal:
            self._rich_table(headings, cells)
        else:
            self._write(aligned([headings, *cells]))

    def _rich_table(self, headings: list[str], cells: list[list[str]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold" if self.color else "")
        for heading, column in zip(headings, zip(*cells, strict=True), strict=True):
            short = max(map(len, column)) <= _SHORT or heading == "time"
            table.add_column(heading, overflow="fold", no_wrap=short)
        for row in cells:
            named = zip(headings, row, strict=True)
            shown = (to_second(text) if name == "time" else text for name, text in named)
            table.add_row(*(Text(text, _STYLES.get(text, "") if self.color else "") for text in shown))
        Console(file=self.stream, no_color=not self.color, highlight=False).print(table)

    def _json_array(self, rows: Iterable[Json]) -> None:
        """The records one after the other, as `json_text` writes all of them at once."""
        before = "[\n"
        for row in rows:
            self._write(before + json_text([row], Format.JSON)[2:-3])
            before = ",\n"
        self._write("[]\n" if before == "[\n" else "\n]\n")

    def _csv(self, rows: Iterable[Json], names: Sequence[str]) -> None:
        """Every field of the records, by its own name."""
        import csv

        remaining = iter(rows)
        first = next(remaining, None)
        fields = names if first is None else list(first)
        writer = csv.writer(self.stream, lineterminator="\n")
        writer.writerow(fields)
        every = remaining if first is None else chain([first], remaining)
        writer.writerows([cell(row.get(field)) for field in fields] for row in every)

    def _json(self, value: Any) -> None:
        self._write(json_text(value, self.form))

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise TcpsError(f"cannot write the output: {error.strerror}; what was done is done") from error


class Collected(Output):
    """Takes the result that JSON would show, for another program part; writes nothing."""

    def __init__(self) -> None:
        super().__init__(Format.JSON, quiet=False, color=False)
        self.value: Any = None

    def document(self, text: str) -> None:
        """A document in a format of its own: the value of one in JSON, the text of any other."""
        try:
            self.value = orjson.loads(text)
        except orjson.JSONDecodeError:
            self.value = text

    def _json(self, value: Any) -> None:
        self.value = value

    def _json_array(self, rows: Iterable[Json]) -> None:
        self.value = list(rows)


def _names(shown: Sequence[Column]) -> list[str]:
    return [column.field for column in shown]


def json_text(value: Any, form: Format) -> str:
    """A JSON document: indented, or for JSON lines on one line."""
    option = orjson.OPT_APPEND_NEWLINE
    if form is Format.JSON:
        option |= orjson.OPT_INDENT_2
    return orjson.dumps(value, option=option).decode()


def described(value: Json) -> list[str]:
    """A record for a person: a line for each field that says something, what is inside of it indented."""
    said = {name: item for name, item in value.items() if item not in (None, "", [], {}, ())}
    width = max((len(name) for name in said), default=0)
    lines = []
    for name, item in said.items():
        first, *rest = _inside(item) or [""]
        lines.append(f"{name:<{width}}  {first}".rstrip())
        lines += [f"{'':<{width}}  {line}".rstrip() for line in rest]
    return lines


def _inside(value: Any) -> list[str]:
    """A value as lines: objects field by field, lists of them one by one, anything else as a cell."""
    if isinstance(value, dict):
        return described(value)
    if isinstance(value, list | tuple) and any(isinstance(item, dict | list) for item in value):
        return [f"{' ' if n else '-'} {line}" for item in value for n, line in enumerate(_item(item))]
    return cell(value).split("\n")


def _item(value: Any) -> list[str]:
    """One of several values: on one line if it has room there."""
    lines = _inside(value)
    if isinstance(value, dict) and len(lines) == len([item for item in value.values() if item is not None]):
        line = ", ".join(" ".join(line.split(maxsplit=1)) for line in lines)
        return [line] if len(line) <= _SHORT_LINE else lines
    return lines


def cell(value: Any) -> str:
    """A value in a table: texts as they are, lists joined, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.translate(_DIRECTIONS)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(map(cell, value))
    return orjson.dumps(value).decode()


def measured(value: Any) -> str:
    """A measured value in a sentence: as in a table, fractions to six digits."""
    return cell(float(f"{value:.6g}") if isinstance(value, float) else value)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns as wide as their longest value; nothing is cut."""
    flat = [[text.replace("\n", "\\n").replace("\t", " ") for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*flat, strict=True)]
    lines = (
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in flat
    )
    return "".join(f"{line}\n" for line in lines)


def folded(line: str) -> str:
    """A line folded to the terminal's width, the rest of it under where its value starts."""
    width = shutil.get_terminal_size().columns
    if len(line) <= width or "\n" in line:
        return line
    gap = line.lstrip().find("  ")
    start = len(line) - len(line[gap:].lstrip()) if 0 < gap < width // 2 else 2
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=" " * start, drop_whitespace=True))


def to_second(timestamp: str) -> str:
    """A timestamp as a terminal has room for it."""
    return timestamp[:19].replace("T", " ") + "Z" if len(timestamp) == 24 else timestamp


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    escaped = ([text.replace("|", "\\|").replace("\n", "<br>") for text in row] for row in rows)
    lines = [headings, ["---"] * len(headings), *escaped]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def counted(number: int, word: str) -> str:
    """A number of things: `1 receipt`, `3 receipts`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def duration(ms: int) -> str:
    """Milliseconds for a person: `3 d 4 h`, `2 h 5 min`, `45 s`, `120 ms`."""
    sign, rest = ("-", -ms) if ms < 0 else ("", ms)
    for name, unit, lower, lower_unit in (
        ("d", 86_400_000, "h", 3_600_000),
        ("h", 3_600_000, "min", 60_000),
        ("min", 60_000, "s", 1000),
    ):
        if rest >= unit:
            minor = rest % unit // lower_unit
            return f"{sign}{rest // unit} {name}" + (f" {minor} {lower}" if minor else "")
    return f"{sign}{rest // 1000} s" if rest >= 1000 else f"{sign}{rest} ms"
