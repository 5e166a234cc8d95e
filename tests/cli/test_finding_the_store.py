"""Finding the store and naming the actor (interface 1)."""

import os
import pwd
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps


def test_init_makes_a_store_and_a_second_init_says_that_it_is_there(bare: Tcps, tmp_path: Path) -> None:
    assert bare("init").out == f"created a store in {tmp_path}/.tcps\n"
    assert (tmp_path / ".tcps/store.json").exists()
    again = bare("init")
    assert (again.code, again.out) == (0, f"there is a store already in {tmp_path}/.tcps\n")


def test_init_takes_a_folder_that_does_not_exist_yet(bare: Tcps, tmp_path: Path) -> None:
    made = bare("init", "a/b", "--json").json
    assert made["created"] is True
    assert made["path"] == f"{tmp_path}/a/b/.tcps"
    assert bare("init", "a/b", "--json").json == made | {"created": False}


def test_the_store_is_private_to_its_user(bare: Tcps, tmp_path: Path) -> None:
    bare("init")
    bare("work-order", "create", "--title", "x")
    for path in (tmp_path / ".tcps").rglob("*"):
        if "index.sqlite" not in path.name:
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_folder_below_the_store_is_as_good_as_its_own(
    tcps: Tcps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "src/deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert tcps("work-order", "create", "--title", "x", "--json").json["work_order_id"] == "WO-1"
    assert tcps("andon", "trigger", "--type", "test_failure", "--sku", "S").code == 0
    assert tcps("verify-chain", "--all").code == 0


@pytest.mark.parametrize("given", ["other", "other/.tcps"])
def test_store_names_the_folder_or_the_one_that_holds_it(bare: Tcps, given: str) -> None:
    bare("init", "other")
    assert bare("work-order", "create", "--title", "x", "--store", given).code == 0
    assert bare("--store", given, "stats", "--json").json["entries"] == 1


def test_the_flag_wins_over_the_variable_which_wins_over_the_folder(
    bare: Tcps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("here", "by_variable", "by_flag"):
        bare("init", name)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TCPS_STORE", "../by_variable")
    bare("work-order", "create", "--title", "x")
    bare("work-order", "create", "--title", "x", "--store", "../by_flag")
    bare("work-order", "create", "--title", "x", "--store", "../by_flag")
    entries = {
        name: bare("stats", "--json", "--store", f"../{name}").json["entries"]
        for name in ("here", "by_variable", "by_flag")
    }
    assert entries == {"here": 0, "by_variable": 1, "by_flag": 2}


def test_without_a_store_the_line_that_makes_one_is_named(bare: Tcps) -> None:
    done = bare("work-order", "list")
    assert done.code == 10
    assert done.out == ""
    assert done.err.splitlines()[1] == "hint: make one: tcps init"
    assert bare("stats", "--store", "nowhere", "--json").error["code"] == "no_store"


def test_the_actor_is_the_flag_then_the_variable_then_the_user(
    tcps: Tcps, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ("work-order", "create", "--title", "x", "--json")
    assert tcps(*create, "--actor", "bob").json["created_by"] == "bob"
    assert tcps(*create).json["created_by"] == "alice"
    monkeypatch.delenv("TCPS_ACTOR")
    assert tcps(*create).json["created_by"] == pwd.getpwuid(os.getuid()).pw_name
    assert [entry["actor"] for entry in tcps("log", "--json").json][:2] == ["bob", "alice"]


def test_a_blank_actor_is_refused(tcps: Tcps) -> None:
    done = tcps("work-order", "create", "--title", "x", "--actor", " ", "--json")
    assert (done.code, done.error["code"]) == (2, "missing_required_field")


def test_the_nearest_tcps_folder_is_the_store_even_when_it_is_damaged(
    bare: Tcps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare("init")
    bare("init", "inner")
    monkeypatch.chdir(tmp_path / "inner")
    (tmp_path / "inner/.tcps/store.json").unlink()
    for arguments in (("stats",), ("init",), ("work-order", "create", "--title", "x")):
        done = bare(*arguments, "--json")
        assert (done.code, done.error["code"]) == (12, "integrity_error")
        assert "has no store.json" in done.error["message"]


def test_init_takes_the_store_that_is_named(bare: Tcps, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bare("init", "--store", "a").code == 0
    assert Path("a/.tcps").is_dir()
    monkeypatch.setenv("TCPS_STORE", "b/.tcps")
    assert bare("init").code == 0
    assert bare("stats").code == 0
    assert Path("b/.tcps").is_dir()
    assert not Path(".tcps").exists()
    assert bare("init", "c").code == 2


def test_a_store_that_is_named_by_an_empty_text_is_refused(tcps: Tcps) -> None:
    done = tcps("work-order", "create", "--title", "x", "--store", "")
    assert (done.code, done.out) == (2, "")
