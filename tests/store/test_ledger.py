"""The ledger's segments: append, read, rotate, undo, cut; and what is a line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.files import Disk
from tcps.ledger import LINE_BYTES, Change, Entry, Head, Ledger, Line, parse_line
from tcps.model import Timestamp

NOW = Timestamp("2026-01-20T10:00:00.000Z")


def ledger_in(folder: Path, segment_bytes: int = 100) -> Ledger:
    folder.mkdir(exist_ok=True)
    (folder / "000000000001.jsonl").touch()
    return Ledger(Disk(), folder, segment_bytes)


def append(ledger: Ledger, start: Head, contents: list[bytes]) -> Head:
    head, lines = start, []
    for content in contents:
        head, line = ledger.place(head, content)
        lines.append(line)
    appended = ledger.append(start, lines)
    ledger.sync(appended)
    assert appended.head == head
    return head


def contents(ledger: Ledger, head: Head | None = None) -> list[bytes]:
    return [line.content for line in ledger.lines(head or Head())]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"x")), min_size=1), max_size=8),
    st.integers(1, 120),
)
def test_any_split_of_lines_over_segments_reads_back(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], segment_bytes: int
) -> None:
    ledger = ledger_in(tmp_path_factory.mktemp("ledger"), segment_bytes)
    heads, head = [Head()], Head()
    for batch in batches:
        head = append(ledger, head, batch)
        heads.append(head)
    everything = [content for batch in batches for content in batch]
    assert contents(ledger) == everything
    for reached in heads:
        assert contents(ledger, reached) == everything[reached.seq :]
    assert head[1:] == ledger.length()


def test_a_segment_is_named_by_its_first_entry_and_takes_no_line_once_full(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path, 10)
    append(ledger, Head(), [b"123456789", b"b", b"123456789", b"d"])
    assert ledger.segments() == [1, 2, 4]
    assert ledger.path(2).read_bytes() == b"b\n123456789\n"


def test_a_long_line_over_many_blocks_reads_back(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    long = b"x" * 3_000_000
    append(ledger, Head(), [b"a", long, b"b"])
    assert contents(ledger) == [b"a", long, b"b"]


def test_a_line_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        ledger_in(tmp_path).place(Head(), bytes(LINE_BYTES + 1))
    assert refused.value.code == "too_large"


def test_undo_takes_back_lines_and_the_segments_that_they_opened(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path, 10)
    head = append(ledger, Head(), [b"a"])
    append(ledger, head, [b"123456789", b"c", b"123456789", b"e"])
    ledger.undo(head)
    assert (ledger.segments(), contents(ledger)) == ([1], [b"a"])


def test_cut_keeps_the_bytes_of_every_segment_each_time(tmp_path: Path) -> None:
    ledger, torn = ledger_in(tmp_path, 10), tmp_path / "torn"
    head = append(ledger, Head(), [b"a"])
    for _ in range(2):
        append(ledger, head, [b"123456789", b"c"])
        ledger.cut(head, torn)
    assert contents(ledger) == [b"a"]
    kept = {path.name: path.read_bytes() for path in torn.iterdir()}
    assert kept == {
        "000000000001-2": b"123456789\n",
        "000000000003-0": b"c\n",
        "000000000001-2-2": b"123456789\n",
        "000000000003-0-2": b"c\n",
    }


def test_the_last_line_may_lack_its_newline(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.path(1).write_bytes(b"a\nhalf")
    assert list(ledger.lines(Head())) == [Line(1, 0, b"a"), Line(1, 2, b"half", whole=False)]


def test_other_files_are_no_segments(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    for name in ("1.jsonl", "torn", "000000000002.jsonl.bak", "00000000000².jsonl", "x00000000002.jsonl"):
        (tmp_path / name).touch()
    assert ledger.segments() == [1]


def entry(seq: int = 1) -> Entry:
    change = Change(kind="policy", id="policy", revision=1, sha256="00", record={"a": 1})
    return Entry(seq=seq, time=NOW, actor="alice", action="test", changes=(change,))


def test_an_entry_reads_back_from_its_line() -> None:
    assert parse_line(Line(1, 0, entry().line()), 1) == entry()
    with_key = Entry(seq=1, time=NOW, actor="a", action="b", changes=(), idempotency_key="k")
    assert parse_line(Line(1, 0, with_key.line()), 1) == with_key


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Line(1, 0, entry().line(), whole=False), "newline is missing"),
        (Line(1, 0, entry(2).line()), "sequence number 2, not 1"),
        (Line(1, 0, entry().line().replace(b":", b": ", 1)), "not in canonical form"),
        (Line(1, 0, entry().line().replace(b'"seq":1', b'"seq":1,"seq":1')), "not in canonical form"),
        (Line(1, 0, b"{}"), "missing required field"),
        (Line(1, 0, bytes(50)), "line 1 column 1"),
        (Line(1, 0, b""), "it is empty"),
        (Line(1, 0, b"\xff"), "byte 0 is not UTF-8"),
        (Line(1, 0, b"[" * 300 + b"]" * 300), "canonical"),
    ],
)
def test_anything_else_is_no_line(line: Line, reason: str) -> None:
    """Format 3.5."""
    with pytest.raises(ValueError, match=reason):
        parse_line(line, 1)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_raise_only_the_format_error(content: bytes) -> None:
    try:
        parse_line(Line(1, 0, content), 1)
    except ValueError:
        return
    raise AssertionError("it was taken")
