"""Maintenance on the command line (interface 3; domain 13)."""

from pathlib import Path

import pytest

from tcps.store import Store
from tests.cli.conftest import Tcps
from tests.conftest import FixedClock
from tests.rules.line import Unhurried, published


def test_a_daily_run_says_what_it_did(tcps: Tcps) -> None:
    done = tcps("tpm", "run", "--daily")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "TPM-1 (daily) is ok: score 100 of 100 (excellent)"
    rows = [line.split(maxsplit=2)[:2] for line in done.out.splitlines()[4:]]
    assert rows == [
        ["verify_recent", "ok"],
        ["backup_age", "ok"],
        ["disk_space", "ok"],
        ["andon_sweep", "ok"],
        ["sla_check", "ok"],
    ]


def test_a_run_soon_after_is_skipped_unless_it_is_forced(tcps: Tcps) -> None:
    tcps("tpm", "run", "--weekly", "-q")
    skipped = tcps("tpm", "run", "--daily", "--json")
    assert (skipped.code, skipped.json["status"], skipped.json["tasks"]) == (0, "skipped", [])
    assert tcps("tpm", "run", "--daily").out.startswith("TPM-3 (daily) is skipped: ")
    forced = tcps("tpm", "run", "--daily", "--force", "--json").json
    assert (forced["tpm_run_id"], forced["status"], len(forced["tasks"])) == ("TPM-4", "ok", 5)


@pytest.mark.parametrize(("frequency", "tasks"), [("weekly", 9), ("monthly", 10), ("quarterly", 11)])
def test_a_longer_run_does_more(tcps: Tcps, frequency: str, tasks: int) -> None:
    assert len(tcps("tpm", "run", f"--{frequency}", "--json").json["tasks"]) == tasks
    assert tcps("tpm", "run", f"--{frequency}", "--force", "-o", "csv").out.startswith("task,status,")


def test_damage_exits_with_12_and_makes_the_system_unhealthy(tcps: Tcps, tmp_path: Path) -> None:
    with Store.open(tmp_path, actor="alice", disk=Unhurried()) as store:
        published(store)
    (file,) = tmp_path.rglob("00000003-*.json")
    file.unlink()
    done = tcps("tpm", "run", "--daily")
    assert done.code == 12
    assert "critical  verify_recent  SKU-1  RCPT-3: its file is gone" in done.out
    sick = tcps("tpm", "health", "--json")
    assert (sick.code, sick.json["status"], sick.json["score"]) == (3, "unhealthy", 80.0)
    assert tcps("repair", "-q").code == 0
    assert tcps("tpm", "run", "--daily", "--force", "-q").code == 0
    assert tcps("tpm", "health").code == 0


def test_a_damaged_backup_exits_with_12(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "one")
    path = Path(tcps("backup", "create", "--json").json["path"])
    assert tcps("tpm", "run", "--weekly", "-q").code == 0
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = tcps("tpm", "run", "--weekly", "--force")
    assert done.code == 12
    assert f"critical  backup_verify  {path.name}  {path.name} is damaged" in done.out
    quiet = tcps("tpm", "run", "--weekly", "--force", "-q")
    assert (quiet.code, quiet.out) == (12, "")
    assert f"critical: backup_verify: {path.name}: {path.name} is damaged" in quiet.err


def test_health_shows_components_and_overdue_runs(tcps: Tcps, tmp_path: Path) -> None:
    report = tcps("tpm", "health", "--json").json
    assert (report["status"], report["band"], report["maintenance_compliance"]) == (
        "healthy",
        "excellent",
        1.0,
    )
    assert [row["frequency"] for row in report["frequencies"]] == ["daily", "weekly", "monthly", "quarterly"]
    assert {one["status"] for one in report["components"]} == {"healthy"}
    tcps("andon", "trigger", "--type", "shacl_violation", "--sku", "a")
    text = tcps("tpm", "health").out
    assert text.startswith("degraded; maintenance excellent, 100 of 100\n")
    assert "andon      degraded  critical and not resolved: ANDON-1" in text
    assert "daily                    not due yet" in text
    old = tmp_path / "old"
    with Store.create(old, actor="alice", clock=FixedClock()):
        pass
    assert "daily                    OVERDUE" in tcps("tpm", "health", "--store", "old").out


def test_a_dry_run_is_not_kept(tcps: Tcps) -> None:
    tried = tcps("tpm", "run", "--weekly", "--dry-run")
    assert tried.out.startswith("this run (weekly) is ok")
    assert tried.err == "dry run: nothing was changed\n"
    assert tcps("log", "--kind", "tpm", "--json").json == []
    tcps("tpm", "run", "--weekly", "-q")
    assert "TPM-1  weekly maintenance is ok: 0 issues, score 100" in tcps("log", "--kind", "tpm").out


@pytest.mark.parametrize(
    ("options", "code"), [([], "missing_required_field"), (["--daily", "--weekly"], "usage")]
)
def test_a_run_is_of_one_frequency(tcps: Tcps, options: list[str], code: str) -> None:
    done = tcps("tpm", "run", *options, "--json")
    assert (done.code, done.error["code"]) == (2, code)


def test_a_damaged_graph_is_an_issue_and_no_damage_of_the_ledger(tcps: Tcps, tmp_path: Path) -> None:
    tcps("query", "ASK {}")
    (file,) = tmp_path.glob(".tcps/ontology/oxigraph/*/CURRENT")
    file.with_name("stranger").touch()
    done = tcps("tpm", "run", "--weekly", "--json")
    (issues,) = [task["issues"] for task in done.json["tasks"] if task["task"] == "verify_all"]
    assert (done.code, [issue["severity"] for issue in issues]) == (0, ["medium"])
    health = tcps("tpm", "health", "--json").json
    assert {one["component"]: one["status"] for one in health["components"]}["ledger"] == "healthy"
