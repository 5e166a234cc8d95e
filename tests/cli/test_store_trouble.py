"""A store that is unreadable, of a newer format, torn or damaged (interface 2)."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps, process

CREATE = ("work-order", "create", "--title", "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_store_is_one_clear_line(tcps: Tcps, tmp_path: Path) -> None:
    (tmp_path / ".tcps").chmod(0)
    try:
        done = tcps("work-order", "list")
    finally:
        (tmp_path / ".tcps").chmod(0o700)
    assert done.code in (1, 10, 13)
    assert done.err.startswith("error: ")


def test_a_store_of_a_newer_format_is_not_touched(tcps: Tcps, tmp_path: Path) -> None:
    """Format 12.2."""
    identity = tmp_path / ".tcps/store.json"
    identity.write_text(identity.read_text().replace('"format": 1', '"format": 2'))
    for arguments in (CREATE, ("work-order", "list"), ("verify",), ("verify-chain", "--all")):
        done = tcps(*arguments, "--json")
        assert (done.code, done.error["code"]) == (13, "format_too_new")
        assert done.error["hint"] == "use a newer tcps"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "x"}', "\0\0\0"])
def test_a_damaged_identity_is_damage(tcps: Tcps, tmp_path: Path, content: str) -> None:
    (tmp_path / ".tcps/store.json").write_text(content)
    done = tcps("work-order", "list", "--json")
    assert (done.code, done.error["code"]) == (12, "integrity_error")


@pytest.mark.parametrize("tail", [b'{"action":"work_or', b"\0" * 40, b"garbage\n"])
def test_a_torn_last_line_is_cut_off_and_said(tcps: Tcps, tmp_path: Path, tail: bytes) -> None:
    tcps(*CREATE)
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    with ledger.open("ab") as file:
        file.write(tail)
    assert len(tcps("work-order", "list", "--json").json) == 1
    done = tcps(*CREATE, "--json")
    assert done.json["work_order_id"] == "WO-2"
    assert done.err.startswith("warning: cut off")
    (kept,) = (tmp_path / ".tcps/ledger/torn").iterdir()
    assert kept.read_bytes() == tail
    assert tcps("verify").code == 0


def test_a_damaged_ledger_is_reported_and_never_written_on(tcps: Tcps, tmp_path: Path) -> None:
    for _ in range(3):
        tcps(*CREATE)
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    content = bytearray(ledger.read_bytes())
    content[-40] ^= 4
    ledger.write_bytes(content)
    done = tcps(*CREATE, "--json")
    assert (done.code, done.error["code"]) == (12, "integrity_error")
    assert ledger.read_bytes() == content
    assert tcps("verify").code == 12


def test_a_record_edited_by_hand_is_reported_on_every_read(tcps: Tcps, tmp_path: Path) -> None:
    tcps(*CREATE)
    file = next(tmp_path.rglob("WO-1.json"))
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"priority": 10}))
    for arguments in (
        ("work-order", "show", "WO-1"),
        ("work-order", "list"),
        ("work-order", "start", "WO-1"),
        ("verify",),
    ):
        done = tcps(*arguments)
        assert done.code == 12, arguments
        assert "WO-1" in done.err + done.out


@pytest.mark.parametrize("damage", ["removed", "garbage", "empty"])
def test_the_index_can_be_lost_without_loss(tcps: Tcps, tmp_path: Path, damage: str) -> None:
    tcps(*CREATE)
    before = tcps("log", "--json").out
    for file in (tmp_path / ".tcps").glob("index.sqlite*"):
        file.unlink()
    if damage != "removed":
        (tmp_path / ".tcps/index.sqlite").write_bytes(b"x" * 5000 if damage == "garbage" else b"")
    assert tcps("log", "--json").out == before
    assert tcps(*CREATE, "--json").json["work_order_id"] == "WO-2"
    assert tcps("verify").code == 0


def test_a_writer_that_does_not_let_go_is_named(tcps: Tcps, tmp_path: Path) -> None:
    from tcps.store import Store

    with Store.open(tmp_path, actor="slow") as store, store.transaction("slow"):
        done = process(tmp_path, *CREATE, "--wait", "0.2", "--json")
    assert (done.code, done.error["code"]) == (11, "lock_timeout")
    assert f"pid {os.getpid()}" in done.error["details"]["holder"]
    assert tcps(*CREATE).code == 0


def test_readers_do_not_wait_for_a_writer(tcps: Tcps, tmp_path: Path) -> None:
    from tcps.store import Store

    tcps(*CREATE)
    with Store.open(tmp_path, actor="slow") as store, store.transaction("slow"):
        done = process(tmp_path, "work-order", "list", "--json", "--wait", "0")
    assert (done.code, len(done.json)) == (0, 1)


def test_a_store_that_must_not_be_read_leaves_no_verdict(tcps: Tcps, tmp_path: Path) -> None:
    """A link that leads around in a circle cannot be read by root either."""
    identity = tmp_path / ".tcps/store.json"
    identity.unlink()
    identity.symlink_to(identity)
    for command in ("verify", "verify-chain", "repair"):
        done = tcps(command, "--json")
        assert (done.code, done.error["code"]) == (13, "unreadable")
    assert tcps("stats").code == 1


def test_what_stands_in_the_place_of_the_lock_is_named_with_what_to_do(tcps: Tcps, tmp_path: Path) -> None:
    (tmp_path / ".tcps/lock").mkdir()
    done = tcps(*CREATE)
    assert (done.code, "hint: a folder is where a file belongs: move it away" in done.err) == (1, True)


def test_what_was_changed_is_shown_as_text(tcps: Tcps, tmp_path: Path) -> None:
    tcps(*CREATE)
    tcps("sku", "create", "--work-order", "WO-1")
    tcps("run", "--sku", "SKU-1", "--stage", "shacl", "-q", "--", "true")
    (path,) = tmp_path.glob(".tcps/records/skus/*/SKU-1/receipts/*")
    path.write_bytes(path.read_bytes().replace(b'"revision": 1', b'"revision": 2'))
    done = tcps("verify-chain")
    assert """ is '  "revision": 2,', was '  "revision": 1,'""" in done.out
    assert done.err == "hint: tcps repair --dry-run shows what can be mended\n"
