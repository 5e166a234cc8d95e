"""Quality metrics and Kaizen on the command line (interface 3; domain 12)."""

from pathlib import Path

import pytest

from tcps.cli.charts import bar, sparkline
from tcps.model import STAGES, Stage, from_ms, system_clock, to_ms
from tcps.rules import andon, kaizen, pipeline
from tcps.rules.metrics import METRICS
from tcps.store import Store
from tests.cli.conftest import Tcps
from tests.conftest import FixedClock
from tests.rules.line import FAILING, TEXTS, Unhurried, order, read_run, record, run, sku

DAY_MS = 86_400_000


def make(store: Store, fails: int) -> None:
    """Publish a SKU an hour after its order, on the way failing its build so often."""
    clock = store.engine.clock
    assert isinstance(clock, FixedClock)
    made = sku(store, None, order(store).id)
    clock.forward(hours=1)
    run(store, made.id, Stage.SHACL_VALIDATION)
    for _ in range(fails):
        record(store, made.id, Stage.COMPILATION, FAILING)
    with store.transaction("publish") as draft:
        for event in draft.open_andons(made.id):
            andon.resolve(draft, event.id, **TEXTS)
        for stage in STAGES[1:]:
            pipeline.run(draft, read_run(made.id, stage))
        pipeline.publish(draft, made.id)


@pytest.fixture
def past(tcps: Tcps, tmp_path: Path) -> Tcps:
    """A SKU was published without a fail 19 days ago, and one with two fails 5 days ago."""
    clock = FixedClock(from_ms(to_ms(system_clock()) - 19 * DAY_MS))
    with Store.open(tmp_path, actor="alice", clock=clock, disk=Unhurried()) as store:
        make(store, 0)
        clock.forward(hours=14 * 24)
        make(store, 2)
    return tcps


def test_quality_metrics_are_those_of_the_last_thirty_days(past: Tcps) -> None:
    report = past("quality", "metrics", "--json").json
    assert (report["days"], report["sample_size"], report["skus_published"]) == (30.0, 2, 2)
    assert report["current_metrics"] == {
        "lead_time": 1.0,
        "defect_rate": 50.0,
        "rework_pct": 50.0,
        "cycle_time": 0.0,
        "first_pass_yield": 50.0,
        "throughput": 0.07,
    }
    assert report["targets"] == {name: metric.target for name, metric in METRICS.items()}
    assert report["achievement"]["lead_time"] == 100.0
    assert report["alerts"] == ["defect_rate", "rework_pct", "first_pass_yield", "throughput"]
    assert report["gate"] == {"first_pass_yield": 0.5, "defect_rate": 0.5, "gate_pass_rate": 0.909}
    assert "comparison" not in report


def test_quality_metrics_are_compared_with_as_many_days_before(past: Tcps) -> None:
    report = past("quality", "metrics", "--days", "14", "--compare", "--json").json
    assert report["previous"]["end"] == report["start"]
    assert report["comparison"]["rework_pct"] == {
        "current": 100.0,
        "previous": 0.0,
        "change_pct": None,
        "improved": False,
    }
    text = past("quality", "metrics", "--days", "14", "--compare").out
    assert "1 SKU finished, 1 of them published" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("rework_pct")]
    assert rows == [
        ["rework_pct", "100.00", "%", "≤", "5.00", "%", "5", "%", "▌", "ALERT"],
        ["rework_pct", "0.00", "%", "100.00", "%", "worse"],
    ]


def test_metrics_of_an_empty_store_say_that_there_is_no_sample(tcps: Tcps) -> None:
    report = tcps("quality", "metrics", "--json").json
    assert (report["sample_size"], report["alerts"]) == (0, [])
    assert set(report["achievement"].values()) == {None}
    assert report["gate"]["gate_pass_rate"] is None
    assert "0 SKUs finished" in tcps("quality", "metrics").out


def test_metrics_as_csv_are_a_row_each_and_as_markdown_a_document(past: Tcps) -> None:
    rows = past("-o", "csv", "quality", "metrics").out.splitlines()
    assert rows[0] == "metric,current_metrics,targets,achievement"
    assert rows[1] == "lead_time,1.0,2.0,100.0"
    assert len(rows) == 7
    document = past("-o", "md", "quality", "metrics").out
    assert document.startswith("# Quality metrics, ")
    assert "\n## 2 SKUs finished, 2 of them published\n\n| metric | now | target |" in document


def test_waste_is_listed_the_greatest_first(past: Tcps) -> None:
    lost = past("kaizen", "waste", "--json").json
    assert (lost["days"], lost["total_waste_hours"]) == (7.0, 4.0)
    (point,) = lost["points"]
    assert point == {
        "waste_type": "excessive_rework",
        "stage": None,
        "root_cause": None,
        "impact": 2.0,
        "frequency": 2,
        "total_waste": 4.0,
        "weekly_waste": 4.0,
        "effort": "medium",
        "saving_pct": 50.0,
        "examples": ["RCPT-12", "RCPT-13"],
    }
    assert past("kaizen", "waste", "--days", "3", "--json").json["points"] == []
    assert "4.00   ██████████  RCPT-12, RCPT-13" in past("kaizen", "waste").out
    assert past("-o", "csv", "kaizen", "waste").out.splitlines()[1].startswith("excessive_rework,,,2.0,2,4.0")


def test_a_proposal_is_made_applied_and_waits_to_be_measured(past: Tcps) -> None:
    tried = past("kaizen", "proposals", "--dry-run", "--json")
    assert [one["improvement_id"] for one in tried.json] == ["KZ-1"]
    assert tried.err == "dry run: nothing was changed\n"
    assert past("kaizen", "show", "KZ-1").code == 4
    (proposal,) = past("kaizen", "proposals", "--json").json
    assert (proposal["roi"], proposal["waste_ratio"], proposal["status"]) == (0.125, 0.25, "proposed")
    assert past("kaizen", "show", "KZ-1", "--json").json == proposal
    applied = past("kaizen", "apply", "KZ-1", "--changes", "a linter")
    assert applied.out.splitlines()[1] == "  it cost 4.00 hours in the week before"
    early = past("kaizen", "measure", "KZ-1", "--json")
    assert (early.code, early.error["code"]) == (3, "measurement_too_early")
    assert past("kaizen", "reject", "KZ-1", "--reason", "x", "--json").error["code"] == "invalid_transition"
    assert past("kaizen", "proposals", "--status", "measuring", "--json").json[0]["changes"] == "a linter"
    assert past("kaizen", "proposals", "--status", "proposed").out == (
        "no proposals: nothing costs an hour a week\n"
    )


def test_an_improvement_is_measured_after_a_week(past: Tcps, tmp_path: Path) -> None:
    past("kaizen", "proposals", "-q")
    clock = FixedClock(from_ms(to_ms(system_clock()) - 7 * DAY_MS))
    with Store.open(tmp_path, actor="alice", clock=clock) as store, store.transaction("earlier") as draft:
        kaizen.apply(draft, "KZ-1")
    done = past("kaizen", "measure", "KZ-1")
    assert done.out.splitlines()[1] == "  0.00 hours a week before, 4.00 after: 0.00 gained"
    report = past("kaizen", "report", "--json").json
    assert report["improvements"]["total_applied"] == 1
    assert report["charts"]["improvement_pipeline"] == {
        "proposed": 0,
        "measuring": 0,
        "applied": 1,
        "rejected": 0,
        "by_effort": {"low": 0, "medium": 1, "high": 0},
    }


def test_a_rejected_proposal_is_listed_only_when_asked_for(past: Tcps) -> None:
    past("kaizen", "proposals", "-q")
    rejected = past("kaizen", "reject", "KZ-1", "--reason", "too dear")
    assert rejected.out.startswith("KZ-1 is rejected: ")
    assert past("kaizen", "proposals", "--json").json == []
    assert [one["status"] for one in past("kaizen", "proposals", "--all", "--json").json] == ["rejected"]
    assert past("kaizen", "apply", "KZ-1", "--json").error["code"] == "invalid_transition"


def test_trends_need_two_weeks_with_a_finished_sku(tcps: Tcps, past: Tcps) -> None:
    (trend,) = past("kaizen", "trends", "first-pass yield", "--json").json
    assert trend["metric"] == "first_pass_yield"
    assert (trend["rate_of_improvement"], trend["improving"], trend["on_track"]) == (-100.0, False, False)
    assert (trend["weeks_analyzed"], trend["current_value"], trend["target_value"]) == (2, 0.0, 95.0)
    assert [point["value"] for point in trend["points"]] == [100.0, 0.0]
    assert "first_pass_yield  █▁     100.00 %" in past("kaizen", "trends").out
    assert len(past("kaizen", "trends", "--json").json) == 6
    short = past("kaizen", "trends", "--weeks", "2", "--json")
    assert (short.code, short.error["code"], short.error["details"]["minimum_required"]) == (
        3,
        "insufficient_data",
        2,
    )
    assert past("kaizen", "trends", "speed", "--json").error["code"] == "invalid_field"


@pytest.mark.parametrize(
    ("option", "kind", "days"), [("--week", "weekly", 7.0), ("--month", "monthly", 30.0)]
)
def test_a_report_holds_all_of_it(past: Tcps, option: str, kind: str, days: float) -> None:
    report = past("kaizen", "report", option, "--json").json
    assert (report["report_type"], report["period"]["days"]) == (f"{kind}_kaizen", days)
    assert set(report["summary"]) == {"current_metrics", "targets", "achievement"}
    assert report["waste_analysis"]["total_waste_hours"] == 4.0
    assert report["waste_analysis"]["waste_by_category"] == {
        "excessive_rework": {"count": 2, "total_waste": 4.0, "examples": ["RCPT-12", "RCPT-13"]}
    }
    assert set(report["period_over_period"]) == set(METRICS)
    assert report["trends"]["lead_time"]["rate_of_improvement"] == 0.0
    assert report["charts"]["waste_distribution"] == {"excessive_rework": 4.0}
    trend = report["charts"]["metrics_trend"]
    assert trend["series"]["rework_pct"] == [None] * 5 + [0.0, None, 100.0]
    assert len(trend["weeks"]) == 8
    kinds = [one["kind"] for one in report["recommendations"]]
    assert kinds == ["throughput"]


def test_a_report_has_the_fields_of_the_domain(past: Tcps) -> None:
    """domain 12.4"""
    report = past("kaizen", "report", "--json").json
    assert set(report) >= {
        *("report_type", "period", "generated_at", "summary", "waste_analysis", "improvements", "trends"),
        *("period_over_period", "recommendations", "charts"),
    }
    fields = {
        "summary": ["current_metrics", "targets", "achievement"],
        "waste_analysis": ["total_waste_hours", "top_waste_points", "waste_by_category"],
        "improvements": ["proposed", "applied", "total_proposed", "total_applied", "benefit_realized"],
        "charts": ["metrics_trend", "waste_distribution", "improvement_pipeline"],
    }
    assert {name: list(report[name]) for name in fields} == fields
    assert list(report["period_over_period"]["lead_time"]) == [
        "current",
        "previous",
        "change_pct",
        "improved",
    ]
    pipeline = report["charts"]["improvement_pipeline"]
    assert list(pipeline) == ["proposed", "measuring", "applied", "rejected", "by_effort"]


def test_a_report_in_text_and_in_markdown_has_the_same_sections(past: Tcps) -> None:
    past("kaizen", "proposals", "-q")
    text, document = past("kaizen", "report").out, past("kaizen", "report", "-o", "md").out
    assert text.startswith("Weekly Kaizen report, ")
    headings = [line.removeprefix("## ") for line in document.splitlines() if line.startswith("## ")]
    assert headings == [
        "Metrics",
        "Beside the period before",
        "Waste",
        "Trends over 8 weeks",
        "Improvements",
        "Recommendations",
    ]
    assert [line for line in text.splitlines() if line in headings] == headings
    assert "1 proposed, 0 measuring, 0 applied, 0 rejected" in text
    assert "- medium: 0.14 SKUs a day were published; the target is 10" in document


def test_a_report_on_an_empty_store_says_that_there_is_nothing_to_see(tcps: Tcps) -> None:
    report = tcps("kaizen", "report", "--json").json
    assert report["trends"]["lead_time"] == {"error": "insufficient_data", "minimum_required": 2}
    text = tcps("kaizen", "report").out
    assert "no SKU was finished in this period" in text
    assert "not enough weeks with a finished SKU yet: it takes 2" in text
    assert tcps("kaizen", "report", "--week", "--month").code == 2


@pytest.mark.parametrize(
    ("share", "shown"), [(0, ""), (1, "████"), (0.5, "██"), (0.28, "█▏"), (9, "████"), (-1, ""), (0.01, "")]
)
def test_a_bar_is_as_long_as_its_share(share: float, shown: str) -> None:
    assert bar(share, 4) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [([1, 2, 3], "▁▅█"), ([3, None, 1], "█ ▁"), ([2, 2], "▅▅"), ([None], " "), ([], "")],
)
def test_a_sparkline_has_a_level_for_each_value(values: list[float | None], shown: str) -> None:
    assert sparkline(values) == shown
