"""Formats, streams, quiet, colour and the terminal (interface 2)."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps, process

LONG = "A title that is a good deal longer than any terminal is wide " * 4


@pytest.fixture
def two(tcps: Tcps) -> Tcps:
    """A store with two orders, one of them with a long title."""
    tcps("work-order", "create", "--title", LONG, "--bucket", "security")
    tcps("work-order", "create", "--title", 'a | b, "c"', "--label", "x", "--label", "y")
    return tcps


def test_text_that_is_not_for_a_terminal_is_never_cut(two: Tcps) -> None:
    out = two("work-order", "list").out
    assert LONG.strip() in out
    assert "…" not in out


def test_json_is_one_document(two: Tcps) -> None:
    orders = two("work-order", "list", "--json").json
    assert [order["work_order_id"] for order in orders] == ["WO-1", "WO-2"]
    assert orders[1]["labels"] == ["x", "y"]
    assert two("work-order", "show", "WO-2", "-o", "json").json["title"] == 'a | b, "c"'


def test_jsonl_is_a_record_a_line(two: Tcps) -> None:
    lines = two("work-order", "list", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["work_order_id"] for line in lines] == ["WO-1", "WO-2"]


def test_csv_can_be_read_back(two: Tcps) -> None:
    rows = list(csv.DictReader(io.StringIO(two("work-order", "list", "-o", "csv").out)))
    assert [row["work_order_id"] for row in rows] == ["WO-1", "WO-2"]
    assert rows[1]["labels"] == "x, y"
    assert rows[1]["title"] == 'a | b, "c"'


def test_markdown_escapes_what_would_break_a_table(two: Tcps) -> None:
    lines = two("work-order", "list", "-o", "md").out.splitlines()
    assert lines[1].startswith("| --- |")
    assert 'a \\| b, "c"' in lines[3]


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "md"])
def test_every_format_works_before_and_after_the_command(two: Tcps, form: str) -> None:
    after = two("policy", "show", "--format", form)
    assert after.code == 0
    assert two("-o", form, "policy", "show").out == after.out
    assert two("policy", "-o", form, "show").out == after.out


def test_an_unknown_format_is_a_usage_error(two: Tcps) -> None:
    done = two("work-order", "list", "-o", "yaml")
    assert done.code == 2
    assert "text, json, jsonl, csv, md" in done.err


def test_quiet_prints_nothing_on_success_and_errors_all_the_same(two: Tcps) -> None:
    assert two("work-order", "create", "--title", "x", "-q") == (0, "", "")
    assert two("-q", "work-order", "list") == (0, "", "")
    failed = two("work-order", "show", "WO-9", "--quiet")
    assert (failed.code, failed.out) == (4, "")
    assert failed.err.startswith("error: ")


def test_empty_lists_say_so_in_text_and_are_empty_in_json(tcps: Tcps) -> None:
    assert tcps("work-order", "list").out == "no work orders\n"
    assert tcps("work-order", "list", "--json").json == []
    assert tcps("andon", "list").out == "no Andons: the line runs\n"
    assert tcps("receipt", "list").out == "no receipts\n"
    assert tcps("sku", "list").out == "no SKUs\n"


def on_a_terminal(folder: Path, *arguments: str, width: int = 80, **env: str) -> str:
    """What tcps writes to a terminal of this width."""
    main, child = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "tcps", *arguments],
        cwd=folder,
        stdout=child,
        stderr=child,
        env={**os.environ, "COLUMNS": str(width), "TERM": "xterm-256color", **env},
        check=True,
    )
    os.close(child)
    shown = b""
    try:
        while block := os.read(main, 65_536):
            shown += block
    except OSError:  # the terminal's other end is closed
        pass
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_of_80_columns_gets_a_table_that_fits_and_loses_nothing(two: Tcps, tmp_path: Path) -> None:
    shown = on_a_terminal(tmp_path, "work-order", "list", NO_COLOR="1")
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for word in set(LONG.split()):
        assert word[:4] in shown


def test_colours_are_off_with_no_color_and_without_a_terminal(two: Tcps, tmp_path: Path) -> None:
    assert "\x1b[1m" in on_a_terminal(tmp_path, "work-order", "list")
    assert "\x1b[" not in on_a_terminal(tmp_path, "work-order", "list", "--no-color")
    assert "\x1b[" not in on_a_terminal(tmp_path, "work-order", "list", NO_COLOR="1")
    assert "\x1b[" not in two("work-order", "list").out


def test_a_reader_that_goes_away_is_no_error_of_ours(two: Tcps, tmp_path: Path) -> None:
    for _ in range(3):
        two("work-order", "create", "--title", "x", "--description", "y" * 60_000)
    command = (
        f"{sys.executable} -m tcps work-order list --json | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout in ("141\n", "0\n")
    assert done.stderr == ""


def test_version_and_help(bare: Tcps, tmp_path: Path) -> None:
    assert bare("--version").out.startswith("tcps 0.")
    assert process(tmp_path, "--version").out == bare("--version").out
    helped = bare("--help")
    assert helped.code == 0
    for name in ("work-order", "andon", "sku", "receipt", "run", "verify-chain", "kanban", "policy", "log"):
        assert name in helped.out


def test_no_arguments_say_what_it_is_and_what_to_do_next(bare: Tcps) -> None:
    first = bare()
    assert first.code == 0
    assert "production control for software" in first.out
    assert "tcps init" in first.out
    bare("init")
    assert "The store of this folder" in bare().out


def test_what_is_inside_of_a_record_is_shown_line_by_line_and_not_as_json(on_the_line: Tcps) -> None:
    on_the_line("receipt", "add", "--sku", "SKU-1", "--stage", "shacl", "--status", "pass", "--metrics", "{}")
    shown = on_the_line("andon", "show", "ANDON-1").out
    assert "{" not in shown
    assert "gate        shacl_validation\n                    receipt_id  RCPT-1\n" in shown
    receipt = on_the_line("receipt", "show", "RCPT-1").out
    assert "violations  - " in receipt
    assert "metric shacl_conforms" in receipt


def test_a_measured_fraction_is_shown_to_six_digits(on_the_line: Tcps) -> None:
    for stage in ("shacl", "compile"):
        on_the_line("run", "--sku", "SKU-1", "--stage", stage, "-q", "--", "true")
    metrics = '{"tests_total": 3, "tests_passed": 2, "tests_failed": 1, "line_coverage": 1.0}'
    done = on_the_line(
        "receipt", "add", "--sku", "SKU-1", "--stage", "test", "--status", "pass", "--metrics", metrics
    )
    assert "test_pass_rate: wanted >= 0.95, got 0.666667 (threshold)" in done.out
    assert "test_pass_rate is 0.666667, wanted >= 0.95" in on_the_line("log", "--id", "RCPT-3").out
