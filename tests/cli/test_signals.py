"""`tcps work-order create --from` (interface 3 and 4): sources, outcomes, formats, exit codes, progress."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tcps, process
from tests.signals.payloads import Json, cve5, issue, osv, plain, real_ones

CREATE = ("work-order", "create", "--from")


def saved(*payloads: Any, name: str = "signals") -> str:
    """A file of JSON lines; a text is written as it is."""
    texts = (payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads)
    Path(name).write_text("\n".join(texts))
    return name


@pytest.mark.parametrize("payload", real_ones(), ids=lambda payload: next(iter(payload)))
def test_a_signal_of_any_source_makes_an_order(tcps: Tcps, payload: Json) -> None:
    made = tcps(*CREATE, saved(payload), "--json")
    assert made.code == 0
    assert (made.json["outcome"], made.json["work_order_id"]) == ("created", "WO-1")
    again = tcps(*CREATE, "signals", "--json")
    if made.json["pull_signal"]["source"] is not None:
        assert (again.json["outcome"], again.json["work_order_id"]) == ("duplicate", "WO-1")


def test_what_asks_for_nothing_is_done_and_says_so(tcps: Tcps) -> None:
    done = tcps(*CREATE, saved(issue("closed")))
    assert (done.code, done.err) == (0, "")
    assert done.out == "the pull signal is ignored: the action closed of an issue asks for nothing\n"
    assert tcps(*CREATE, "signals", "--json").json["outcome"] == "ignored"
    assert tcps(*CREATE, "signals", "-q")[:3] == (0, "", "")


def test_a_withdrawn_advisory_is_refused_with_3(tcps: Tcps) -> None:
    done = tcps(*CREATE, saved(osv(withdrawn="2026-01-01T00:00:00Z")), "--json")
    assert (done.code, done.out, done.error["code"]) == (3, "", "advisory_withdrawn")


def test_a_critical_advisory_says_which_andon_it_raised(tcps: Tcps) -> None:
    done = tcps(*CREATE, saved(cve5(metrics=[])))
    assert done.out.endswith("; ANDON-1 stops the line for it\n")
    assert tcps("andon", "check", "CVE-2026-1234").code == 3


def test_each_of_several_has_a_line_and_then_they_are_counted(tcps: Tcps) -> None:
    done = tcps(*CREATE, saved(issue(), issue(), issue("closed"), plain(title="a\nb")))
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines()] == [
        "WO-1 created",
        "WO-1 is there already",
        "line 3 is ignored",
        "WO-2 created",
    ]
    assert done.err == "4 signals: 2 created, 1 duplicate, 1 ignored\n"
    assert tcps(*CREATE, "signals", "-q")[:3] == (0, "", "")


def test_wrong_ones_are_left_out_on_request_and_listed(tcps: Tcps) -> None:
    name = saved(plain(), '{"type": ', {"type": "e-mail", "source": "x"}, plain())
    refused = tcps(*CREATE, name, "--json")
    assert (refused.code, refused.out, refused.error["details"]["place"]) == (2, "", "line 2")
    assert refused.error["hint"].startswith("--skip-invalid takes the others")
    done = tcps(*CREATE, name, "--skip-invalid")
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    first, second, counts = done.err.splitlines()
    assert first.startswith("left out: line 2 is not valid JSON")
    assert second == "left out: line 3: 'e-mail' is not a pull signal type"
    assert counts == "4 signals: 2 created, 2 invalid"


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "md"])
def test_every_format_has_a_row_for_every_signal(tcps: Tcps, form: str) -> None:
    name = saved(issue("closed"), issue(), issue(), {"type": "e-mail"})
    done = tcps(*CREATE, name, "--skip-invalid", "-o", form)
    assert (done.code, done.err) == (0, "")
    if form == "json":
        rows = done.json
    elif form == "jsonl":
        rows = [json.loads(line) for line in done.out.splitlines()]
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.out)))
    else:
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.out.splitlines()]
        rows = [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]
        assert [row["id"] for row in rows] == ["", "WO-1", "WO-1", ""]
    assert [row["outcome"] for row in rows] == ["ignored", "created", "duplicate", "invalid"]
    assert [row["place"] for row in rows] == ["line 1", "line 2", "line 3", "line 4"]
    if form == "json":
        assert rows[0]["reason"] == "the action closed of an issue asks for nothing"
        assert rows[3]["error"]["code"] == "invalid_signal"


def test_an_array_from_standard_input_names_the_item_that_is_wrong(tcps: Tcps, tmp_path: Path) -> None:
    done = process(tmp_path, *CREATE, "-", stdin=json.dumps([plain(), {"type": "e-mail"}]))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: signal 2: 'e-mail'")


def test_ten_thousand_signals_are_one_entry_of_the_ledger(tcps: Tcps) -> None:
    name = saved(*(plain(source=f"s{n}") for n in range(10_000)))
    done = tcps(*CREATE, name, "-o", "jsonl")
    assert done.out.count('"outcome":"created"') == 10_000
    entries = tcps("log", "-o", "jsonl").out.splitlines()
    assert [len(json.loads(entry)["changes"]) for entry in entries] == [10_000]


def test_chunks_print_what_was_taken_before_an_error(tcps: Tcps) -> None:
    good = [plain(source=f"s{n}") for n in range(4)]
    done = tcps(*CREATE, saved(*good, {"type": "e-mail"}), "--chunk", "2", "-o", "jsonl")
    assert (done.code, len(done.out.splitlines())) == (2, 4)
    assert done.error["details"]["taken"] == 4
    assert "4 before were taken" in done.error["hint"]
    assert len(tcps("work-order", "list", "--json").json) == 4


def test_a_dry_run_says_what_would_be_and_changes_nothing(tcps: Tcps) -> None:
    done = tcps(*CREATE, saved(issue(), issue()), "--dry-run", "--chunk", "1")
    assert done.code == 0
    assert done.out.splitlines()[1].startswith("WO-1 is there already")
    assert done.err.splitlines()[-1] == "dry run: nothing was changed"
    assert tcps("log", "--json").json == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--title", "x", "--chunk", "2"),
        ("--title", "x", "--skip-invalid"),
        ("--from", "signals", "--chunk", "0"),
        ("--from", "signals", "--chunk", "2", "--idempotency-key", "k"),
        ("--from", "signals", "--sku", "a"),
        ("--from", "-", "--description", "-"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(tcps: Tcps, tmp_path: Path, arguments: Any) -> None:
    saved(plain())
    done = process(tmp_path, "work-order", "create", *arguments, "--json")
    assert (done.code, done.out, done.error["code"]) == (2, "", "usage")


def test_a_folder_and_a_missing_file_are_named(tcps: Tcps, tmp_path: Path) -> None:
    for name in (".", "none"):
        done = tcps(*CREATE, name)
        assert (done.code, done.err.splitlines()[0].startswith("error: cannot read --from")) == (1, True)


def seen_on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a command writes to stderr, which is a terminal here; its stdout is a file."""
    control, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "TCPS_ACTOR": "alice"}
    command = subprocess.Popen(
        [sys.executable, "-m", "tcps", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:  # how Linux says that the other side was closed
            piece = b""
        if not piece:
            break
        seen += piece
    os.close(control)
    assert command.wait() == 0
    return seen.decode()


def test_progress_shows_on_a_terminal_only(tcps: Tcps, tmp_path: Path) -> None:
    name = saved(*(plain(source=f"s{n}") for n in range(3000)))
    assert " taken" in seen_on_a_terminal(tmp_path, *CREATE, name, "-o", "jsonl")
    assert seen_on_a_terminal(tmp_path, *CREATE, name, "-o", "jsonl", "-q") == ""
    assert process(tmp_path, *CREATE, name, "-o", "jsonl").err == ""
