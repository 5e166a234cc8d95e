"""The audit trail and the compliance report on the command line (interface 3; domain 8.3, 8.4)."""

from pathlib import Path

import pytest

from tcps.store import Store
from tests.cli.conftest import Tcps
from tests.rules.line import Unhurried, published


@pytest.fixture
def released(tcps: Tcps, tmp_path: Path) -> Tcps:
    """A store with a published SKU, SKU-1."""
    with Store.open(tmp_path, actor="alice", disk=Unhurried()) as store:
        published(store)
    return tcps


def test_the_trail_of_a_sku_is_a_story_with_its_proof(released: Tcps) -> None:
    trail = released("audit", "SKU-1", "--json").json
    assert list(trail) == [
        *("sku_id", "work_order", "sku", "timeline", "receipts", "stage_durations", "andon_events"),
        *("analyses", "gates", "verdict", "publish_status", "lead_time_hours", "production_hours"),
        *("generated_at", "generated_by"),
    ]
    assert set(trail["work_order"]) == {
        *("id", "title", "bucket", "priority", "pull_signal", "created_at", "sla_deadline", "sla_status")
    }
    assert list(trail["receipts"][0]) == [
        *("receipt_id", "sequence", "stage", "status", "timestamp", "actor", "digest")
    ]
    assert (trail["publish_status"], trail["gates"]["passed"], trail["generated_by"]) == (
        "published",
        10,
        "alice",
    )
    text = released("audit", "SKU-1").out
    assert "chain       intact, complete, 10 receipts" in text
    assert "SKU-1    published at https://example.org/market/app" in text
    assert released("audit", "SKU-1", "-o", "md").out.startswith(
        "# Audit trail of SKU-1\n\n## Summary\n\n- order"
    )
    assert released("audit", "SKU-1", "-o", "csv").out.splitlines()[0] == "time,seq,event,id,actor,text"
    assert released("audit", "SKU-9").code == 4


def test_five_whys_are_part_of_the_trail(on_the_line: Tcps) -> None:
    on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    on_the_line("root-cause", "start", "ANDON-1", "--problem", "red")
    assert [a["analysis_id"] for a in on_the_line("audit", "SKU-1", "--json").json["analyses"]] == ["RCA-1"]
    assert "RCA-1 of ANDON-1: pending, 0 of 5 whys answered" in on_the_line("audit", "SKU-1").out


def test_a_sku_that_is_compliant_exits_with_0_and_one_that_is_not_with_3(released: Tcps) -> None:
    report = released("compliance", "--sku", "SKU-1", "--json")
    assert (report.code, report.json["compliant"], report.json["pass_rate"]) == (0, True, 1.0)
    assert len(report.json["requirements"]) == 9
    assert "compliant: 9 of 9 requirements are met" in released("compliance", "--sku", "SKU-1").out
    released("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    held = released("compliance", "--sku", "SKU-1")
    assert held.code == 3
    assert "not compliant: 8 of 9 requirements are met" in held.out
    assert "no_open_andons       NO   open: ANDON-1" in held.out
    assert released("compliance", "--sku", "SKU-9").code == 4


def test_a_broken_chain_is_told_and_exits_with_12(released: Tcps, tmp_path: Path) -> None:
    (file,) = tmp_path.rglob("00000004-*.json")
    file.unlink()
    trail = released("audit", "SKU-1")
    assert trail.code == 12
    assert "broken, complete, 10 receipts; MISSING: " in trail.out
    report = released("compliance", "--sku", "SKU-1", "--json")
    assert (report.code, report.json["verdict"], report.json["compliant"]) == (12, "broken", False)


def test_a_period_that_is_compliant_exits_with_0_and_one_that_is_not_with_3(released: Tcps) -> None:
    good = released("compliance", "--json")
    assert (good.code, good.json["compliant"], good.json["skus_published"]) == (0, True, 1)
    assert good.json["gate_pass_rate"]["compilation"] == 1.0
    bad = released("compliance", "--from", "2025-01-01", "--to", "2025-01-31")
    assert bad.code == 3
    assert "Compliance, 2025-01-01T00:00Z to 2025-02-01T00:00Z\n\nnot compliant\n" in bad.out
    assert "high: 0 SKUs were published, wanted at least 1" in bad.out
    assert "compilation             100.0%  ██████████" in released("compliance").out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--from", "2026-01-02", "--to", "2026-01-01"], "invalid_period"),
        (["--from", "yesterday"], "invalid_timestamp"),
        (["--to", "2026-01-01"], "missing_required_field"),
        (["--sku", "SKU-1", "--from", "2026-01-01"], "usage"),
    ],
)
def test_a_period_that_is_none_is_refused(tcps: Tcps, options: list[str], code: str) -> None:
    done = tcps("compliance", *options, "--json")
    assert (done.code, done.error["code"]) == (2, code)


def test_the_report_of_a_period_has_the_fields_of_the_domain(released: Tcps) -> None:
    """domain 8.4"""
    report = released("compliance", "--from", "2020-01-01", "--json").json
    assert list(report) == [
        *("start", "end", "days", "skus_published", "skus_finished", "work_orders_completed", "andon_count"),
        *("defect_rate", "first_pass_yield", "rework_pct", "average_lead_time_hours", "gate_pass_rate"),
        *("violations", "compliant", "generated_at", "generated_by"),
    ]
    assert (report["skus_published"], report["compliant"]) == (1, True)
