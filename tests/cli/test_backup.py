"""`tcps backup …`: what is printed, and how it exits."""

import os
import shutil
from pathlib import Path

from tests.cli.conftest import Tcps, process


def test_a_backup_is_one_line_for_a_log_or_one_document(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "one")
    done = tcps("backup", "create", "--to", "backups")
    name, said = done.out.split(": ", 1)
    assert (done.code, done.err) == (0, "")
    assert said.startswith("full, entries 1 to 1, ")
    assert said.endswith(" bytes, verified\n")
    made = tcps("backup", "create", "--to", "backups", "--incremental", "--no-verify", "--json").json
    assert (made["kind"], made["from_sequence"], made["to_sequence"]) == ("incremental", 1, 1)
    assert (made["verified"], made["reason"], made["warning"]) == (False, None, None)
    assert made["bytes"] == Path(made["path"]).stat().st_size
    rows = tcps("backup", "list", "--to", "backups", "--json").json
    assert [row["archive"] for row in rows] == [name, made["archive"]]
    assert [row["parent"] for row in rows] == [None, name]
    assert [row["problem"] for row in rows] == [None, None]


def test_a_quiet_backup_says_nothing_but_why_it_is_another_one(tcps: Tcps) -> None:
    first = tcps("backup", "create", "--incremental", "--quiet")
    assert (first.code, first.out) == (0, "")
    assert first.err == "note: a full backup was made: there is no archive to go on from\n"
    assert tcps("backup", "create", "--incremental", "--quiet") == (0, "", "")


def test_archives_are_listed_where_their_store_is_gone(tcps: Tcps, tmp_path: Path) -> None:
    tcps("backup", "create", "--to", "backups")
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    elsewhere.mkdir()
    done = process(elsewhere, "backup", "list", "--to", str(tmp_path / "backups"))
    assert done.code == 0
    assert "none after 0" in done.out
    assert process(elsewhere, "backup", "list", "--store", "x").code == 10


def test_what_is_wrong_with_an_archive_is_listed(tcps: Tcps) -> None:
    tcps("backup", "create", "--to", "backups")
    tcps("work-order", "create", "--title", "one")
    tcps("backup", "create", "--to", "backups", "--incremental")
    full, _ = sorted(Path("backups").glob("tcps-*"))
    full.unlink()
    assert (
        "goes on from an archive that is not there or cannot be read"
        in tcps("backup", "list", "--to", "backups").out
    )
    full.write_text("garbage")
    first = tcps("backup", "list", "--to", "backups", "--json").json[0]
    assert first["problem"].endswith("cannot be read: it does not begin as an archive does")


def test_stats_say_how_old_the_newest_good_backup_is(tcps: Tcps, tmp_path: Path) -> None:
    def told() -> str:
        (line,) = [line for line in tcps("stats").out.splitlines() if line.startswith("backups: ")]
        return line

    folder = tmp_path.with_name(f"{tmp_path.name}-data") / "tcps" / "backups"
    assert told() == f"backups: 0 archives in {folder}: there is no good one"
    assert tcps("stats", "--json").json["backups"] == {
        "place": str(folder),
        "archives": 0,
        "newest_good": None,
        "age_ms": None,
        "problem": None,
    }
    made = tcps("backup", "create", "--json").json
    assert told().endswith(f"s old, {made['archive']}")
    path = Path(made["path"])
    path.write_bytes(path.read_bytes()[:-1])
    assert told() == f"backups: 1 archive in {folder}: there is no good one"


def test_a_verdict_says_on_what_an_archive_rests_and_exits_by_it(tcps: Tcps) -> None:
    tcps("backup", "create", "--to", "backups")
    tcps("work-order", "create", "--title", "one")
    tcps("backup", "create", "--to", "backups", "--incremental")
    full, more = sorted(path.name for path in Path("backups").glob("tcps-*"))
    done = tcps("backup", "verify", "--to", "backups")
    assert done == (0, f"{more}: intact: incremental, entries 1 to 1, rests on {full} by 1 link\n", "")
    done = tcps("backup", "verify", f"backups/{full}", f"backups/{more}")
    assert done.out.endswith("intact: 2 of 2 archives intact\n")
    Path("backups", full).write_bytes(b"")
    done = tcps("backup", "verify", "--to", "backups", "--all", "--json")
    assert (done.code, done.json["verdict"]) == (12, "broken")
    assert [[one["class"] for one in row["findings"]] for row in done.json["archives"]] == [
        ["UNREADABLE"],
        ["MISSING"],
    ]
    quiet = tcps("backup", "verify", f"backups/{full}", "--quiet")
    assert (quiet.code, quiet.out) == (12, "")
    assert f"{full} cannot be read" in quiet.err


def test_no_archive_is_no_verdict(tcps: Tcps) -> None:
    assert tcps("backup", "verify", "--to", "backups").code == 4
    assert tcps("backup", "verify", "--to", "backups", "--all").code == 4
    assert tcps("backup", "verify", "nothing.tar.zst").code == 4
    assert tcps("backup", "verify", "nothing.tar.zst", "--all").code == 2


def test_archives_can_be_proven_beside_a_damaged_store_and_without_one(tcps: Tcps, tmp_path: Path) -> None:
    tcps("work-order", "create", "--title", "one")
    tcps("backup", "create", "--to", "backups")
    Path(".tcps/store.json").write_text("{}")
    done = tcps("backup", "verify", "--to", "backups")
    assert done.code == 0
    assert done.err.startswith("warning: ")
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    elsewhere.mkdir()
    (archive,) = Path("backups").glob("tcps-*")
    assert process(elsewhere, "backup", "verify", str(archive.absolute())).code == 0


def test_without_a_library_for_zstd_nothing_is_decided(tcps: Tcps, tmp_path: Path) -> None:
    tcps("backup", "create", "--to", "backups")
    script = tmp_path / "sitecustomize.py"
    script.write_text("import sys\nsys.modules['zstandard'] = None\n")
    done = process(tmp_path, "backup", "verify", "--to", "backups", env={"PYTHONPATH": str(tmp_path)})
    assert done.code == 13
    assert "pip install 'tcps[backup]'" in done.err


def test_a_backup_is_an_anchor(tcps: Tcps) -> None:
    """Format 9.3."""
    tcps("work-order", "create", "--title", "one")
    tcps("work-order", "create", "--title", "two")
    archive = tcps("backup", "create", "--to", "backups", "--json").json["path"]
    older = Path(".tcps/ledger/000000000001.jsonl")
    content = older.read_bytes()
    done = tcps("verify", "--anchor", archive, "--json")
    assert (done.code, done.json["anchors"]["newest_size"]) == (0, 2)
    shutil.rmtree(Path(os.environ["XDG_CONFIG_HOME"]))
    for path in (*Path(".tcps").glob("index*"), Path(".tcps/records.lock")):
        path.unlink()
    older.write_bytes(content[: content.index(b"\n") + 1])
    Path(".tcps/records/work_orders/0000/WO-2.json").unlink()
    assert tcps("verify").code == 0
    done = tcps("verify", "--anchor", archive, "--json")
    assert (done.code, [one["class"] for one in done.json["findings"]]) == (12, ["ROLLED_BACK"])
    Path(archive).write_bytes(Path(archive).read_bytes()[:-1])
    done = tcps("verify", "--anchor", archive)
    assert done.code == 13
    assert "holds no checkpoint" in done.err
