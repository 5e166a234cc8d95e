"""`tcps run -- CMD` (interface 3): streams, receipt, gate, Andon, signals, exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps

SHACL = ("run", "--sku", "SKU-1", "--stage", "shacl")
COMPILE = ("run", "--sku", "SKU-1", "--stage", "compile")


@pytest.fixture
def compiling(on_the_line: Tcps) -> Tcps:
    """SKU-1 is at compilation."""
    assert on_the_line(*SHACL, "--", "true").code == 0
    return on_the_line


def test_streams_pass_through_and_the_receipt_holds_their_digests(on_the_line: Tcps) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256))); sys.stderr.write('err\\n')"
    wrote = bytes(range(256))
    done = subprocess.run(
        [sys.executable, "-m", "tcps", *SHACL, "--", sys.executable, "-c", script],
        capture_output=True,
        check=True,
    )
    assert done.stdout == wrote
    assert done.stderr.startswith(b"err\n")
    evidence = on_the_line("receipt", "show", "RCPT-1", "--json").json["evidence"]
    assert evidence["stdout"] == {"sha256": sha256(wrote).hexdigest(), "size": 256}
    assert evidence["stderr"] == {"sha256": sha256(b"err\n").hexdigest(), "size": 4}
    assert evidence["exit_code"] == 0
    assert evidence["command"][0] == sys.executable


def test_a_pass_advances_the_sku_and_the_summary_goes_to_stderr(on_the_line: Tcps) -> None:
    done = on_the_line(*SHACL, "--receipt-file", "r.json", "--", "echo", "hi")
    assert (done.code, done.out) == (0, "hi\n")
    assert done.err == "RCPT-1: shacl_validation of SKU-1 is pass\n  SKU-1 is at compilation now\n"
    assert json.loads(Path("r.json").read_text())["receipt_id"] == "RCPT-1"
    assert on_the_line("receipt", "verify", "r.json").code == 0


def test_a_failing_command_gives_its_own_code_and_stops_the_line(compiling: Tcps) -> None:
    done = compiling(*COMPILE, "--", "sh", "-c", "echo broken >&2; exit 7")
    assert done.code == 7
    assert "compile_errors: wanted = 0, got 1 (threshold)" in done.err
    assert compiling("andon", "list", "--json").json[0]["failure_type"] == "compilation_failure"
    again = compiling(*COMPILE, "--", "true")
    assert again.code == 0
    sku = compiling("sku", "show", "SKU-1", "--json").json
    assert (sku["current_stage"], sku["open_andons"]) == ("compilation", ["ANDON-1"])


def test_a_gate_that_fails_after_a_command_that_did_not_exits_with_3(compiling: Tcps) -> None:
    done = compiling(*COMPILE, "--metrics", '{"compile_errors": 2}', "--", "true")
    assert done.code == 3
    assert compiling("receipt", "show", "RCPT-2", "--json").json["status"] == "fail"


def test_metrics_evidence_and_artifacts_are_read_after_the_command(compiling: Tcps) -> None:
    write = 'echo \'{"compile_errors": 0, "compile_warnings": 3}\' > m.json; echo built > app'
    done = compiling(*COMPILE, "--metrics", "@m.json", "--artifact", "app", "--", "sh", "-c", write)
    assert done.code == 0
    receipt = compiling("receipt", "show", "RCPT-2", "--json").json
    assert receipt["metrics"] == {"compile_errors": 0, "compile_warnings": 3}
    assert receipt["artifacts"][0]["name"] == "app"


def test_a_report_that_is_not_there_makes_the_receipt_a_fail(compiling: Tcps) -> None:
    done = compiling(*COMPILE, "--metrics", "@m.json", "--artifact", "app", "--", "true")
    assert done.code == 3
    receipt = compiling("receipt", "show", "RCPT-2", "--json").json
    assert receipt["status"] == "fail"
    assert len(receipt["evidence"]["problems"]) == 2


@pytest.mark.parametrize(("stage", "code"), [("test", "stage_out_of_order"), ("nope", "invalid_stage")])
def test_what_would_be_refused_is_refused_before_the_command_runs(
    compiling: Tcps, stage: str, code: str
) -> None:
    done = compiling("run", "--sku", "SKU-1", "--stage", stage, "--json", "--", "touch", "ran")
    assert done.error["code"] == code
    assert not Path("ran").exists()


def test_inline_metrics_are_checked_before_the_command_runs(compiling: Tcps) -> None:
    assert compiling(*COMPILE, "--metrics", "{", "--", "touch", "ran").code == 2
    assert not Path("ran").exists()


def test_a_command_that_cannot_be_started_leaves_no_receipt(compiling: Tcps) -> None:
    done = compiling(*COMPILE, "--", "no-such-command")
    assert done.code == 2
    assert done.err.startswith("error: cannot run no-such-command: No such file or directory")
    assert compiling("receipt", "list", "--stage", "compile", "--json").json == []


def test_a_signal_is_passed_on_and_recorded(compiling: Tcps) -> None:
    script = "import signal,sys,time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
    script += "print('up', flush=True)\ntime.sleep(60)"
    runner = subprocess.Popen(
        [sys.executable, "-m", "tcps", *COMPILE, "--", sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert runner.stdout is not None
    assert runner.stdout.readline() == b"up\n"
    runner.send_signal(signal.SIGTERM)
    runner.communicate(timeout=30)
    assert runner.returncode == 9
    assert compiling("receipt", "show", "RCPT-2", "--json").json["evidence"]["exit_code"] == 9


def test_a_command_killed_by_a_signal_exits_with_128_and_its_number(compiling: Tcps) -> None:
    assert compiling(*COMPILE, "--", "sh", "-c", "kill -9 $$").code == 137


def test_a_child_that_holds_the_output_open_does_not_hold_the_line_up(compiling: Tcps) -> None:
    started = time.monotonic()
    assert compiling(*COMPILE, "--", "sh", "-c", "sleep 30 & echo done").code == 0
    assert time.monotonic() - started < 15
    os.system("pkill -f 'sleep 30' 2>/dev/null")


@pytest.mark.parametrize(
    "options",
    [
        ("--evidence", '{"gate": 1}'),
        ("--evidence", "{bad"),
        ("--metrics", '{"smoke_passed": true}'),
        ("--metrics", '{"a": "%s"}' % ("x" * 300_000)),
        ("--metrics", "[1]"),
    ],
)
def test_what_stands_on_the_command_line_is_judged_before_the_command_runs(
    compiling: Tcps, options: tuple[str, str]
) -> None:
    assert compiling(*COMPILE, *options, "--", "touch", "ran").code == 2
    assert not Path("ran").exists()


@pytest.mark.parametrize("report", ['{"smoke_passed": true}', '{"a": "%s"}' % ("x" * 300_000), "[1]", "{"])
def test_a_report_that_cannot_be_taken_makes_the_receipt_a_fail(compiling: Tcps, report: str) -> None:
    Path("m.json").write_text(report)
    assert compiling(*COMPILE, "--metrics", "@m.json", "--", "true").code == 3
    receipt = compiling("receipt", "show", "RCPT-2", "--json").json
    assert receipt["status"] == "fail"
    assert len(receipt["evidence"]["problems"]) == 1


def test_a_command_of_any_bytes_and_any_length_leaves_its_receipt(compiling: Tcps) -> None:
    assert compiling(*COMPILE, "--", "printf", "\udcff").code == 0
    assert compiling("receipt", "show", "RCPT-2", "--json").json["evidence"]["command"][1] == "\\udcff"
    many = ["true", *("x" * 50_000 for _ in range(20))]
    assert compiling("run", "--sku", "SKU-1", "--stage", "test", "--", *many).code == 3
    assert len(compiling("receipt", "show", "RCPT-3", "--json").json["evidence"]["command"]) < 5


def test_a_run_that_can_no_longer_be_recorded_says_so_and_keeps_the_commands_code(
    compiling: Tcps, tmp_path: Path
) -> None:
    cancel = f"cd {tmp_path} && {sys.executable} -m tcps work-order cancel WO-1 --reason r -q"
    done = compiling(*COMPILE, "--", "sh", "-c", f"{cancel}; exit 5")
    assert done.code == 5
    assert done.err.startswith("error: no receipt was written: ")


def test_an_output_that_cannot_be_written_does_not_stop_the_command(compiling: Tcps) -> None:
    command = [sys.executable, "-m", "tcps", *COMPILE, "--", "sh", "-c", "echo hi; sleep 0.3; touch ran"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, Path("ran").exists()) == (0, True)
    assert compiling("receipt", "show", "RCPT-2", "--json").json["evidence"]["stdout"]["size"] == 3


def test_an_older_receipt_file_is_never_taken_for_that_of_a_run(compiling: Tcps) -> None:
    Path("r.json").write_text("{}")
    assert compiling(*COMPILE, "--receipt-file", "r.json", "--", "no-such-command").code == 2
    assert not Path("r.json").exists()


def test_a_passing_run_says_why_the_sku_stays(compiling: Tcps) -> None:
    compiling(*COMPILE, "--", "false")
    assert "SKU-1 stays at compilation: ANDON-1 must be resolved" in compiling(*COMPILE, "--", "true").err


def test_artifacts_are_plain_files_read_in_blocks(compiling: Tcps) -> None:
    with open("big", "wb") as file:
        file.truncate(3_000_000)
    os.mkfifo("pipe")
    assert compiling(*COMPILE, "--artifact", "big", "--", "true").code == 0
    artifact = compiling("receipt", "show", "RCPT-2", "--json").json["artifacts"][0]
    assert (artifact["size"], artifact["sha256"]) == (3_000_000, sha256(bytes(3_000_000)).hexdigest())
    for path in ("pipe", "/dev/zero", "."):
        done = compiling("run", "--sku", "SKU-1", "--stage", "test", "--artifact", path, "--", "true")
        assert "problems" in compiling("receipt", "list", "--json").json[-1]["evidence"]
        assert done.code == 3


def test_a_command_full_of_control_characters_still_leaves_its_receipt(compiling: Tcps) -> None:
    assert compiling(*COMPILE, "--", "true", "\x01" * 60_000, "\x01" * 60_000).code == 0
    assert compiling("receipt", "show", "RCPT-2", "--json").json["status"] == "pass"
