"""Reading the ledger in stretches, and keeping what it says outside of memory."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.canonical import file_bytes, line_bytes, parse, sha256_hex
from tcps.errors import TcpsError
from tcps.files import Disk
from tcps.ledger import Head, Ledger
from tcps.store import Store
from tcps.verify.lines import Stretch, lines_of
from tcps.verify.rows import Rows, State, spills
from tests.store import shop

Entry = dict[str, Any]


@given(
    st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=12),
    st.binary(max_size=40).filter(lambda rest: b"\n" not in rest),
    st.integers(1, 60),
)
def test_stretches_of_any_size_have_every_line_once(lines: list[bytes], rest: bytes, step: int) -> None:
    content = b"".join(line + b"\n" for line in lines) + rest
    ledger = InMemory(content)
    stretches = [Stretch(1, at, min(at + step, len(content))) for at in range(0, len(content), step)]
    found = [line for stretch in stretches for line in lines_of(ledger, stretch)]
    assert found == list(ledger.lines(Head()))
    assert [line.content for line in found if line.whole] == lines


class InMemory(Ledger):
    """A ledger of one segment that is on no disk."""

    def __init__(self, content: bytes) -> None:
        super().__init__(OneFile(content), Path("ledger"))

    def segments(self) -> list[int]:
        return [1]


class OneFile(Disk):
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


@pytest.mark.parametrize("in_memory", [True, False])
def test_rows_come_back_by_shard_however_many_there_are(in_memory: bool) -> None:
    chance = random.Random(7)
    rows = [
        (chance.randrange(256), State(f"WO-{n}", n, 1, n, 9, "work_order", None, 1, False))
        for n in range(40_000)
    ]
    with spills(2, in_memory=in_memory) as kept:
        for n, (shard, row) in enumerate(rows):
            kept[n % 2].add(shard, row)
        everything = Rows(kept, [spill.flush() for spill in kept])
        for shard in (0, 17, 255):
            wanted = [row for its, row in rows if its == shard]
            assert sorted(everything.of(shard), key=lambda row: row.seq) == wanted


# entries that say of themselves that all is well, and cannot be


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store)
        shop.receipt(store)
        shop.andon(store)
        store.delete_work_order(shop.order(store))
    return tmp_path


def receipt(entry: Entry) -> Entry:
    found: Entry = next(change for change in entry["changes"] if change["kind"] == "receipt")
    return found


def with_record(**fields: Any) -> Callable[[Entry], None]:
    """Another value of the receipt, as its digest says."""

    def change(entry: Entry) -> None:
        record = receipt(entry)["record"] | fields
        receipt(entry).update(record=record, sha256=sha256_hex(file_bytes(record)))

    return change


def deleted(entry: Entry) -> None:
    receipt(entry).update(record=None, sha256=None)


def under_another_id(entry: Entry) -> None:
    with_record(receipt_id="../RCPT-1")(entry)
    receipt(entry)["id"] = "../RCPT-1"


IMPOSSIBLE: dict[str, Callable[[Entry], object]] = {
    "a time that is none": with_record(timestamp="soon"),
    "a time without its zone": with_record(timestamp="2026-01-20T10:00:00.000"),
    "a day that does not exist": with_record(timestamp="2026-02-30T10:00:00.000Z"),
    "a SKU outside of the store": with_record(sku_id="../../../etc"),
    "an id outside of the store": under_another_id,
    "another revision within": with_record(revision=2),
    "a stage that is none": with_record(stage="lunch"),
    "a field too many": with_record(lunch=True),
    "a receipt deleted": deleted,
    "a record twice": lambda entry: entry["changes"].append(receipt(entry)),
    "no change": lambda entry: entry["changes"].clear(),
    "an unknown kind": lambda entry: receipt(entry).update(kind="lunch"),
    "an entry at no time": lambda entry: entry.update(time="now"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_entry_that_cannot_be_is_found_and_nothing_fails(folder: Path, name: str) -> None:
    """Format 4.3."""
    (segment,) = shop.segments(folder)
    lines = segment.read_bytes().splitlines()
    number = next(n for n, line in enumerate(lines) if b'"RCPT-1"' in line)
    entry = parse(lines[number])
    IMPOSSIBLE[name](entry)
    lines[number] = line_bytes(entry)
    segment.write_bytes(b"\n".join(lines) + b"\n")
    with Store.open(folder, actor="auditor") as store:
        for report in (store.verify_integrity(), store.verify_chain("web-1")):
            found = [(one.class_, one.path, one.sequence) for one in report.findings]
            assert ("EDITED", "ledger/000000000001.jsonl", number + 1) in found


def test_an_andon_with_a_time_that_is_none_is_found(folder: Path) -> None:
    (segment,) = shop.segments(folder)
    lines = segment.read_bytes().splitlines()
    number = next(n for n, line in enumerate(lines) if b'"ANDON-1"' in line)
    entry = parse(lines[number])
    change = next(change for change in entry["changes"] if change["kind"] == "andon_event")
    change["record"]["created_at"] = "lately"
    change["sha256"] = sha256_hex(file_bytes(change["record"]))
    lines[number] = line_bytes(entry)
    segment.write_bytes(b"\n".join(lines) + b"\n")
    with Store.open(folder, actor="auditor") as store:
        assert ("EDITED", number + 1) in [
            (f.class_, f.sequence) for f in store.verify_chain("web-1").findings
        ]


# lines that nobody was told of


@pytest.mark.parametrize("torn", [b"x", b"x\n", bytes(3000), b'{"seq":9', b"\n\n\n", b"x\ny\nz"])
def test_what_a_crash_left_at_the_end_is_no_finding(folder: Path, torn: bytes) -> None:
    (segment,) = shop.segments(folder)
    segment.write_bytes(segment.read_bytes() + torn)
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
        assert report.findings == []
        assert report.size == len(segment.read_bytes().removesuffix(torn).splitlines())


def test_a_bad_line_before_an_entry_whose_file_is_there_is_no_torn_tail(folder: Path) -> None:
    with Store.open(folder, actor="alice") as store:
        shop.order(store)
    (segment,) = shop.segments(folder)
    lines = segment.read_bytes().splitlines()
    (folder / ".tcps" / "records.lock").unlink()
    segment.write_bytes(b"\n".join([*lines[:-2], b"x", b"y", lines[-1]]) + b"\n")
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
        damaged = [one.sequence for one in report.findings if one.path == "ledger/000000000001.jsonl"]
        assert damaged == [len(lines) - 1, len(lines)]
        assert report.size == len(lines) + 1


def test_what_follows_a_line_without_its_newline_in_another_segment_is_a_torn_tail(folder: Path) -> None:
    (segment,) = shop.segments(folder)
    lines = segment.read_bytes().splitlines(keepends=True)
    (folder / ".tcps" / "records.lock").unlink()
    segment.write_bytes(b"".join(lines[:-2]) + lines[-2].rstrip())
    segment.with_name(f"{len(lines):012d}.jsonl").write_bytes(lines[-1])
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
        assert report.size == len(lines) - 2
        assert [one for one in report.findings if (one.path or "").startswith("ledger")] == []


def test_a_full_disk_for_temporary_files_leaves_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(TcpsError, match="a temporary file"), spills(1, in_memory=False):
        pass
