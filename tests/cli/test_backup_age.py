"""`tcps backup …` with encrypted archives, as a user meets them."""

from pathlib import Path

import pytest

from tcps.backup.keys import library
from tests.cli.conftest import Tcps

TO = ("--to", "backups")


@pytest.fixture
def public() -> str:
    """Whom archives are encrypted to; what opens them is in the file `key`."""
    secret = library().x25519.Identity.generate()
    Path("key").write_text(f"{secret}\n")
    return str(secret.to_public())


def test_encrypted_archives_are_made_without_and_read_with_an_identity(tcps: Tcps, public: str) -> None:
    tcps("work-order", "create", "--title", "one")
    Path("recipients").write_text(f"# me\n{public}\n")
    made = tcps("backup", "create", *TO, "--recipient", public)
    assert (made.code, made.err) == (0, "")
    assert made.out.endswith(" bytes, encrypted, verified\n")
    tcps("work-order", "create", "--title", "two")
    made = tcps("backup", "create", *TO, "--incremental", "--recipients-file", "recipients", "--json").json
    assert (made["encrypted"], made["kind"], made["reason"]) == (True, "incremental", None)
    assert made["bytes"] == Path(made["path"]).stat().st_size
    assert tcps("backup", "verify", *TO, "--identity", "key").code == 0
    closed = tcps("backup", "verify", made["path"])
    assert closed.code == 13
    assert "is encrypted: there is no identity to open it with" in closed.out
    assert tcps("backup", "prune", *TO, "--keep-last", "1").code == 13
    assert tcps("backup", "prune", *TO, "--keep-last", "1", "--identity", "key").code == 0


def test_a_list_without_an_identity_says_what_the_name_tells(
    tcps: Tcps, public: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tcps("backup", "create", *TO, "--recipient", public)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    (row,) = tcps("backup", "list", *TO, "--json").json
    assert (row["encrypted"], row["kind"], row["to_sequence"], row["problem"]) == (True, "full", 0, None)
    assert (row["from_sequence"], row["last_entry_at"]) == (None, None)
    assert "up to 0" in (shown := tcps("backup", "list", *TO).out)
    assert "encrypted, nothing more is known" in shown
    (row,) = tcps("backup", "list", *TO, "--identity", "key", "--json").json
    assert (row["from_sequence"], row["problem"]) == (0, None)


def test_a_store_is_restored_from_encrypted_archives(tcps: Tcps, public: str) -> None:
    tcps("backup", "create", *TO, "--recipient", public)
    tcps("work-order", "create", "--title", "one")
    made = tcps("backup", "create", *TO, "--recipient", public, "--incremental", "--json").json
    closed = tcps("restore", made["path"], "--into", "elsewhere")
    assert closed.code == 13
    error, hint = closed.err.splitlines()
    assert error.endswith(".tar.zst.age is encrypted: there is no identity to open it with")
    assert hint == "hint: name the file that opens it with --identity FILE or TCPS_BACKUP_IDENTITY"
    assert not Path("elsewhere").exists()
    assert tcps("restore", made["path"], "--into", "elsewhere", "--identity", "key").code == 0
    assert tcps("work-order", "show", "WO-1", "--store", "elsewhere").code == 0


def test_the_environment_names_the_identity(tcps: Tcps, public: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tcps("backup", "create", *TO, "--recipient", public, "--json").json
    monkeypatch.setenv("TCPS_BACKUP_IDENTITY", "key")
    assert tcps("backup", "verify", made["path"]).code == 0
    assert tcps("verify", "--anchor", made["path"]).code == 0


def test_an_identity_that_is_none_is_a_usage_error(tcps: Tcps, public: str) -> None:
    tcps("backup", "create", *TO, "--recipient", public)
    done = tcps("backup", "verify", *TO, "--identity", "nowhere")
    assert (done.code, done.err.splitlines()[0]) == (
        2,
        "error: cannot read nowhere: No such file or directory",
    )


def test_maintenance_does_not_ask_for_what_only_an_identity_tells(
    tcps: Tcps, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TCPS_BACKUP_DIR", "backups")
    tcps("work-order", "create", "--title", "one")
    made = tcps("backup", "create", "--recipient", public, "--json").json
    assert tcps("stats", "--json").json["backups"]["newest_good"] == made["archive"]
    run = tcps("tpm", "run", "--weekly")
    assert run.code == 0
    assert "there is no identity that opens the newest backup" in run.out
