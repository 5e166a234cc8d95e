"""Reports on the work orders and the Andons of a period (domain 5, 10.2), on the command line."""

from tests.cli.conftest import Tcps


def test_the_work_orders_of_a_period_are_counted_and_the_urgent_ones_named(tcps: Tcps) -> None:
    for title, bucket in (("a", "security"), ("b", "security"), ("c", "cost")):
        tcps("work-order", "create", "--title", title, "--bucket", bucket)
    tcps("work-order", "start", "WO-3")
    report = tcps("work-order", "report", "--json").json
    assert (report["total_work_orders"], report["work_in_progress"], report["days"]) == (3, 1, 30)
    assert (report["by_bucket"]["security"], report["queue_depth_by_bucket"]["cost"]) == (2, 0)
    assert [order["work_order_id"] for order in report["top_priorities"]] == ["WO-1", "WO-2", "WO-3"]
    text = tcps("work-order", "report").out
    assert "orders          3\n" in text
    assert "security  2       2       ██████████" in text
    assert tcps("work-order", "report", "--from", "2020-01-01", "--to", "2020-01-02").out.endswith("none\n")


def test_the_andons_of_a_period_are_counted_by_what_they_are(on_the_line: Tcps) -> None:
    for _ in range(2):
        on_the_line("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1")
    on_the_line("andon", "trigger", "--type", "smoke_test_failure", "--sku", "other", "--severity", "low")
    report = on_the_line("andon", "report", "--json").json
    assert (report["total_andons"], report["open_andons"], report["occurrences"]) == (2, 2, 3)
    assert list(report["blocked_hours"]) == ["SKU-1", "other"]
    markdown = on_the_line("andon", "report", "-o", "md").out
    assert markdown.startswith("# Andons, ")
    assert "| test_failure | 1 | ██████████ |" in markdown
    assert on_the_line("andon", "report", "--to", "2026-01-01").code == 2
