"""`tcps work-order …` end to end (interface 3)."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tcps, process


def test_create_prints_the_record(tcps: Tcps) -> None:
    order = tcps(
        "work-order", "create", "--title", "Keys", "--bucket", "debt", "--priority", "high", "--json"
    ).json
    assert order["work_order_id"] == "WO-1"
    assert (order["bucket"], order["priority"], order["status"]) == ("technical_debt", 7, "queued")
    assert order["sla_deadline"] is None
    assert order["created_at"].endswith("Z")
    assert len(order["created_at"]) == 24
    text = tcps("work-order", "create", "--title", "Keys", "--bucket", "security").out
    assert text.startswith("WO-2 created: Keys (security, priority 8, queued, due ")


def test_a_long_text_comes_from_a_file_or_standard_input(tcps: Tcps, tmp_path: Path) -> None:
    (tmp_path / "why.md").write_text("because\nof this\n")
    create = ("work-order", "create", "--title", "x", "--json")
    assert tcps(*create, "--description", "@why.md").json["description"] == "because\nof this"
    piped = process(tmp_path, *create, "--description", "-", stdin="from a pipe")
    assert piped.json["description"] == "from a pipe"
    assert tcps(*create, "--description", "@@alice said").json["description"] == "@alice said"


def test_a_plain_pull_signal_makes_an_order_once(tcps: Tcps, tmp_path: Path) -> None:
    signal = {
        "pull_signal": {
            "type": "github_issue",
            "source": "https://github.com/test/repo/issues/1",
            "bucket": "security",
            "priority": 10,
            "title": "Leak",
            "description": "of a token",
            "labels": ["bug"],
        }
    }
    (tmp_path / "signal.json").write_text(json.dumps(signal))
    first = tcps("work-order", "create", "--from", "signal.json", "--json")
    assert first.json["bucket"] == "security"
    assert first.json["priority"] == 10
    assert first.json["pull_signal"]["source"] == "https://github.com/test/repo/issues/1"
    again = process(tmp_path, "work-order", "create", "--from", "-", "--json", stdin=json.dumps(signal))
    assert (again.code, again.json["work_order_id"]) == (0, "WO-1")
    assert again.err == "note: there already, nothing changed: WO-1\n"
    assert len(tcps("log", "--json").json) == 1


@pytest.mark.parametrize("joined", ["array", "lines"])
def test_many_signals_are_one_transaction(tcps: Tcps, tmp_path: Path, joined: str) -> None:
    signals = [{"type": "internal_request", "title": f"t{n}", "source": f"s{n}"} for n in range(5)]
    lines = "\n".join(json.dumps(signal) for signal in signals)
    (tmp_path / "many").write_text(json.dumps(signals) if joined == "array" else lines)
    assert len(tcps("work-order", "create", "--from", "many", "--json").json) == 5
    assert [len(entry["changes"]) for entry in tcps("log", "--json").json] == [5]


def test_one_bad_signal_names_its_line_and_leaves_nothing(tcps: Tcps, tmp_path: Path) -> None:
    lines = ['{"type": "internal_request", "title": "a"}', '{"type": "nope", "source": "b"}']
    (tmp_path / "many").write_text("\n".join(lines))
    done = tcps("work-order", "create", "--from", "many")
    assert done.code == 2
    assert done.err.startswith("error: line 2: 'nope' is not a pull signal type")
    assert tcps("log", "--json").json == []


def test_an_idempotency_key_makes_one_order(tcps: Tcps) -> None:
    """Format 4.4."""
    create = ("work-order", "create", "--title", "x", "--json", "--idempotency-key", "delivery-7")
    assert tcps(*create).json["work_order_id"] == "WO-1"
    again = tcps(*create)
    assert (again.code, again.json["work_order_id"]) == (0, "WO-1")
    assert len(tcps("work-order", "list", "--json").json) == 1


def test_filters_and_sorting(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a", "--bucket", "security", "--label", "x")
    tcps("work-order", "create", "--title", "b", "--bucket", "cost", "--priority", "9")
    tcps("work-order", "create", "--title", "c", "--bucket", "cost")
    tcps("work-order", "start", "WO-3")
    tcps("work-order", "create", "--title", "d", "--due-on", "2020-01-01T00:00:00Z", "--bucket", "debt")
    tcps("work-order", "cancel", "WO-2", "--reason", "no")

    def ids(*options: str) -> list[str]:
        return [o["work_order_id"] for o in tcps("work-order", "list", "--json", *options).json]

    assert ids() == ["WO-1", "WO-3", "WO-4"]
    assert ids("--all") == ["WO-1", "WO-2", "WO-3", "WO-4"]
    assert ids("--status", "cancelled", "--status", "queued") == ["WO-1", "WO-2", "WO-4"]
    assert ids("--bucket", "cost") == ["WO-3"]
    assert ids("--label", "x") == ["WO-1"]
    assert ids("--sla", "breached") == ["WO-4"]
    assert ids("--sla", "on_time") == ["WO-1", "WO-3"]
    assert ids("--sla", "warning") == []
    assert ids("--sort", "priority", "--all")[0] == "WO-2"
    assert ids("--sort", "deadline")[0] == "WO-4"
    assert ids("--limit", "1") == ["WO-1"]
    tcps("sku", "create", "app-1", "--work-order", "WO-1")
    assert ids("--sku", "app-1") == ["WO-1"]


def test_show_has_the_skus_and_their_receipts(on_the_line: Tcps) -> None:
    on_the_line("run", "--sku", "SKU-1", "--stage", "shacl", "--", "true")
    order = on_the_line("work-order", "show", "WO-1", "--json").json
    assert [sku["sku_id"] for sku in order["skus"]] == ["SKU-1"]
    assert [receipt["receipt_id"] for receipt in order["receipts"]] == ["RCPT-1"]
    assert order["progress_percent"] == 10.0
    assert order["sla_status"] == "on_time"
    text = on_the_line("work-order", "show", "WO-1").out
    assert "SKU-1  in_production at compilation" in text
    assert "1  shacl_validation  pass  RCPT-1" in text


def test_history_tells_every_change_even_of_a_deleted_order(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a")
    tcps("work-order", "update", "WO-1", "--priority", "emergency", "--actor", "bob")
    tcps("work-order", "delete", "WO-1")
    steps = tcps("work-order", "history", "WO-1", "--json").json
    assert [(s["action"], s["actor"], s["revision"]) for s in steps] == [
        ("work_order.create", "alice", 1),
        ("work_order.update", "bob", 2),
        ("work_order.delete", "alice", 3),
    ]
    text = tcps("work-order", "history", "WO-1").out
    assert "priority: 4 → 10" in text
    assert text.splitlines()[-1].endswith("deleted")
    assert tcps("work-order", "show", "WO-1").code == 4
    assert tcps("work-order", "history", "WO-7").code == 4


def test_start_complete_and_their_refusals(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a", "--bucket", "cost")
    assert tcps("work-order", "start", "WO-1").out == "WO-1 is in_progress: a\n"
    again = tcps("work-order", "start", "WO-1", "--json")
    assert (again.code, again.error["code"]) == (3, "already_started")
    unfinished = tcps("work-order", "complete", "WO-1", "--json")
    assert (unfinished.code, unfinished.error["code"]) == (3, "sku_not_published")
    tcps("policy", "set", "completion_requires_sku", "false")
    assert tcps("work-order", "complete", "WO-1", "--json").json["status"] == "completed"


def test_update_refuses_a_stale_revision(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a")
    assert tcps("work-order", "update", "WO-1", "--title", "b", "--if-revision", "1").code == 0
    stale = tcps("work-order", "update", "WO-1", "--title", "c", "--if-revision", "1", "--json")
    assert (stale.code, stale.error["code"]) == (5, "stale_revision")
    assert stale.error["details"]["revision"] == 2
    assert tcps("work-order", "update", "WO-1").code == 2


def test_dependencies_block_and_release(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a")
    tcps("work-order", "create", "--title", "b", "--depends-on", "WO-1")
    assert tcps("work-order", "show", "WO-2", "--json").json["blocked_by"] == ["WO-1"]
    assert tcps("work-order", "start", "WO-2", "--json").error["code"] == "blocked_by_dependencies"
    cycle = tcps("work-order", "depend", "WO-1", "--on", "WO-2", "--json")
    assert (cycle.code, cycle.error["code"]) == (3, "circular_dependency")
    assert tcps("work-order", "undepend", "WO-2", "--on", "WO-1").out == "WO-2 is queued: b\n"
    assert tcps("work-order", "depend", "WO-2", "--on", "WO-1").out.startswith(
        "WO-2 is blocked, waits for WO-1"
    )


def test_delete_can_be_tried_first(tcps: Tcps) -> None:
    tcps("work-order", "create", "--title", "a")
    assert tcps("work-order", "delete", "WO-1", "--dry-run").out == "WO-1 would be deleted\n"
    assert tcps("work-order", "show", "WO-1").code == 0
    assert tcps("work-order", "delete", "WO-1").out == "WO-1 deleted\n"
    assert tcps("work-order", "create", "--title", "a", "--json").json["work_order_id"] == "WO-2"


def test_a_queue_can_be_given_another_order(tcps: Tcps) -> None:
    for title in "abc":
        tcps("work-order", "create", "--title", title, "--bucket", "cost")
    done = tcps("work-order", "reorder", "cost", "WO-3", "WO-1", "WO-2", "--json")
    assert [order["work_order_id"] for order in done.json] == ["WO-3", "WO-1", "WO-2"]
    refused = tcps("work-order", "reorder", "cost", "WO-3", "--json")
    assert (refused.code, refused.error["code"]) == (3, "invalid_queue_order")


def test_a_dry_run_is_refused_like_the_real_one_and_changes_nothing(on_the_line: Tcps) -> None:
    before = on_the_line("log", "--json").out
    for arguments in (
        ("work-order", "create", "--title", "b"),
        ("work-order", "cancel", "WO-1", "--reason", "r"),
        ("sku", "abort", "SKU-1", "--reason", "r"),
    ):
        done = on_the_line(*arguments, "--dry-run")
        assert (done.code, done.err) == (0, "dry run: nothing was changed\n")
    assert on_the_line("work-order", "complete", "WO-1", "--dry-run").code == 3
    assert on_the_line("sku", "publish", "SKU-1", "--dry-run").code == 3
    assert on_the_line("work-order", "reorder", "cost", "WO-1", "--dry-run").code == 3
    assert on_the_line("log", "--json").out == before


def test_a_key_answers_with_what_it_made_even_after_that_was_deleted(tcps: Tcps) -> None:
    create = ("work-order", "create", "--title", "x", "--json", "--idempotency-key", "k")
    made = tcps(*create).json
    tcps("work-order", "delete", "WO-1")
    again = tcps(*create)
    assert (again.code, again.json["work_order_id"], again.json["title"]) == (0, "WO-1", made["title"])
    assert tcps("work-order", "list", "--json").json == []


def test_an_array_gives_an_array_however_many_it_holds(tcps: Tcps, tmp_path: Path) -> None:
    (tmp_path / "one").write_text('[{"type": "internal_request", "title": "a"}]')
    (tmp_path / "none").write_text("[]")
    assert len(tcps("work-order", "create", "--from", "one", "--json").json) == 1
    assert tcps("work-order", "create", "--from", "none", "--json").code == 2


def test_labels_deadline_and_wanted_sku_can_be_removed(tcps: Tcps) -> None:
    tcps(
        *("work-order", "create", "--title", "x", "--label", "a", "--sku", "app-1"),
        *("--due-on", "2030-01-01T00:00:00Z", "--bucket", "debt"),
    )
    update = ("work-order", "update", "WO-1", "--json")
    order = tcps(*update, "--no-labels", "--no-due-on", "--no-sku").json
    assert (order["labels"], order["due_on"], order["sla_deadline"], order["sku_id"]) == (
        [],
        None,
        None,
        None,
    )
    assert tcps(*update, "--no-labels", "--label", "b").code == 2


def test_csv_has_the_same_heading_with_and_without_rows(tcps: Tcps) -> None:
    commands = (("work-order", "list"), ("sku", "list"), ("receipt", "list"), ("andon", "list"), ("log",))
    empty = [tcps(*command, "-o", "csv").out.splitlines() for command in commands]
    assert all(len(lines) == 1 for lines in empty)
    tcps("work-order", "create", "--title", "x")
    tcps("sku", "create", "--work-order", "WO-1")
    tcps("run", "--sku", "SKU-1", "--stage", "shacl", "--", "false")
    for command, lines in zip(commands, empty, strict=True):
        assert tcps(*command, "-o", "csv").out.splitlines()[0] == lines[0]


def test_a_limit_beyond_every_count_is_refused(tcps: Tcps) -> None:
    assert tcps("work-order", "list", "--limit", str(2**63 - 1)).code == 0
    assert tcps("work-order", "list", "--limit", str(10**20)).code == 2
