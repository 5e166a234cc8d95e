"""What a batch answers is what each command alone prints with --json: results, errors and exit codes."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tcps.cli.batch import CHANGES, LOOKS
from tcps.model import STAGES, Stage
from tests.cli import lined
from tests.cli.conftest import Done, Tcps
from tests.cli.lined import Line, line, words
from tests.rules.line import HASH, PASSING

APP = b"the app"
APP_HASH = hashlib.sha256(APP).hexdigest()
TEXTS = {"root_cause": "a cause", "fix": "a fix", "prevention": "a prevention"}


def _passing(stage: Stage, sku: str = "app-1") -> Line:
    metrics = json.loads(json.dumps(PASSING[stage]).replace(HASH, APP_HASH))
    found = (
        {"artifact": ["app.whl"]} if stage in (Stage.DETERMINISTIC_BUILD, Stage.RELEASE_VERIFICATION) else {}
    )
    return line("receipt add", sku=sku, stage=stage, status="pass", metrics=metrics, **found)


ORDERS = (
    line("work-order create", title="first", priority=5, label=["a", "b"]),
    line(
        "work-order create", title="second", bucket="security", depends_on=["WO-1"], description="-- it\nis"
    ),
    line("work-order create", title="once", source="urn:one"),
    line("work-order create", title="once", source="urn:one"),
    line("work-order create", title="tried", dry_run=True),
    line("work-order create", title=""),
    line("work-order create"),
    line("work-order create", title="x", priority="11"),
    line("work-order create", title="x", chunk=0),
    {"command": "work-order create", "options": {"from": "signals.jsonl", "skip_invalid": True}},
    line("work-order list", status=["queued"], sort="priority", limit=3),
    line("work-order show", ID="WO-1"),
    line("work-order show", ID="WO-99"),
    line("work-order show"),
    line("work-order history", ID="WO-1"),
    line("work-order update", ID="WO-1", priority=7, if_revision=1),
    line("work-order update", ID="WO-1", priority=8, if_revision=1),
    line("work-order update", ID="WO-1", description="@notes.md"),
    line("work-order update", ID="WO-1", description="@no-such-file"),
    line("work-order update", ID="WO-1", no_labels=True),
    line("work-order undepend", ID="WO-2", on="WO-1"),
    line("work-order depend", ID="WO-2", on="WO-3"),
    line("work-order depend", ID="WO-3", on="WO-2"),
    line("work-order start", ID="WO-2"),
    line("work-order cancel", ID="WO-3", reason="no more", dry_run=True),
    line("work-order cancel", ID="WO-3", reason="no more"),
    line("work-order delete", ID="WO-3"),
    line("work-order reorder", BUCKET="features", **{"ID": ["WO-1"]}),
    line("work-order next"),
    line("work-order next", start=True),
    line("kanban set-limit", BUCKET="cost", **{"N": 3}),
    line("kanban status"),
    line("policy set", KEY="max_gap_hours", VALUE=12),
    line("policy set", KEY="max_gap_hours", VALUE="none"),
    line("policy show"),
    line("heijunka schedule", capacity=4),
)
PRODUCTION = (
    line("work-order create", title="an app", bucket="cost"),
    line("sku create", ID="app-1", work_order="WO-1"),
    line("sku create", work_order="WO-1"),
    line("sku abort", SKU="SKU-1", reason="wrong"),
    line("receipt add", sku="app-1", stage="shacl", status="fail", evidence={"log": ["red"]}, duration_ms=5),
    line("andon check", SKU="app-1"),
    line("andon check", SKU="nobody"),
    line("andon trigger", type="test_failure", sku="app-1", details='{"n": 1}', message="stop"),
    line("andon list", severity=["critical", "warning"]),
    line("andon show", ID="ANDON-1"),
    line("andon sweep", dry_run=True),
    line("root-cause start", ID="ANDON-1", problem="it is red"),
    line("root-cause add-why", ID="RCA-1", **{"N": 1, "TEXT": "nobody looked"}),
    line("root-cause add-why", ID="RCA-1", **{"N": 3, "TEXT": "nobody looked"}),
    line("root-cause list"),
    line("root-cause show", ID="RCA-1"),
    line("andon investigate", ID="ANDON-1"),
    line("andon resolve", ID="ANDON-1", **TEXTS),
    line("andon resolve", ID="ANDON-2", **TEXTS),
    line("andon resolve", ID="ANDON-2", **TEXTS),
    *(each for stage in STAGES for each in (_passing(stage), line("sku advance", SKU="app-1"))),
    line("sku ready", SKU="app-1"),
    line("sku publish", SKU="app-1", dry_run=True),
    line("sku publish", SKU="app-1"),
    line("work-order complete", ID="WO-1", sku="app-1"),
    line("sku list", status=["published"]),
    line("sku show", SKU="app-1"),
    line("receipt list", sku="app-1", status=["pass"]),
    line("receipt show", ID="RCPT-2"),
    line("quality gates", SKU="app-1"),
    line("quality metrics", days=7, compare=True),
    line("kaizen proposals"),
    line("kaizen reject", ID="IMP-1", reason="no"),
    line("kaizen show", ID="IMP-9"),
    line("andon report"),
    line("work-order report"),
)
WHOLE = (
    line("verify"),
    line("verify-chain", SKU=["app-1"], complete=True),
    line("audit", SKU="app-1"),
    line("compliance", sku="app-1"),
    line("receipt verify", ID="RCPT-2"),
    line("stats"),
    line("log", since=3),
    line("kaizen waste"),
    line("kaizen trends"),
    line("checkpoint"),
    line("prove", RECEIPT="RCPT-2"),
    line("key list"),
    line("repair", dry_run=True),
    line("query", SPARQL="SELECT ?id { ?order tcps:workOrderId ?id } ORDER BY ?id"),
    line("query", list=True),
    line("ontology stats"),
    line("ontology validate"),
    line("backup list", to="backups"),
)
_LIKE_TIME = re.compile(
    r'"\d{4}-\d\d-\d\dT[\d:.]+Z"|"sha256:[0-9a-f]{64}"|"tcps/[0-9a-f]{16}"|\b[0-9a-f]{16}\b'
    r'|"root": "[^"]+"|(?<="sha256": )"[0-9a-f]{64}"|(?<="path": )"[^"]+"'
    r'|(?<=_ms": )-?\d+|(?<=_seconds": )-?[\d.]+|(?<=_minutes": )-?[\d.]+|(?<=_hours": )-?[\d.]+'
)


@pytest.fixture(autouse=True)
def files(tcps: Tcps, tmp_path: Path) -> None:
    """What options name."""
    (tmp_path / "app.whl").write_bytes(APP)
    (tmp_path / "notes.md").write_text("some notes")
    (tmp_path / "signals.jsonl").write_text('{"type": "github_issue", "source": "urn:x"}\n{"type": "none"}\n')


@pytest.mark.parametrize("together", [True, False], ids=["waiting together", "one by one"])
@pytest.mark.parametrize("lines", [ORDERS, PRODUCTION], ids=["orders", "production"])
def test_what_changes_a_store_is_answered_as_alone(
    tcps: Tcps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Sequence[Line], together: bool
) -> None:
    batch = lined.batch(tcps, monkeypatch, tmp_path)
    groups = [lines] if together else [[one] for one in lines]
    got = [answer for group in groups for answer in batch(group).answers]
    assert tcps("verify").code == 0
    (tmp_path / ".tcps").rename(tmp_path / "other")
    assert tcps("init").code == 0
    for one, answer in zip(lines, got, strict=True):
        assert _like(answer) == _like(_alone(tcps, one)), one


def test_what_looks_at_a_store_is_answered_as_alone(
    tcps: Tcps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = lined.batch(tcps, monkeypatch, tmp_path)
    batch(PRODUCTION)
    batch(WHOLE)  # a verification remembers what it saw, the graph is made by who asks first
    looks = [one for one in PRODUCTION if one["command"] in LOOKS]
    done = batch([*WHOLE, *looks])
    for one, answer in zip([*WHOLE, *looks], done.answers, strict=True):
        assert _like(answer) == _like(_alone(tcps, one)), one


def test_every_command_that_shares_a_transaction_is_among_these() -> None:
    tried = {one["command"] for one in (*ORDERS, *PRODUCTION)}
    assert {"kaizen apply", "kaizen measure", "root-cause finalize"} == (LOOKS | CHANGES) - tried


def _alone(tcps: Tcps, one: Line) -> Any:
    done: Done = tcps("--json", *words(one))
    if not done.out:
        return done.error
    return {"ok": json.loads(done.out)} | ({"exit_code": done.code} if done.code else {})


def _like(answer: Any) -> str:
    """What does not hang on the moment and the store."""
    value = answer.get("error", answer)
    value.pop("notes", None)
    return _LIKE_TIME.sub("…", json.dumps(value, sort_keys=True))
