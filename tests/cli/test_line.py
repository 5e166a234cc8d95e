"""SKUs, receipts, gates, Kanban, policy and the log on the command line (interface 3)."""

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.conftest import Tcps

GOOD = {
    "shacl": {"shacl_conforms": True, "shacl_violations": 0},
    "compile": {"compile_errors": 0},
    "test": {"tests_total": 10, "tests_passed": 10, "tests_failed": 0, "line_coverage": 0.9},
}


def add(tcps: Tcps, stage: str, metrics: dict[str, object], *options: str) -> object:
    return tcps(
        *("receipt", "add", "--sku", "SKU-1", "--stage", stage, "--status", "pass"),
        *("--metrics", json.dumps(metrics), *options),
    )


def test_a_receipt_is_added_listed_shown_and_verified(on_the_line: Tcps, tmp_path: Path) -> None:
    (tmp_path / "out.bin").write_bytes(b"12345")
    receipt = add(
        on_the_line, "shacl", GOOD["shacl"], "--artifact", "out.bin", "--duration-ms", "42", "--json",
        "--evidence", '{"source_revision": "abc"}',
    ).json  # fmt: skip
    assert receipt["status"] == "pass"
    assert receipt["artifacts"] == [
        {
            "name": "out.bin",
            "sha256": "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
            "size": 5,
            "uri": None,
        }
    ]
    assert receipt["evidence"] == {"source_revision": "abc", "gate": {"result": "pass", "violations": []}}
    assert on_the_line("receipt", "list", "--sku", "SKU-1", "--json").json == [receipt]
    assert on_the_line("receipt", "list", "--stage", "test", "--json").json == []
    assert on_the_line("receipt", "list", "--work-order", "WO-1", "--status", "pass", "--json").json
    assert on_the_line("receipt", "show", "RCPT-1", "--json").json == receipt
    assert on_the_line("receipt", "verify", "RCPT-1").out.startswith("RCPT-1 is as the ledger holds it")
    (file,) = tmp_path.rglob("00000001-shacl_validation.json")
    assert on_the_line("receipt", "verify", str(file), "--json").json == receipt
    file.write_bytes(file.read_bytes().replace(b"abc", b"abd"))
    assert on_the_line("receipt", "verify", str(file)).code == 12
    assert on_the_line("receipt", "verify", "RCPT-1").code == 12
    assert on_the_line("receipt", "show", "RCPT-1", "--json").error["code"] == "integrity_error"


def test_a_failed_gate_is_recorded_exits_with_3_and_stops_the_line(on_the_line: Tcps) -> None:
    done = add(on_the_line, "shacl", {"shacl_conforms": True, "shacl_violations": 2})
    assert done.code == 3
    assert "shacl_violations: wanted = 0, got 2 (threshold)" in done.out
    assert "ANDON-1 stops the line (shacl_violation, critical)" in done.out
    assert on_the_line("sku", "advance", "SKU-1", "--json").error["code"] == "gate_failed"
    assert add(on_the_line, "shacl", GOOD["shacl"]).code == 0
    held = on_the_line("sku", "advance", "SKU-1", "--json")
    assert (held.code, held.error["details"]["andons"]) == (3, ["ANDON-1"])
    assert on_the_line("andon", "check", "SKU-1").code == 3
    assert on_the_line("andon", "investigate", "ANDON-1").out == "ANDON-1 is investigated by alice\n"
    resolve = ("andon", "resolve", "ANDON-1", "--root-cause", "a", "--fix", "b", "--prevention")
    assert on_the_line(*resolve, " ", "--json").error["details"]["fields"] == ["prevention_added"]
    assert on_the_line(*resolve, "c", "--resolver", "bob", "--json").json["resolution"]["resolver"] == "bob"
    assert on_the_line(*resolve, "c", "--json").error["code"] == "already_resolved"
    assert on_the_line("andon", "check", "SKU-1").out == "the line runs for SKU-1\n"
    assert on_the_line("sku", "advance", "SKU-1").out == "SKU-1 (WO-1) is in_production at compilation\n"


def test_andons_are_triggered_by_hand_and_counted(on_the_line: Tcps) -> None:
    trigger = ("andon", "trigger", "--type", "test-failure", "--sku", "SKU-1")
    first = on_the_line(*trigger, "--message", "red", "--details", '{"n": 1}', "--json").json
    assert (first["stage"], first["severity"], first["work_order_id"]) == ("test_execution", "high", "WO-1")
    assert first["details"] == {"n": 1, "message": "red"}
    assert on_the_line(*trigger, "--severity", "critical").out == (
        "ANDON-1 stops SKU-1 at test_execution: test_failure (critical, open, 2 times)\n"
    )
    assert on_the_line("andon", "check", "SKU-1", "--stage", "compile").code == 0
    assert on_the_line("andon", "check", "--stage", "security").code == 3
    shown = on_the_line("andon", "show", "ANDON-1", "--json").json
    assert (shown["occurrences"], len(shown["occurrence_log"])) == (2, 2)
    assert on_the_line("andon", "list", "--severity", "low", "--json").json == []
    assert len(on_the_line("andon", "list", "--all", "--sku", "SKU-1", "--json").json) == 1


def test_skus_are_listed_shown_and_aborted(on_the_line: Tcps) -> None:
    on_the_line("sku", "create", "app-1.0", "--work-order", "WO-1")
    assert on_the_line("sku", "create", "APP-1.0", "--work-order", "WO-1", "--json").error["code"] == (
        "duplicate_id"
    )
    listed = on_the_line("sku", "list", "--stage", "shacl", "--json").json
    assert [sku["sku_id"] for sku in listed] == ["SKU-1", "app-1.0"]
    ended = on_the_line("sku", "abort", "SKU-1", "--reason", "wrong branch", "--json").json
    assert (ended["status"], ended["end_reason"]) == ("aborted", "wrong branch")
    assert on_the_line("sku", "list", "--status", "aborted", "--work-order", "WO-1", "--json").json
    assert on_the_line("sku", "publish", "app-1.0", "--json").error["code"] == "invalid_transition"
    add(on_the_line, "shacl", GOOD["shacl"])
    assert "current_stage" in on_the_line("sku", "show", "app-1.0").out


def test_quality_gates_show_every_rule(on_the_line: Tcps) -> None:
    add(on_the_line, "shacl", {"shacl_conforms": False, "shacl_violations": 0})
    done = on_the_line("quality", "gates", "SKU-1")
    assert done.code == 3
    assert "FAIL (threshold)" in done.out
    assert "SKU-1: 0 passed, 1 failed, 9 not run; now at shacl_validation" in done.out
    report = on_the_line("quality", "gates", "SKU-1", "--json").json
    assert [stage["result"] for stage in report["stages"]] == ["fail"] + ["not_run"] * 9
    assert report["stages"][0]["rules"][0] == {
        "gate": "shacl_validation",
        "metric": "shacl_conforms",
        "operator": "=",
        "expected": True,
        "actual": False,
        "passed": False,
        "reason": "threshold",
    }


def test_quality_gates_say_why_a_run_is_no_pass_whatever_its_gate_says(on_the_line: Tcps) -> None:
    good = ("--metrics", json.dumps(GOOD["shacl"]))
    on_the_line("run", "--sku", "SKU-1", "--stage", "shacl", *good, "--", "sh", "-c", "exit 7")
    done = on_the_line("quality", "gates", "SKU-1")
    assert "the command exited with 7" in done.out
    assert "shacl_violations" in done.out
    for status in ("fail", "warning"):
        on_the_line("receipt", "add", "--sku", "SKU-1", "--stage", "shacl", "--status", status, *good)
        report = on_the_line("quality", "gates", "SKU-1", "--json").json
        assert report["stages"][0]["stated"] == [f"its status was given as {status}"]
        assert report["stages"][0]["result"] == "pass"
    add(on_the_line, "shacl", GOOD["shacl"], "--evidence", '{"problems": ["none"], "exit_code": 1}')
    assert on_the_line("quality", "gates", "SKU-1", "--json").json["stages"][0]["stated"] == []


def test_kanban_shows_and_sets_limits(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a", "--bucket", "cost")
    tcps("work-order", "create", "--title", "b", "--bucket", "cost")
    tcps("work-order", "start", "WO-1")
    assert tcps("kanban", "set-limit", "cost", "1").out == "cost: 1 in progress, limit 1\n"
    full = tcps("work-order", "start", "WO-2", "--json")
    assert (full.code, full.error["code"]) == (3, "wip_limit")
    assert full.error["details"] == {"bucket": "cost", "current": 1, "limit": 1}
    report = tcps("kanban", "status", "--json").json
    cost = {"bucket": "cost", "current": 1, "limit": 1, "available": 0, "utilization": 1.0}
    assert report["buckets"][2] == cost
    assert report["capacity_utilization"] == round(1 / 31, 3)
    assert tcps("kanban", "set-limit", "cost", "unlimited", "--json").json["limit"] is None
    assert "unlimited" in tcps("kanban", "status").out
    assert tcps("kanban", "set-limit", "cost", "0", "--json").error["code"] == "invalid_limit"


def test_policy_is_shown_and_set_and_only_made_stricter(tcps: Tcps) -> None:
    key = "gates.test_execution.line_coverage"
    assert tcps("policy", "show", "--json").json["settings"][key] == 0.8
    assert tcps("policy", "set", key, "0.9").out == f"{key} is 0.9 now\n"
    assert tcps("policy", "show", "--json").json["changed"] == [key]
    assert tcps("policy", "set", key, "0.5", "--json").error["code"] == "threshold_too_loose"
    assert tcps("policy", "set", "nope", "1", "--json").error["code"] == "invalid_setting"
    assert f"{key}" in tcps("policy", "show").out


def test_the_log_is_a_change_feed(on_the_line: Tcps) -> None:
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    entries = on_the_line("log", "--json").json
    assert [entry["action"] for entry in entries] == ["work_order.create", "sku.create", "andon.trigger"]
    assert [entry["seq"] for entry in on_the_line("log", "--since", "1", "--json").json] == [2, 3]
    assert [entry["seq"] for entry in on_the_line("log", "--kind", "andon", "--json").json] == [3]
    assert [entry["seq"] for entry in on_the_line("log", "--id", "WO-1", "--json").json] == [1, 2]
    assert on_the_line("log", "-o", "csv").out.splitlines()[0] == "seq,time,actor,action,changes"


def test_the_log_in_text_is_a_story(on_the_line: Tcps) -> None:
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    on_the_line("policy", "set", "max_consecutive", "3")
    told = [line.split(maxsplit=3)[0::3] for line in on_the_line("log").out.splitlines()[1:]]
    assert told == [
        ["1", "WO-1     created: An order (features, priority 4)"],
        ["2", "WO-1     started"],
        ["2", "SKU-1    on the line for WO-1"],
        ["3", "ANDON-1  stops SKU-1 at test_execution: test_failure (high)"],
        ["4", "policy   max_consecutive: 2 → 3"],
    ]
    of_order = on_the_line("log", "--id", "WO-1", "-o", "md").out
    assert [line.split(" | ")[-2:] for line in of_order.splitlines()[2:]] == [
        ["WO-1", "created: An order (features, priority 4) |"],
        ["WO-1", "started |"],
        ["SKU-1", "on the line for WO-1 |"],
    ]
    assert "SKU-1  on the line for WO-1" in on_the_line("log", "--kind", "sku").out
    assert "WO-1" not in on_the_line("log", "--kind", "andon").out
    assert on_the_line("log", "--since", "99").out == "the ledger has nothing of that\n"


def test_following_the_log_shows_what_other_processes_commit(on_the_line: Tcps, tmp_path: Path) -> None:
    follower = subprocess.Popen(
        [sys.executable, "-m", "tcps", "log", "--follow", "--since", "2", "-o", "jsonl"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert follower.stdout is not None
        on_the_line("work-order", "create", "--title", "seen")
        started = time.monotonic()
        entry = json.loads(follower.stdout.readline())
        assert entry["changes"][0]["record"]["title"] == "seen"
        assert time.monotonic() - started < 20
    finally:
        follower.kill()
        follower.communicate()


def test_stats_count_everything(on_the_line: Tcps) -> None:
    stats = on_the_line("stats", "--json").json
    assert stats["work_orders"] == {"in_progress": 1}
    assert stats["skus"] == {"in_production": 1}
    assert stats["entries"] == 2
    assert stats["bytes"]["ledger"] > 0
    assert "work orders: 1 (1 in_progress)" in on_the_line("stats").out


def test_checking_an_id_that_nobody_knows_warns(on_the_line: Tcps) -> None:
    done = on_the_line("andon", "check", "SKU-1")
    assert (done.code, done.err) == (0, "")
    done = on_the_line("andon", "check", "SKV-1")
    assert (done.code, done.err) == (0, "warning: there is no SKU and no Andon of SKV-1\n")


def test_numbers_in_policy_are_plain(tcps: Tcps) -> None:
    assert tcps("kanban", "set-limit", "cost", "1_0").code == 2
    assert tcps("policy", "set", "require_five_whys", "true").out == "require_five_whys is true now\n"
    assert tcps("policy", "set", "max_gap_hours", "12.5").out == "max_gap_hours is 12.5 now\n"


def test_whether_a_sku_can_be_published_is_the_exit_code_of_ready(proven: Tcps) -> None:
    asked = proven("sku", "ready", "SKU-1")
    assert asked.code == 3
    assert asked.out.startswith("SKU-1 cannot be published yet:\n  cannot publish SKU-1: it is in production")
    assert proven("sku", "ready", "SKU-1", "--json").json["missing_stages"][0] == "test_execution"
    assert proven("sku", "ready", "SKU-9").code == 4
    assert "line: 0.0 % published; 1 at test_execution" in proven("stats").out


def test_an_andon_holds_its_stage_and_later_ones_and_not_those_before(on_the_line: Tcps) -> None:
    """domain 10.2, can_proceed"""
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    for stage, code in (("shacl", 0), ("compile", 0), ("test", 3), ("security", 3), ("publish", 3)):
        asked = on_the_line("andon", "check", "SKU-1", "--stage", stage, "--json")
        assert (asked.code, asked.json["can_proceed"]) == (code, code == 0)
    assert on_the_line("andon", "check", "SKU-1").code == on_the_line("andon", "check").code == 3
