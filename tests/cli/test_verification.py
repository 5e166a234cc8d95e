"""`verify-chain`, `verify` and `checkpoint` on the command line (interface 5)."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tcps.store import Store
from tests.cli.conftest import Tcps, process


def receipt_file(folder: Path, number: int) -> Path:
    (found,) = folder.rglob(f"{number:08d}-*.json")
    return found


def test_an_intact_chain_is_reported_in_full(proven: Tcps) -> None:
    done = proven("verify-chain", "SKU-1", "--json")
    assert done.code == 0
    report = done.json
    assert report["verdict"] == "intact"
    (sku,) = report["skus"]
    assert set(sku) >= {
        "sku_id", "verdict", "complete", "missing_stages", "receipts", "head", "ledger", "signature",
        "anchors", "findings",
    }  # fmt: skip
    assert (sku["verdict"], sku["complete"], sku["receipts"]) == ("intact", False, 2)
    assert sku["head"] == proven("sku", "show", "SKU-1", "--json").json["head"]
    assert sku["anchors"] == {"given": 0, "consistent": 0, "newest_size": None, "receipts_newer": 2}
    assert len(sku["missing_stages"]) == 8
    assert {finding["class"] for finding in sku["findings"]} == {"stage_missing"}


def test_text_says_last_what_was_proven_and_what_was_not(proven: Tcps) -> None:
    lines = proven("verify-chain", "SKU-1").out.splitlines()
    assert lines[0] == "SKU-1: intact, incomplete (2 of 10 stages passed), 2 receipts"
    assert lines[-1].startswith("intact: 2 receipts, byte for byte as in the ledger")
    assert "not proven" in lines[-1]


def test_completeness_is_asked_for(proven: Tcps) -> None:
    assert proven("verify-chain", "SKU-1", "--complete").code == 3
    assert proven("verify-chain", "--all").code == 0


@pytest.mark.parametrize("place", [0, 20, 200, -2])
def test_one_changed_byte_is_found(proven: Tcps, tmp_path: Path, place: int) -> None:
    file = receipt_file(tmp_path, 1)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    done = proven("verify-chain", "SKU-1", "--json")
    assert done.code == 12
    (finding,) = [f for f in done.json["skus"][0]["findings"] if f["kind"] == "integrity"]
    assert finding["path"].endswith("00000001-shacl_validation.json")
    assert (finding["sequence"], finding["receipt_id"]) == (1, "RCPT-1")
    assert finding["expected"] != finding["got"]
    text = proven("verify-chain", "SKU-1")
    assert text.out.splitlines()[-1] == "broken: the evidence was damaged or tampered with"
    assert proven("verify").code == 12


def test_a_removed_and_a_foreign_receipt_are_found(proven: Tcps, tmp_path: Path) -> None:
    newest = receipt_file(tmp_path, 2)
    newest.rename(newest.with_name("00000003-compilation.json"))
    found = proven("verify-chain", "--all", "--json").json["skus"][0]["findings"]
    assert [f["class"] for f in found if f["kind"] == "integrity"] == ["MISSING", "MISFILED"]


def test_an_unknown_sku_is_no_success(proven: Tcps) -> None:
    done = proven("verify-chain", "SKU-9", "--json")
    assert (done.code, done.error["code"]) == (4, "not_found")


def test_a_store_without_receipts_says_so(tcps: Tcps) -> None:
    done = tcps("verify-chain", "--all")
    assert (done.code, done.out) == (0, "no receipts: there was nothing to prove\n")


def test_verify_counts_what_it_read(proven: Tcps) -> None:
    report = proven("verify", "--json").json
    assert (report["verdict"], report["findings"]) == ("intact", [])
    assert (report["records"], report["receipts"], report["ledger"]["size"]) == (4, 2, 4)
    assert proven("verify").out.startswith("intact: 4 ledger entries, 4 records, 1 chain with 2 receipts")


def test_verify_finds_a_stranger_and_an_edited_record(proven: Tcps, tmp_path: Path) -> None:
    order = next(tmp_path.rglob("WO-1.json"))
    order.write_text(order.read_text().replace("An order", "No order"))
    (order.parent / "WO-99.json").write_text("{}\n")
    done = proven("verify", "--json")
    assert done.code == 12
    assert sorted(finding["class"] for finding in done.json["findings"]) == ["EDITED", "EXTRA"]
    shown = proven("work-order", "show", "WO-1", "--json")
    assert (shown.code, shown.error["code"]) == (12, "integrity_error")


def test_what_is_wrong_is_said_though_it_was_asked_to_be_quiet(proven: Tcps, tmp_path: Path) -> None:
    """A crontab's line is quiet, and cron mails what it prints; nobody sees its exit code."""
    (file,) = tmp_path.rglob("00000001-*.json")
    file.unlink()
    for command in (("verify",), ("verify-chain", "--all")):
        done = proven(*command, "--quiet")
        assert (done.code, done.out) == (12, "")
        assert "RCPT-1: its file is gone" in done.err
        assert "broken: " in done.err


def test_the_checkpoint_is_written_and_printed(proven: Tcps, tmp_path: Path) -> None:
    done = proven("checkpoint")
    assert done.out.count("\n") == 1
    assert done.out.split() == (tmp_path / ".tcps/checkpoint").read_text().split()
    made = proven("checkpoint", "--json").json
    assert made["text"] == (tmp_path / ".tcps/checkpoint").read_text()
    assert (made["size"], made["root"]) == (4, proven("verify", "--json").json["ledger"]["root"])


def test_a_ledger_that_was_rewritten_does_not_match_its_checkpoint(proven: Tcps, tmp_path: Path) -> None:
    proven("checkpoint")
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    entry = json.loads(lines[0])
    entry["actor"] = "mallory"
    lines[0] = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    ledger.write_bytes(b"".join(lines))
    (tmp_path / ".tcps/index.sqlite").unlink()
    for command in (("verify",), ("verify-chain", "--all"), ("work-order", "list")):
        assert proven(*command).code == 12, command


def test_repair_mends_what_the_ledger_knows(proven: Tcps, tmp_path: Path) -> None:
    assert proven("repair").out == "there is nothing to repair\n"
    file = receipt_file(tmp_path, 1)
    file.write_text("{}")
    tried = proven("repair", "--dry-run")
    assert (tried.code, tried.err) == (0, "dry run: nothing was changed\n")
    assert tried.out.startswith("rewrite: records/skus/")
    assert proven("verify").code == 12
    done = proven("repair", "--json")
    assert (done.code, done.json["verdict"]) == (0, "intact")
    assert proven("verify-chain", "--all").code == 0
    (tmp_path / ".tcps/ledger/000000000001.jsonl").write_bytes(b"x\n")
    broken = proven("repair")
    assert broken.code == 12
    assert "leave: ledger/" in broken.out


def test_a_damaged_ledger_is_salvaged_by_word_and_every_verification_says_so(
    proven: Tcps, tmp_path: Path
) -> None:
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole.replace(b'"seq":3', b'"seq":4'))
    left = proven("repair")
    assert left.code == 12
    assert left.err.startswith(
        "hint: restore the store from a backup; if there is none, tcps repair --salvage"
    )
    assert proven("repair", "--json").json["hint"]
    tried = proven("repair", "--salvage", "--dry-run")
    assert (tried.code, tried.err) == (0, "dry run: nothing was changed\n")
    assert "append: ledger (entry 3, repair.salvage by alice: 3 records, 2 of them receipts)" in tried.out
    done = proven("repair", "--salvage", "--json", "--actor", "bob")
    assert (done.code, done.json["verdict"], done.json["hint"]) == (0, "intact", None)
    for command in (("verify",), ("verify-chain", "--all")):
        report = proven(*command, "--json")
        assert report.code == 0
        (entry,) = report.json["salvaged"]
        assert (entry["sequence"], entry["actor"], entry["records"], entry["receipts"]) == (3, "bob", 3, 2)
        (line,) = [line for line in proven(*command).out.splitlines() if line.startswith("SALVAGED: ")]
        assert "3 records, 2 receipts among them, rest on the word of bob alone" in line
    assert proven("repair", "--salvage").out == "there is nothing to repair\n"


@pytest.mark.parametrize("sample", ["5%", "5", "0.5%", "100"])
def test_a_sample_says_what_was_not_read(proven: Tcps, sample: str) -> None:
    report = proven("verify", "--sample", sample, "--json").json
    assert (report["verdict"], report["records"]) == ("intact", 4)
    assert report["sample"]["percent"] == float(sample.removesuffix("%"))
    text = proven("verify", "--sample", sample).out
    assert (
        f"a sample of {float(sample.removesuffix('%')):g} %, was read, of the others only their names" in text
    )
    assert proven("verify", "--json").json["sample"] is None


@pytest.mark.parametrize("sample", ["0", "101%", "-1", "nan", "many", ""])
def test_a_sample_is_a_percentage(proven: Tcps, sample: str) -> None:
    assert proven("verify", f"--sample={sample}").code == 2


@pytest.fixture
def bulky(tcps: Tcps, tmp_path: Path) -> Path:
    """A store whose ledger has more than 4 MiB."""
    with Store.open(tmp_path, actor="alice") as store, store.batch():
        for number in range(70):
            store.store_work_order({"title": f"{number}", "description": "x" * 65_000})
    return tmp_path


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a command writes to stderr when that is a terminal."""
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tcps", *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=child
    )
    os.close(child)
    shown = b""
    with contextlib.suppress(OSError), open(main, "rb", buffering=0) as terminal:
        while piece := terminal.read(1 << 16):  # on Linux the end is an error
            shown += piece
    assert process.wait(timeout=60) == 0
    return shown.decode()


@pytest.mark.parametrize("command", [("verify",), ("verify-chain", "--all")])
def test_progress_is_shown_on_a_terminal_alone(bulky: Path, command: tuple[str, ...]) -> None:
    shown = on_a_terminal(bulky, *command)
    assert "ledger" in shown
    assert "files" in shown
    assert "0:00:00" in shown
    assert on_a_terminal(bulky, *command, "--quiet") == ""
    assert process(bulky, *command).err == ""


def test_a_small_store_is_verified_without_a_word_of_progress(proven: Tcps, tmp_path: Path) -> None:
    assert on_a_terminal(tmp_path, "verify") == ""


def test_a_graph_that_is_damaged_is_a_finding_with_its_own_way_out(proven: Tcps, tmp_path: Path) -> None:
    assert proven("verify", "--json").json["graphs"] == 0
    proven("query", "ASK {}")
    assert ", 1 graph, 0 findings" in proven("verify").out
    for mend in (("ontology", "rebuild"), ("repair",)):
        place = Path("ontology/oxigraph")
        named = json.loads((tmp_path / ".tcps" / place / "current").read_bytes())["generation"]
        (tmp_path / ".tcps" / place / named / "stranger").touch()
        done = proven("verify")
        assert done.code == 12
        assert done.out.startswith(f"EXTRA: {place / named / 'stranger'} ")
        assert done.err == "hint: nothing but the graph is damaged: tcps ontology rebuild makes it anew\n"
        assert proven("verify-chain", "--all").code == 0
        assert proven("repair", "--dry-run").out.startswith("forget: ontology/oxigraph ")
        assert proven(*mend).code == 0
        assert proven("verify").code == 0
        proven("query", "ASK {}")
