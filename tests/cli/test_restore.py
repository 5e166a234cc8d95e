"""`tcps restore`: what is printed, and how it exits."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Tcps, process
from tests.store import shop


@pytest.fixture
def archive(tcps: Tcps, tmp_path: Path) -> str:
    """A backup of a store with three entries, the last of which is a SKU's."""
    tcps("work-order", "create", "--title", "one")
    tcps("work-order", "create", "--title", "two")
    tcps("sku", "create", "--work-order", "WO-1")
    return tcps("backup", "create", "--to", f"{tmp_path}-backups", "--json").json["path"]


def kept(done: Done) -> Path:
    return Path(done.out.split("the store that was there is in ")[1].strip())


def test_a_restore_says_up_to_where_and_in_which_folder(tcps: Tcps, archive: str, tmp_path: Path) -> None:
    done = tcps("restore", archive, "--into", "elsewhere")
    assert (done.code, done.err) == (0, "")
    store = json.loads((tmp_path / ".tcps/store.json").read_text())["store_id"]
    assert done.out.startswith(f"restored the store {store} up to entry 3 of 20")
    assert done.out.endswith(f"Z in {tmp_path}/elsewhere/.tcps: 3 records, intact\n")
    assert tcps("verify", "--store", "elsewhere").code == 0
    assert shop.record_files(tmp_path / "elsewhere") == shop.record_files(tmp_path)


def test_as_json_it_is_one_document(tcps: Tcps, archive: str, tmp_path: Path) -> None:
    told = tcps("restore", archive, "--into", "elsewhere/.tcps", "--json").json
    assert told | {"last_entry_at": "", "store_id": "", "ledger": {}} == {
        "store_id": "",
        "path": f"{tmp_path}/elsewhere/.tcps",
        "sequence": 3,
        "last_entry_at": "",
        "archives": [Path(archive).name],
        "replaced": None,
        "given_up": None,
        "verdict": "intact",
        "records": 3,
        "skus": 1,
        "receipts": 0,
        "ledger": {},
        "findings": [],
        "warnings": [],
    }
    assert told["ledger"]["size"] == 3


def test_quiet_it_says_nothing(tcps: Tcps, archive: str) -> None:
    assert tcps("restore", archive, "--into", "elsewhere", "--quiet") == (0, "", "")


def test_a_store_is_replaced_by_force_alone_and_kept(tcps: Tcps, archive: str, tmp_path: Path) -> None:
    refused = tcps("restore", archive)
    assert (refused.code, refused.out) == (5, "")
    assert refused.err == (
        f"error: there is a store in {tmp_path}/.tcps already\n"
        "hint: --force puts the restored one in its place and keeps this one beside it\n"
    )
    before = shop.contents(tmp_path)
    done = tcps("restore", archive, "--force")
    assert done.code == 0
    assert kept(done).name.startswith(".tcps.replaced-")
    assert shop.contents(tmp_path) == before
    assert tcps("verify", "--store", str(kept(done))).code == 0
    assert tcps("work-order", "create", "--title", "it goes on").out.startswith("WO-3 ")
    assert tcps("verify").code == 0


def test_where_no_store_is_a_place_is_needed(archive: str, tmp_path: Path) -> None:
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    elsewhere.mkdir()
    done = process(elsewhere, "restore", archive)
    assert done.code == 10
    assert done.err.endswith("hint: restore it to a new place with --into DIR\n")
    assert process(elsewhere, "restore", archive, "--into", ".", env={"TCPS_STORE": str(tmp_path)}).code == 0
    assert shop.contents(elsewhere) == shop.contents(tmp_path)


def test_a_damaged_archive_is_refused(tcps: Tcps, archive: str, tmp_path: Path) -> None:
    before = shop.contents(tmp_path)
    content = Path(archive).read_bytes()
    Path(archive).write_bytes(content[:-1])
    done = tcps("restore", archive, "--force", "--json")
    assert (done.code, done.error["details"]["class"]) == (12, "TRUNCATED")
    assert tcps("restore", "no such file", "--into", "x").code == 4
    assert shop.contents(tmp_path) == before
    assert not Path("x").exists()


def test_what_is_given_up_is_said_and_has_to_be_accepted(tcps: Tcps, archive: str) -> None:
    tcps("work-order", "create", "--title", "three")
    assert tcps("verify").code == 0  # which remembers four entries
    refused = tcps("restore", archive, "--force")
    assert refused.code == 12
    assert "the backup goes to entry 3; the store that is there has come to entry 4\n" in refused.err
    assert "--accept-rollback" in refused.err
    away = tcps("restore", archive, "--into", "elsewhere")
    assert away.code == 12
    assert "the remembered checkpoint has 4 entries" in away.err
    done = tcps("restore", archive, "--force", "--accept-rollback")
    assert done.code == 0
    assert "entries up to 4 are given up, which entry 4 says\n" in done.out
    assert "restore.rollback 4" in tcps("log").out
    verified = tcps("verify")
    assert verified.code == 0
    assert "ROLLED BACK: to entry 3 by alice: entry 4 of 20" in verified.out
    assert "entries up to 4 were given up" in verified.out
    assert (
        tcps("verify", "--store", str(kept(done))).code == 12
    )  # it goes on from what was remembered no more


def test_it_goes_to_an_entry_or_to_a_moment(tcps: Tcps, archive: str) -> None:
    assert tcps("restore", archive, "--into", "a", "--to-sequence", "1", "--json").json["sequence"] == 1
    moment = tcps("log", "--json").json[1]["time"]
    assert tcps("restore", archive, "--into", "b", "--to-time", moment, "--json").json["sequence"] == 2
    for words, said in (
        (("--to-sequence", "1", "--to-time", moment), "not both"),
        (("--to-sequence", "4"), "comes after entry 3, the last one in the backup"),
        (("--to-sequence", "0"), "0"),
        (("--to-time", "2020-01-01T00:00:00Z"), "no entry in the backup is of 2020"),
        (("--to-time", "yesterday"), "is not an RFC 3339 time"),
    ):
        refused = tcps("restore", archive, "--into", "c", *words)
        assert refused.code == 2
        assert said in refused.err
    assert not Path("c").exists()
