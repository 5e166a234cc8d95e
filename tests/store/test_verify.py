"""Verification: every kind of damage by its name, and no finding where there is none."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcps.canonical import parse
from tcps.errors import NotFound
from tcps.store import Store
from tcps.verify.rows import Rows, Span, Spill
from tests.store import shop


def built(tmp_path: Path) -> Path:
    """A store with a chain of four receipts, another of one, and some orders; with a checkpoint."""
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store)
        shop.sku(store, "web-2")
        for sku_id in ("web-1", "web-1", "web-1", "web-1", "web-2"):
            shop.receipt(store, sku_id)
        gone = shop.order(store)
        shop.order(store)
        store.delete_work_order(gone)
        store.checkpoint()
        shop.order(store)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return built(tmp_path)


def receipts(folder: Path, sku_id: str = "web-1") -> list[Path]:
    return sorted(folder.glob(f".tcps/records/skus/*/{sku_id}/receipts/*.json"))


def order_file(folder: Path) -> Path:
    return next((folder / ".tcps" / "records").rglob("WO-1.json"))


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def swap(first: Path, second: Path) -> None:
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)


def forge(folder: Path) -> None:
    """A receipt of one's own, chained to the last one."""
    last = receipts(folder)[-1]
    new = last.with_name("00000005-shacl_validation.json")
    new.write_bytes(last.read_bytes().replace(b'"sequence": 4', b'"sequence": 5'))


def link(path: Path) -> None:
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target)


def put_instead(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


def put(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")


def move_away(folder: Path) -> None:
    source = receipts(folder)[1]
    source.rename(source.with_name("00000009-shacl_validation.json"))


def rewrite_line(folder: Path) -> None:
    rewrite(shop.segments(folder)[0], lambda content: content.replace(b"make web-2", b"make web-3", 1))


def remove_last_lines(folder: Path) -> None:
    rewrite(shop.segments(folder)[0], lambda content: b"".join(content.splitlines(True)[:-2]))


def swap_lines(folder: Path) -> None:
    def swapped(content: bytes) -> bytes:
        lines = content.splitlines(True)
        lines[2], lines[3] = lines[3], lines[2]
        return b"".join(lines)

    rewrite(shop.segments(folder)[0], swapped)


def consistent_rewrite(folder: Path) -> None:
    """A title changed in ledger and file, digests and all: only the checkpoint knows."""
    from tcps.canonical import file_bytes, line_bytes, sha256_hex

    lines = shop.segments(folder)[0].read_bytes().splitlines()
    entry = parse(lines[0])
    change = entry["changes"][0]
    change["record"]["title"] = "rewritten"
    content = file_bytes(change["record"])
    change["sha256"] = sha256_hex(content)
    lines[0] = line_bytes(entry)
    shop.segments(folder)[0].write_bytes(b"\n".join(lines) + b"\n")


def text_of_checkpoint(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder / ".tcps" / "checkpoint", change)


CASES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "receipt edited": (
        lambda folder: rewrite(receipts(folder)[1], lambda c: c.replace(b'"fail"', b'"pass"')),
        {"EDITED"},
    ),
    "one bit flipped": (
        lambda folder: rewrite(receipts(folder)[0], lambda c: c[:80] + bytes([c[80] ^ 1]) + c[81:]),
        {"EDITED"},
    ),
    "receipt removed": (lambda folder: receipts(folder)[1].unlink(), {"MISSING"}),
    "newest receipt removed": (lambda folder: receipts(folder)[-1].unlink(), {"MISSING"}),
    "all receipts removed": (lambda folder: shutil.rmtree(receipts(folder)[0].parent), {"MISSING"}),
    "receipt forged": (forge, {"EXTRA"}),
    "file in a folder of its own": (
        lambda folder: put(receipts(folder)[0].parent / "sub" / "x.json"),
        {"EXTRA"},
    ),
    "receipts swapped": (lambda folder: swap(receipts(folder)[0], receipts(folder)[2]), {"REORDERED"}),
    "receipt renamed": (move_away, {"MISSING", "MISFILED"}),
    "receipt of another SKU": (
        lambda folder: receipts(folder, "web-2")[0].rename(
            receipts(folder)[0].with_name("00000007-shacl_validation.json")
        ),
        {"MISSING", "MISFILED"},
    ),
    "receipt re-formatted": (
        lambda folder: rewrite(receipts(folder)[0], lambda c: c.replace(b"\n", b"\r\n")),
        {"NONCANONICAL"},
    ),
    "key given twice": (
        lambda folder: rewrite(
            receipts(folder)[0], lambda c: c.replace(b'"actor"', b'"actor": 1, "actor"', 1)
        ),
        {"NONCANONICAL"},
    ),
    "receipt cut": (lambda folder: rewrite(receipts(folder)[0], lambda c: c[:100]), {"TRUNCATED"}),
    "receipt emptied": (lambda folder: rewrite(receipts(folder)[0], lambda c: b""), {"TRUNCATED"}),
    "receipt a link": (lambda folder: link(receipts(folder)[0]), {"UNREADABLE", "MISFILED"}),
    "receipt a folder": (lambda folder: put_instead(receipts(folder)[0], os.mkdir), {"MISSING"}),
    "receipt a pipe": (lambda folder: put_instead(receipts(folder)[0], os.mkfifo), {"UNREADABLE"}),
    "order edited": (
        lambda folder: rewrite(order_file(folder), lambda c: c.replace(b"make", b"MAKE")),
        {"EDITED"},
    ),
    "order removed": (lambda folder: order_file(folder).unlink(), {"MISSING"}),
    "order a link": (lambda folder: link(order_file(folder)), {"UNREADABLE", "EXTRA"}),
    "deleted order put back": (
        lambda folder: order_file(folder).with_name("WO-3.json").write_bytes(b"{}"),
        {"EXTRA"},
    ),
    "foreign file": (
        lambda folder: (folder / ".tcps" / "records" / "notes.txt").write_bytes(b"hello"),
        {"EXTRA"},
    ),
    "folder of an unknown SKU": (
        lambda folder: put(folder / ".tcps/records/skus/ab/x/receipts/1.json"),
        {"EXTRA"},
    ),
    "ledger line edited": (rewrite_line, {"EDITED"}),
    "ledger lines swapped": (swap_lines, {"EDITED"}),
    "ledger without its newest lines": (remove_last_lines, {"ROLLED_BACK"}),
    "ledger cut in a line": (
        lambda folder: rewrite(shop.segments(folder)[0], lambda c: c[:-9]),
        {"TRUNCATED"},
    ),
    "ledger and digests rewritten": (consistent_rewrite, {"FORKED"}),
    "checkpoint of another root": (
        text_of_checkpoint(lambda c: b"\n".join([*c.split(b"\n")[:2], b"A" * 43 + b"=", b""])),
        {"FORKED"},
    ),
    "checkpoint of another store": (
        text_of_checkpoint(lambda c: c.replace(b"tcps/", b"tcps/x")),
        {"UNREADABLE"},
    ),
    "checkpoint no checkpoint": (text_of_checkpoint(lambda c: b"\xff\xfe"), {"UNREADABLE"}),
    "checkpoint ahead of the ledger": (
        text_of_checkpoint(lambda c: b"\n".join([c.split(b"\n")[0], b"99", *c.split(b"\n")[2:]])),
        {"ROLLED_BACK"},
    ),
}


def test_a_clean_store_is_intact(folder: Path) -> None:
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
        assert report.intact
        assert report.findings == []
        assert (report.verdicts, report.skus, report.receipts) == ([], 2, 5)
        assert {verdict.sku_id for verdict in store.verify_chains().verdicts} == {"web-1", "web-2"}
        assert (report.size, report.records_checked) == (13, 13)
        assert store.checkpoint().checkpoint.root == report.root
        assert store.verify_chain("web-1").intact


@pytest.mark.parametrize("name", CASES)
def test_damage_is_found_by_name(folder: Path, name: str) -> None:
    harm, expected = CASES[name]
    harm(folder)
    with Store.open(folder, actor="auditor") as store:
        found = shop.classes(store)
        assert expected <= found
        assert (
            found <= expected | {"MISSING", "EXTRA", "UNREADABLE", "FORKED"}
            if name.startswith("ledger")
            else found == expected
        )
        assert not store.verify_integrity().intact


@pytest.mark.parametrize(
    "name", [name for name in CASES if name.startswith(("receipt", "key", "newest", "ledger"))]
)
def test_verification_of_one_chain_finds_it_too(folder: Path, name: str) -> None:
    CASES[name][0](folder)
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_chains(["web-1", "web-2"])
        assert not report.intact


def test_every_finding_is_listed(folder: Path) -> None:
    for path in receipts(folder):
        rewrite(path, lambda content: content + b" ")
    rewrite(order_file(folder), lambda content: content + b" ")
    with Store.open(folder, actor="auditor") as store:
        report = store.verify_integrity()
        (verdict,) = [one for one in report.verdicts if one.sku_id == "web-1"]
        assert [one.sequence for one in verdict.findings if one.kind == "integrity"] == [1, 2, 3, 4]
        assert len(report.findings) == 1


def test_a_broken_chain_does_not_break_another(folder: Path) -> None:
    receipts(folder)[0].unlink()
    with Store.open(folder, actor="auditor") as store:
        assert store.verify_chain("web-2").intact
        assert not store.verify_chain("web-1").intact


def test_an_unknown_sku_is_not_found(folder: Path) -> None:
    with Store.open(folder, actor="auditor") as store, pytest.raises(NotFound):
        store.verify_chain("web-9")


def test_a_chain_without_receipts_is_intact_and_incomplete(store: Store) -> None:
    shop.sku(store)
    (verdict,) = store.verify_chain("web-1").verdicts
    assert (verdict.intact, verdict.complete, verdict.receipts_checked) == (True, False, 0)


def test_a_chain_moved_to_another_store_is_forked(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    with Store.create(other, actor="alice"):
        pass
    for name in ("ledger", "records", "records.lock"):
        source, target = folder / ".tcps" / name, other / ".tcps" / name
        if source.is_dir():
            if target.exists():
                for path in target.iterdir():
                    path.unlink()
                target.rmdir()
            shop.copied(source, target)
        else:
            target.write_bytes(source.read_bytes())
    with Store.open(other, actor="auditor") as store:
        assert shop.classes(store) == {"FORKED"}


def test_verification_writes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (folder / ".tcps").rglob("*")}
    with Store.open(folder, actor="auditor") as store:
        assert store.verify_integrity().intact
    assert {path: path.stat().st_mtime_ns for path in (folder / ".tcps").rglob("*")} == before


def test_temporary_files_of_a_killed_writer_are_no_finding(folder: Path) -> None:
    order_file(folder).with_name(".WO-1.json.123.tmp").write_bytes(b"{")
    receipts(folder)[0].with_name(".x.json.123.tmp").write_bytes(b"{")
    with Store.open(folder, actor="auditor") as store:
        assert shop.classes(store) == set()
        assert store.verify_chain("web-1").intact


def test_a_store_of_many_segments_is_intact_and_its_gap_is_found(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice"):
        pass
    with shop.opened(tmp_path, segment_bytes=1000) as store:
        shop.sku(store)
        for _ in range(6):
            shop.receipt(store)
        assert len(shop.segments(tmp_path)) > 4
        assert shop.classes(store) == set()
        shop.segments(tmp_path)[2].unlink()
        assert not store.verify_integrity().intact
        assert not store.verify_chain("web-1").intact


def test_the_rows_of_an_entry_stay_in_order_when_memory_was_emptied_in_its_midst() -> None:
    spill = Spill(io.BytesIO())
    rows = [
        Span(id=f"ANDON-{n}", seq=7, segment=1, offset=0, length=9, sku_id="a", start=n, end=None)
        for n in range(6)
    ]
    for row in rows:
        spill.add(3, row)
        if row in rows[1::2]:
            spill.flush()
    assert list(Rows([spill], [spill.heads]).of(3)) == rows


def test_a_store_in_use_has_no_findings(tmp_path: Path) -> None:
    """Four processes write while two verify and one reads, again and again."""
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store)
        shop.receipt(store)
    writers = [shop.process("endless", tmp_path, tmp_path / f"{n}.log", f"{n}") for n in range(4)]
    try:
        watchers = [shop.process("verify", tmp_path, 3) for _ in range(2)]
        readers = [shop.process("read", tmp_path, 3)]
        reports, (wrong,) = shop.results(watchers), shop.results(readers)
    finally:
        for writer in writers:
            assert writer.poll() is None
            writer.kill()
            writer.communicate()
    assert wrong == []
    for report in reports:
        assert report["rounds"] > 2
        assert report["findings"] == []
    with Store.open(tmp_path, actor="auditor") as store:
        assert shop.classes(store) == set()


def test_what_follows_a_damaged_ledger_line_is_still_judged(folder: Path) -> None:
    with Store.open(folder, actor="bob") as store:
        shop.sku(store, "late-1")
        shop.receipt(store, "late-1")
    ledger = folder / ".tcps" / "ledger" / "000000000001.jsonl"
    content = bytearray(ledger.read_bytes())
    content[0] ^= 1
    ledger.write_bytes(content)
    receipt = next((folder / ".tcps" / "records" / "skus").glob("*/late-1/receipts/*.json"))
    receipt.write_bytes(receipt.read_bytes().replace(b'"bob"', b'"eve"'))
    with Store.open(folder, actor="bob") as store:
        report = store.verify_integrity()
    assert "EDITED" in {finding.class_ for finding in report.findings}
    assert "EXTRA" not in {finding.class_ for finding in report.findings}
    late = next(verdict for verdict in report.verdicts if verdict.sku_id == "late-1")
    assert [f.class_ for f in late.findings if f.kind == "integrity"] == ["EDITED"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: b"x" * len(line),
        lambda line: line.replace(b'"app-1"', b'"apq-1"'),
        lambda line: b'{"garbage":1}'.ljust(len(line)),
    ],
    ids=["garbage", "renamed", "another object"],
)
def test_the_chain_of_one_sku_rests_on_every_ledger_line(tmp_path: Path, damage: Any) -> None:
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store, "app-1")
        shop.receipt(store, "app-1")
        shop.order(store, "later")
    ledger = tmp_path / ".tcps" / "ledger" / "000000000001.jsonl"
    lines = ledger.read_bytes().split(b"\n")
    number = next(n for n, line in enumerate(lines) if b'"RCPT-1"' in line)
    lines[number] = damage(lines[number])
    ledger.write_bytes(b"\n".join(lines))
    for path in (tmp_path / ".tcps" / "records" / "skus").glob("*/app-1/receipts/*.json"):
        path.unlink()
    with Store.open(tmp_path, actor="alice") as store:
        report = store.verify_chain("app-1")
    assert not report.intact
    assert report.findings[0].class_ == "EDITED"
