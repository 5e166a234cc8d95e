"""Bad input: one clear line, the right exit code, an unchanged store (interface 2)."""

from pathlib import Path

import pytest

from tests.cli.conftest import Tcps, process

DEEP = "[" * 10_000 + "]" * 10_000
CREATE = ("work-order", "create", "--title", "x")
TRIGGER = ("andon", "trigger", "--type", "test_failure", "--sku", "S")
SHACL = ("receipt", "add", "--sku", "SKU-1", "--stage", "shacl", "--status", "pass")

BAD_ARGUMENTS = {
    "an unknown bucket": ((*CREATE, "--bucket", "nope"), 2, "invalid_bucket"),
    "an unknown stage": ((*SHACL[:5], "nope", *SHACL[6:]), 2, "invalid_stage"),
    "an unknown status": (("work-order", "list", "--status", "nope"), 2, "invalid_status"),
    "an unknown severity": ((*TRIGGER, "--severity", "x"), 2, "invalid_severity"),
    "an unknown failure type": (("andon", "trigger", "--type", "x", "--sku", "S"), 2, "invalid_failure_type"),
    "priority 0": ((*CREATE, "--priority", "0"), 2, "invalid_priority"),
    "priority 11": ((*CREATE, "--priority", "11"), 2, "invalid_priority"),
    "priority 1.5": ((*CREATE, "--priority", "1.5"), 2, "invalid_priority"),
    "an id with a slash": (("sku", "create", "a/b", "--work-order", "WO-1"), 2, "invalid_id"),
    "an id that climbs": (("sku", "create", "..", "--work-order", "WO-1"), 2, "invalid_id"),
    "an id with a newline": (("sku", "create", "a\nb", "--work-order", "WO-1"), 2, "invalid_id"),
    "an id with a NUL": (("sku", "create", "a\0b", "--work-order", "WO-1"), 2, "invalid_id"),
    "an id that is a lone surrogate": (("sku", "create", "a\udcff", "--work-order", "WO-1"), 2, "invalid_id"),
    "an id of 300 characters": (("sku", "create", "a" * 300, "--work-order", "WO-1"), 2, "invalid_id"),
    "an id differing only in case": (("sku", "create", "sku-1", "--work-order", "WO-1"), 5, "duplicate_id"),
    "an id of the store's form": (("sku", "create", "SKU-2", "--work-order", "WO-1"), 2, "reserved_id"),
    "a path instead of an id": (("work-order", "show", "../../etc/passwd"), 2, "invalid_id"),
    "a blank title": (("work-order", "create", "--title", "  "), 2, "missing_required_field"),
    "a title over its limit": (("work-order", "create", "--title", "x" * 257), 2, "too_large"),
    "a control character": (("work-order", "create", "--title", "a\x1b[31mb"), 2, "invalid_field"),
    "text of 10 MB": ((*CREATE, "--description", "@big.txt"), 2, "too_large"),
    "text that is not UTF-8": ((*CREATE, "--description", "@bad.bin"), 2, "invalid_field"),
    "a file that is not there": ((*CREATE, "--description", "@none"), 1, "storage_error"),
    "a signal that is cut off": (("work-order", "create", "--from", "cut.json"), 2, "invalid_field"),
    "a signal with a key twice": (("work-order", "create", "--from", "twice.json"), 2, "invalid_field"),
    "a signal with NaN": (("work-order", "create", "--from", "nan.json"), 2, "invalid_field"),
    "a signal of 10,000 levels": (("work-order", "create", "--from", "deep.json"), 2, "invalid_field"),
    "metrics of 10,000 levels": ((*SHACL, "--metrics", "@deep.json"), 2, "invalid_field"),
    "metrics that are a list": ((*SHACL, "--metrics", "[1]"), 2, "invalid_field"),
    "metrics over their limit": ((*SHACL, "--metrics", "@wide.json"), 2, "too_large"),
    "a metric of the system": ((*SHACL, "--metrics", '{"chain_intact": true}'), 2, "invalid_field"),
    "evidence of the system": ((*SHACL, "--evidence", '{"gate": 1}'), 2, "invalid_field"),
    "an artifact that is not there": ((*SHACL, "--artifact", "none"), 1, "storage_error"),
    "a negative duration": ((*SHACL, "--duration-ms", "-1"), 2, "usage"),
    "a receipt at another stage": (
        ("receipt", "add", "--sku", "SKU-1", "--stage", "test", "--status", "pass"), 3, "stage_out_of_order",
    ),
    "an unknown record": (("work-order", "show", "WO-77"), 4, "not_found"),
    "a kind that is none": (("log", "--kind", "nope"), 2, "invalid_field"),
    "a sort that is none": (("work-order", "list", "--sort", "nope"), 2, "invalid_field"),
    "a wait that is none": (("stats", "--wait", "-1"), 2, "invalid_field"),
    "an option that is none": (("stats", "--nope"), 2, "usage"),
    "a missing option": (("andon", "trigger", "--type", "test_failure"), 2, "usage"),
    "a naive time": ((*CREATE, "--due-on", "2026-01-01T00:00:00"), 2, "invalid_timestamp"),
}  # fmt: skip


@pytest.fixture
def inputs(on_the_line: Tcps) -> Tcps:
    """Files of nonsense."""
    Path("big.txt").write_text("x" * 10_000_000)
    Path("bad.bin").write_bytes(b"\xff\xfe\x00")
    Path("cut.json").write_text('{"type": "internal_request", "title":')
    Path("twice.json").write_text('{"type": "internal_request", "title": "a", "title": "b"}')
    Path("nan.json").write_text('{"type": "internal_request", "title": "a", "priority": NaN}')
    Path("deep.json").write_text(DEEP)
    Path("wide.json").write_text('{"a": "%s"}' % ("x" * 300_000))
    return on_the_line


@pytest.mark.parametrize(("arguments", "code", "word"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_it_is_refused_in_one_line_and_changes_nothing(
    inputs: Tcps, tmp_path: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    def state() -> dict[str, bytes]:
        parts = (tmp_path / ".tcps/ledger", tmp_path / ".tcps/records")
        return {str(p): p.read_bytes() for part in parts for p in part.rglob("*") if p.is_file()}

    before = state()
    done = inputs(*arguments)
    assert (done.code, done.out) == (code, "")
    lines = done.err.splitlines()
    assert lines[0].startswith("error: ")
    assert [line[:6] for line in lines[1:]] in ([], ["hint: "])
    assert len(lines[0]) < 300
    assert "Traceback" not in done.err
    in_json = inputs(*arguments, "--json")
    assert (in_json.code, in_json.out, in_json.error["code"]) == (code, "", word)
    assert state() == before


def test_a_metric_that_is_too_precise_for_json_is_refused(on_the_line: Tcps) -> None:
    done = on_the_line(*SHACL, "--metrics", '{"n": 123456789012345678901234567890}')
    assert done.code == 2
    assert "does not fit 64 bits" in done.err


def test_an_unforeseen_error_prints_one_line_and_names_where_the_details_are(
    tcps: Tcps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tcps.service.oversight.stats", lambda store: 1 / 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = tcps("stats")
    assert done.code == 1
    first, hint = done.err.splitlines()
    assert first == "error: unforeseen ZeroDivisionError: division by zero"
    details = Path(hint.split("details are in ")[1]).read_text()
    assert "Traceback" in details
    monkeypatch.setenv("TCPS_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        tcps("stats")


def test_an_interrupt_ends_with_130(tmp_path: Path, tcps: Tcps) -> None:
    import signal
    import subprocess
    import sys

    follower = subprocess.Popen(
        [sys.executable, "-m", "tcps", "log", "--follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    tcps("work-order", "create", "--title", "x")
    assert follower.stdout is not None
    assert follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate(timeout=20)
    assert (follower.returncode, out, err) == (130, b"", b"")


def test_nothing_is_read_from_a_terminal_that_is_not_asked(tmp_path: Path) -> None:
    assert process(tmp_path, "init", stdin="ignored").code == 0
