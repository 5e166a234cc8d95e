"""`tcps batch`: commands as JSON lines (interface 3.21)."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tcps.cli.batch import CHANGES, LONGEST_LINE, LOOKS
from tcps.cli.calling import Callee, find
from tcps.files import Disk
from tcps.store import Store
from tests.cli import lined
from tests.cli.conftest import Tcps
from tests.cli.lined import Batch, Line, line
from tests.docs.reference import commands, root
from tests.store.faults import Watched

ORDER = line("work-order create", title="an order")


@pytest.fixture
def batch(tcps: Tcps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Batch:
    """A batch in this process, in a folder with a store."""
    return lined.batch(tcps, monkeypatch, tmp_path)


@pytest.fixture
def running(tcps: Tcps, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A batch that waits for lines, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "tcps", "batch"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


def ask(process: subprocess.Popen[bytes], text: str) -> Any:
    """Write to a batch, and wait for one answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text.encode())
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def ids(tcps: Tcps) -> list[str]:
    return [order["work_order_id"] for order in tcps("work-order", "list", "--all", "--json").json]


def test_each_line_is_answered_in_turn_and_sees_those_before(batch: Batch) -> None:
    done = batch(
        [
            ORDER,
            line("sku create", work_order="WO-1"),
            line("receipt add", sku="SKU-1", stage="compile", status="pass"),
            line("receipt add", sku="SKU-1", stage="shacl", status="fail"),
            line("andon list", severity=["critical"]),
        ]
    )
    order, sku, refused, receipt, andons = done.answers
    assert (order["ok"]["work_order_id"], sku["ok"]["sku_id"]) == ("WO-1", "SKU-1")
    assert (refused["error"]["code"], refused["line"]) == ("stage_out_of_order", 3)
    assert (receipt["ok"]["status"], receipt["exit_code"]) == ("fail", 3)
    assert [one["andon_id"] for one in andons["ok"]] == ["ANDON-1"]
    assert (done.code, done.err) == (3, "")


def test_it_exits_with_0_when_every_command_would(batch: Batch) -> None:
    assert batch([ORDER, line("work-order show", ID="WO-1")]).code == 0
    assert batch([]) == (0, [], "")


def test_it_exits_with_the_code_of_the_first_that_does_not(batch: Batch) -> None:
    done = batch([ORDER, line("work-order show", ID="WO-7"), line("work-order complete", ID="WO-1")])
    assert [one.get("error", {}).get("code") for one in done.answers] == [
        None,
        "not_found",
        "invalid_transition",
    ]
    assert done.code == 4


@pytest.mark.parametrize(
    ("bad", "code", "said"),
    [
        ("no json", "invalid_field", "line 2 is not valid JSON"),
        ('{"command": "stats"', "invalid_field", "line 2 is not valid JSON"),
        ('{"command": "stats", "command": "log"}', "invalid_field", "the key 'command' is given twice"),
        (
            '{"command": "stats", "options": ' + '{"a":' * 70 + "1" + "}" * 71,
            "invalid_field",
            "nested deeper",
        ),
        ('{"command": "stats", "options": ' + "[" * 100_000, "invalid_field", "nested deeper"),
        ('["stats"]', "usage", "line 2 is no JSON object"),
        ("null", "usage", "line 2 is no JSON object"),
        ("{}", "missing_required_field", "line 2 needs command"),
        ('{"command": 7}', "usage", "command of line 2 is not a text"),
        ('{"command": "stats", "options": []}', "usage", "options of line 2 is not an object"),
        ('{"command": "stats", "args": 1}', "usage", "line 2 has 'args'; it takes command, options"),
        ('{"command": ""}', "usage", "needs a command"),
        ('{"command": "work-order"}', "usage", "'work-order' needs a command: create, list"),
        ('{"command": "work-order crate"}', "usage", "did you mean create?"),
        ('{"command": "stats now"}', "usage", "there is no command 'stats now'"),
        (line("work-order create", titel="x"), "usage", "no option or argument 'titel'; did you mean title?"),
        (line("work-order create", title="x", store="y"), "usage", "no option or argument 'store'"),
        (line("work-order create", title=["x"]), "usage", "title takes a text, not an array"),
        (line("work-order create", title={"a": 1}), "usage", "title takes a text, not an object"),
        (line("work-order create", title=True), "usage", "title takes a text, not true or false"),
        (line("work-order create", title="x", label="y"), "usage", "label takes an array, not a text"),
        (line("work-order create", title="x", label=[None]), "usage", "label takes a text, not null"),
        (
            line("work-order create", title="x", dry_run=1),
            "usage",
            "dry_run takes true or false, not a number",
        ),
        (line("work-order list", limit=1.5), "usage", "limit takes a whole number, not a number"),
        (line("work-order list", limit="1"), "usage", "limit takes a whole number, not a text"),
        (line("work-order show", ID="WO-1", id="WO-2"), "usage", "two values for id"),
        (line("work-order show"), "usage", "missing argument 'ID'"),
        (
            line("receipt add", sku="a", stage="b", status="c", metrics=True),
            "usage",
            "metrics takes a JSON value",
        ),
        (
            line("work-order create", title="x", description="-"),
            "usage",
            "standard input is read for something",
        ),
        ({"command": "work-order create", "options": {"from": "-"}}, "usage", "standard input is read for"),
        (line("ontology compare", FILE="-", **{"as": "turtle"}), "usage", "standard input is read for"),
        (line("verify-proof", FILE="-"), "usage", "standard input is read for something else"),
        (line("log", follow=True), "usage", "log cannot follow in a batch"),
        (
            {"command": "stats", "idempotency_key": "k"},
            "usage",
            "stats has no option or argument 'idempotency_key'",
        ),
        (line("run", sku="a"), "usage", "run cannot be part of a batch"),
        ({"command": "batch"}, "usage", "batch cannot be part of a batch"),
        ({"command": "restore"}, "usage", "restore cannot be part of a batch"),
        ({"command": " init "}, "usage", "init cannot be part of a batch"),
    ],
)
def test_a_bad_line_is_answered_with_its_number_and_the_batch_goes_on(
    batch: Batch, bad: Line | str, code: str, said: str
) -> None:
    done = batch([ORDER, bad, ORDER])
    first, error, last = done.answers
    assert (error["line"], error["error"]["code"], done.code) == (2, code, 2)
    assert said in error["error"]["message"]
    assert [one["ok"]["work_order_id"] for one in (first, last)] == ["WO-1", "WO-2"]


def test_a_line_that_is_too_long_is_passed_over(batch: Batch) -> None:
    done = batch([ORDER, f'"{"x" * LONGEST_LINE}"', ORDER])
    assert [list(one) for one in done.answers] == [["ok"], ["error", "line"], ["ok"]]
    assert done.answers[1]["error"]["code"] == "too_large"
    assert batch([" " * (LONGEST_LINE + 1)]).answers[0]["line"] == 1


def test_blank_lines_count_and_are_not_answered(batch: Batch) -> None:
    done = batch(["", ORDER, "  \r", "nonsense"])
    assert [list(one) for one in done.answers] == [["ok"], ["error", "line"]]
    assert done.answers[1]["line"] == 4


def test_the_last_line_needs_no_newline_and_a_line_may_end_as_on_windows(tcps: Tcps, tmp_path: Path) -> None:
    text = lined.text([ORDER]).strip() + "\r\n" + lined.text([ORDER]).strip()
    done = subprocess.run(
        [sys.executable, "-m", "tcps", "batch"], input=text.encode(), capture_output=True, check=True
    )
    assert len(done.stdout.splitlines()) == 2
    assert ids(tcps) == ["WO-1", "WO-2"]


def test_values_are_what_the_command_line_means(batch: Batch) -> None:
    update = line("work-order update", id="WO-1", priority=9, description="@@home", due_on=None)
    order = batch([ORDER, update]).answers[1]["ok"]
    assert (order["priority"], order["description"]) == (9, "@home")
    limit = batch([line("kanban set-limit", bucket="cost", unlimited="unlimited")]).answers[0]["ok"]
    assert limit["limit"] is None


def test_a_note_is_part_of_the_answer(batch: Batch) -> None:
    demand = line("work-order create", title="once", source="urn:x")
    done = batch([demand, demand])
    assert done.answers[1]["notes"] == ["note: there already, nothing changed: WO-1"]
    assert (done.code, done.err) == (0, "")


def test_every_parameter_of_every_command_has_a_name_of_its_own() -> None:
    top = root()
    ctx = top.make_context("tcps", [], resilient_parsing=True)
    for path, command, _ in commands():
        callee: Callee = find(ctx, path.removeprefix("tcps "))
        own = [param for param in command.get_params(ctx) if param.expose_value]
        assert len({id(param) for param in callee.named.values()}) == len(own), path


def test_the_commands_that_share_a_transaction_exist() -> None:
    assert {path.removeprefix("tcps ") for path, _, _ in commands()} >= LOOKS | CHANGES


def test_a_second_run_with_the_same_keys_makes_nothing(batch: Batch, tcps: Tcps) -> None:
    lines = [{**ORDER, "idempotency_key": "a"}, line("work-order create", title="b", idempotency_key="b")]
    first = [one["ok"]["outcome"] for one in batch([*lines, lines[0]]).answers]
    second = [one["ok"] for one in batch(lines).answers]
    assert first == ["created", "created", "duplicate"]
    assert [(one["work_order_id"], one["outcome"]) for one in second] == [
        ("WO-1", "duplicate"),
        ("WO-2", "duplicate"),
    ]
    assert ids(tcps) == ["WO-1", "WO-2"]


@pytest.mark.parametrize("options", [(), ("--atomic",)])
def test_a_dry_run_among_others_leaves_nothing(batch: Batch, tcps: Tcps, options: tuple[str, ...]) -> None:
    tried = line("work-order create", title="tried", dry_run=True)
    cancelled = line("work-order cancel", ID="WO-1", reason="no", dry_run=True)
    sweep = line("andon sweep", dry_run=True)
    done = batch([ORDER, tried, cancelled, sweep, ORDER, tried], *options)
    assert [one["ok"]["work_order_id"] for one in (done.answers[1], done.answers[4])] == ["WO-2", "WO-2"]
    assert done.answers[2]["ok"]["status"] == "cancelled"
    orders = tcps("work-order", "list", "--json").json
    assert [(one["work_order_id"], one["status"]) for one in orders] == [
        ("WO-1", "queued"),
        ("WO-2", "queued"),
    ]
    assert tcps("verify").code == 0


# One transaction


def test_an_atomic_batch_is_one_entry_of_the_ledger(batch: Batch, tcps: Tcps) -> None:
    metrics = {"shacl_conforms": True, "shacl_violations": 0}
    done = batch(
        [
            ORDER,
            line("sku create", work_order="WO-1"),
            line("receipt add", sku="SKU-1", stage="shacl", status="pass", metrics=metrics),
            line("sku advance", SKU="SKU-1"),
            line("receipt add", sku="SKU-1", stage="compile", status="fail"),
            line("work-order show", ID="WO-1"),
        ],
        "--atomic",
    )
    assert [one.get("exit_code", 0) for one in done.answers] == [0, 0, 0, 0, 3, 0]
    assert len(done.answers[-1]["ok"]["receipts"]) == 2
    (entry,) = tcps("log", "--json").json
    assert entry["action"] == "batch"
    assert tcps("verify-chain", "--all").code == 0
    assert tcps("verify").code == 0


def test_an_error_undoes_all_of_an_atomic_batch_and_every_line_is_told(batch: Batch, tcps: Tcps) -> None:
    done = batch([ORDER, "", line("work-order show", ID="WO-9"), ORDER], "--atomic")
    assert [(one["line"], one["error"]["code"]) for one in done.answers] == [
        (1, "batch_undone"),
        (3, "not_found"),
        (4, "batch_undone"),
    ]
    assert done.answers[0]["error"]["message"] == "nothing was done: line 3 failed"
    assert done.code == 4
    assert (tcps("log", "--json").json, ids(tcps)) == ([], [])


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("nonsense", "not valid JSON"),
        (line("verify"), "verify cannot be part of an atomic batch"),
        (line("backup create"), "backup create cannot be part of an atomic batch"),
        ({**ORDER, "idempotency_key": "k"}, "an idempotency key names a transaction"),
    ],
)
def test_what_cannot_be_in_one_transaction_undoes_it(
    batch: Batch, tcps: Tcps, bad: Line | str, said: str
) -> None:
    done = batch([ORDER, bad], "--atomic")
    assert said in done.answers[1]["error"]["message"]
    assert (done.code, ids(tcps)) == (2, [])


def test_an_atomic_batch_that_gets_no_lock_is_told_so_on_each_line(
    batch: Batch, tcps: Tcps, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(".", actor="bob") as other, other.batch():
        done = batch([ORDER, ORDER], "--atomic", "--wait", "0")
    assert [one["error"]["code"] for one in done.answers] == ["lock_timeout"] * 2
    assert (done.code, ids(tcps)) == (11, [])


# Locks and syncs


class _Counting(Watched):
    """Counts the syncs of the ledger."""

    def __init__(self) -> None:
        self.syncs = 0

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.syncs += name == "datasync"
        return call(*arguments)


def test_lines_that_wait_share_one_sync(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def syncs(lines: list[Line]) -> int:
        counting = _Counting()
        with monkeypatch.context() as inside:
            inside.setattr(Disk, "system", counting)
            assert batch(lines).code == 0
        return counting.syncs

    batch([ORDER])
    assert syncs([ORDER] * 50) == syncs([ORDER])
    assert syncs([ORDER, line("stats"), ORDER]) == 2 * syncs([ORDER])


def test_who_only_looks_waits_for_no_writer(batch: Batch, tcps: Tcps) -> None:
    batch([ORDER, line("sku create", work_order="WO-1")])
    with Store.open(".", actor="bob") as other, other.batch():
        looks = [line(f"{group} list") for group in ("work-order", "sku", "andon", "receipt", "root-cause")]
        looks += [line("work-order show", ID="WO-1"), line("sku ready", SKU="SKU-1"), line("kanban status")]
        done = batch([*looks, ORDER, *looks], "--wait", "0")
    assert [one["line"] for one in done.answers if "error" in one] == [len(looks) + 1]
    assert done.answers[len(looks)]["error"]["code"] == "lock_timeout"


# The command itself


def test_quiet_tells_what_went_wrong_alone(batch: Batch) -> None:
    done = batch([ORDER, "nonsense", line("andon check"), ORDER], "-q")
    assert [one["line"] for one in done.answers] == [2]


def test_a_batch_is_told_who_acts_once(batch: Batch, tcps: Tcps) -> None:
    batch([ORDER], "--actor", "robot")
    assert tcps("log", "--json").json[0]["actor"] == "robot"


def test_without_a_store_nothing_is_read(bare: Tcps) -> None:
    done = bare("batch", "--json")
    assert (done.code, done.out, done.error["code"]) == (10, "", "no_store")


def test_a_batch_answers_in_json_lines_alone(batch: Batch) -> None:
    assert batch([ORDER], "-o", "jsonl").code == 0
    assert batch([ORDER], "-o", "csv").code == 2


# Processes


def test_a_line_alone_is_answered_at_once(running: subprocess.Popen[bytes]) -> None:
    one = lined.text([ORDER])
    assert ask(running, one)["ok"]["work_order_id"] == "WO-1"
    assert ask(running, one + one[:9])["ok"]["work_order_id"] == "WO-2"
    assert ask(running, one[9:])["ok"]["work_order_id"] == "WO-3"
    assert ask(running, "nonsense\n")["line"] == 4
    out, err = running.communicate()
    assert (running.returncode, out, err) == (2, b"", b"")


def test_many_notes_that_nobody_reads_hold_no_answer_back(running: subprocess.Popen[bytes]) -> None:
    demand = lined.text([line("work-order create", title="once", source="urn:x")])
    ask(running, demand)
    for _ in range(1500):  # more than a pipe can hold
        assert ask(running, demand)["ok"]["outcome"] == "duplicate"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_was_answered_is_there_however_the_batch_ends(
    running: subprocess.Popen[bytes], tcps: Tcps, number: signal.Signals
) -> None:
    assert running.stdin is not None
    assert running.stdout is not None
    os.set_blocking(running.stdin.fileno(), False)
    text = lined.text([ORDER] * 20_000).encode()
    taken = os.write(running.stdin.fileno(), text)
    answers = [running.stdout.readline() for _ in range(100)]
    running.send_signal(number)
    answers += running.stdout.readlines()
    assert running.wait() == (-number if number is signal.SIGKILL else 128 + number)
    told = [json.loads(one)["ok"]["work_order_id"] for one in answers if one.endswith(b"\n")]
    there = ids(tcps)
    assert told == [f"WO-{n}" for n in range(1, len(told) + 1)]
    assert set(told) <= set(there)
    assert 100 <= len(told) <= len(there) <= taken
    assert tcps("verify").code == 0


def test_a_reader_that_has_gone_ends_the_batch(tcps: Tcps) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tcps", "batch"],
        input=lined.text([ORDER]).encode(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
    assert tcps("verify").code == 0


def test_answers_that_cannot_be_written_end_the_batch(tcps: Tcps) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tcps", "batch"],
            input=lined.text([ORDER, line("stats"), ORDER]).encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the output: No space left on device; what was done is done\n"
    assert ids(tcps) == ["WO-1"]
