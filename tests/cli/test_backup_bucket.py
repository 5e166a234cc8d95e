"""`tcps backup …` with archives in an object store, as a user meets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backup import objects
from tests.backup.objects import Server
from tests.cli.conftest import Tcps

TO = ("--to", "s3://bucket/backups")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(tmp_path.with_name(f"{tmp_path.name}-objects"))
    server.bucket("bucket")
    objects.environment(monkeypatch, server.url, tmp_path.with_name(f"{tmp_path.name}-state"))
    yield server
    server.close()


def test_every_command_takes_a_bucket_for_a_place(server: Server, tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "one")
    made = tcps("backup", "create", *TO, "--json").json
    assert made["path"] == f"s3://bucket/backups/{made['archive']}"
    assert made["bytes"] == (server.folder / "bucket/backups" / made["archive"]).stat().st_size
    second = tcps("backup", "create", *TO, "--json").json
    rows = tcps("backup", "list", *TO, "--json").json
    assert [(row["archive"], row["bytes"], row["problem"]) for row in rows] == [
        (one["archive"], one["bytes"], None) for one in (made, second)
    ]
    assert tcps("backup", "verify", *TO, "--all").code == 0
    assert tcps("backup", "verify", made["path"], "--json").json["verdict"] == "intact"
    pruned = tcps("backup", "prune", *TO, "--keep-last", "1", "--json").json
    assert (pruned["place"], pruned["removed"]) == ("s3://bucket/backups", 1)
    assert tcps("backup", "verify", made["path"]).code == 4


def test_a_store_is_restored_from_a_bucket(
    server: Server, tcps: Tcps, monkeypatch: pytest.MonkeyPatch
) -> None:
    tcps("backup", "create", *TO)
    tcps("work-order", "create", "--title", "one")
    made = tcps("backup", "create", *TO, "--incremental", "--json").json
    assert tcps("restore", made["path"], "--into", "elsewhere").code == 0
    assert tcps("work-order", "show", "WO-1", "--store", "elsewhere").code == 0
    monkeypatch.setenv("TCPS_BACKUP_DIR", TO[1])
    assert tcps("restore", made["archive"], "--into", "again").code == 0


def test_a_restore_from_a_folder_does_not_need_the_bucket_that_is_gone(
    server: Server, tcps: Tcps, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tcps("backup", "create", "--to", "folder", "--json").json
    monkeypatch.setenv("TCPS_BACKUP_DIR", TO[1])
    server.kill()
    assert tcps("restore", made["path"], "--into", "elsewhere").code == 0


def test_damage_in_a_bucket_is_found(server: Server, tcps: Tcps) -> None:
    made = tcps("backup", "create", *TO, "--json").json
    path = server.folder / "bucket/backups" / made["archive"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert tcps("backup", "verify", *TO).code == 12


def test_without_the_server_there_is_no_backup_and_no_verdict(server: Server, tcps: Tcps) -> None:
    tcps("backup", "create", *TO)
    server.kill()
    done = tcps("backup", "create", *TO, "--incremental", "--quiet")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        f"error: cannot use s3://bucket/backups: 127.0.0.1:{server.port} cannot be reached",
        "hint: look at AWS_ENDPOINT_URL and the network",
    ]
    assert tcps("backup", "verify", *TO, "--all").code == 13
    assert tcps("backup", "list", *TO).code == 1
    assert tcps("backup", "prune", *TO, "--keep-last", "1").code == 1


def test_the_overviews_say_that_the_server_is_gone(
    server: Server, tcps: Tcps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TCPS_BACKUP_DIR", TO[1])
    tcps("backup", "create")
    assert tcps("stats", "--json").json["backups"]["archives"] == 1
    server.kill()
    assert "cannot be reached" in tcps("stats", "--json").json["backups"]["problem"]
    assert "cannot be reached" in tcps("tpm", "health").out
