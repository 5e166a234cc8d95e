"""Several commands at the same moment (domain 16)."""

import json
import subprocess
import sys
from collections import Counter

from tests.cli.conftest import Tcps

GOOD = '{"shacl_conforms": true, "shacl_violations": 0}'


def together(count: int, *arguments: str) -> list[str]:
    """Run the same command so many times at once; gives `done`, or the code of each error."""
    command = [sys.executable, "-m", "tcps", *arguments, "--json"]
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    ended = [(process.communicate()[1], process.returncode) for process in running]
    return ["done" if code == 0 else json.loads(err)["error"]["code"] for err, code in ended]


def test_of_five_resolves_exactly_one_wins(on_the_line: Tcps) -> None:
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    texts = ("--root-cause", "a", "--fix", "b", "--prevention", "c")
    outcomes = Counter(together(5, "andon", "resolve", "ANDON-1", *texts))
    assert outcomes == {"done": 1, "already_resolved": 4}


def test_of_ten_advances_exactly_one_moves_the_sku(on_the_line: Tcps) -> None:
    on_the_line(
        *("receipt", "add", "--sku", "SKU-1", "--stage", "shacl", "--status", "pass"), "--metrics", GOOD
    )
    outcomes = Counter(together(10, "sku", "advance", "SKU-1"))
    assert outcomes == {"done": 1, "receipt_missing": 9}
    assert on_the_line("sku", "show", "SKU-1", "--json").json["current_stage"] == "compilation"


def test_ten_receipts_at_once_are_one_chain(on_the_line: Tcps) -> None:
    add = ("receipt", "add", "--sku", "SKU-1", "--stage", "shacl", "--status", "pass", "--metrics", GOOD)
    assert together(10, *add) == ["done"] * 10
    receipts = on_the_line("receipt", "list", "--sku", "SKU-1", "--json").json
    assert [receipt["sequence"] for receipt in receipts] == list(range(1, 11))
    assert on_the_line("verify-chain", "SKU-1").code == 0


def test_of_two_orders_made_dependent_on_each_other_one_waits(tcps: Tcps) -> None:
    for title in "ab":
        tcps("work-order", "create", "--title", title)
    commands = [
        [sys.executable, "-m", "tcps", "work-order", "depend", one, "--on", other]
        for one, other in (("WO-1", "WO-2"), ("WO-2", "WO-1"))
    ]
    quiet = subprocess.DEVNULL
    running = [subprocess.Popen(command, stdout=quiet, stderr=quiet) for command in commands]
    assert sorted(process.wait() for process in running) == [0, 3]


def test_triggers_of_one_key_at_once_are_one_andon(tcps: Tcps) -> None:
    for _ in range(5):
        trigger = ("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
        assert together(4, *trigger) == ["done"] * 4
    assert [event["occurrences"] for event in tcps("andon", "list", "--json").json] == [20]
