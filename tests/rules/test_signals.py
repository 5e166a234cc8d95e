"""Plain pull signals: routing, priority, source keys, idempotency, the Andon of a cve (domain 4)."""

from typing import Any

import pytest

from tcps.errors import InvalidInput
from tcps.model import AndonEvent
from tcps.rules import signals, work_orders
from tcps.store import Store
from tcps.store.filters import Filter
from tests.rules.line import act, ledger, order, refused, unchanged

ISSUE = "https://github.com/test/repo/issues/1"


def routed(**fields: Any) -> tuple[str, int]:
    """Bucket and priority of a signal."""
    demand = signals.read_signal({"type": "github_issue", "source": ISSUE, **fields})
    return demand.bucket, demand.priority


def take(store: Store, **fields: Any) -> work_orders.Intake:
    """Take a plain signal."""
    intake: work_orders.Intake = act(store, work_orders.create, signals.read_signal(fields))
    return intake


def andons(store: Store) -> list[AndonEvent]:
    with store.view() as view:
        return list(view.andon_events(Filter(), None))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"labels": ["bug", "high"]}, ("reliability", 7)),
        ({"labels": ["security"]}, ("security", 8)),
        ({"labels": ["security", "low"]}, ("security", 8)),
        ({"labels": []}, ("features", 4)),
        ({"labels": ["question"]}, ("features", 4)),
        ({"type": "github_pr", "labels": [" BUG "]}, ("reliability", 6)),
        ({"labels": ["compliance"]}, ("compliance", 6)),
        ({"labels": ["refactor"]}, ("technical_debt", 3)),
        ({"labels": ["tech-debt"]}, ("technical_debt", 3)),
        ({"labels": ["technical-debt"]}, ("technical_debt", 3)),
        ({"labels": ["performance"]}, ("cost", 5)),
        ({"labels": ["performance", "compliance", "bug", "security"]}, ("security", 8)),
        ({"labels": ["performance", "refactor", "compliance", "bug"]}, ("reliability", 6)),
        ({"labels": ["performance", "refactor", "compliance"]}, ("compliance", 6)),
        ({"labels": ["performance", "refactor"]}, ("technical_debt", 3)),
        ({"labels": ["security"], "bucket": "cost"}, ("cost", 5)),
        ({"title": "CVE-2024-1 in a library", "bucket": "cost"}, ("security", 8)),
        ({"title": "about CVE-2024-1"}, ("features", 4)),
        ({"title": "CVE-24-1"}, ("features", 4)),
        ({"type": "cve", "source": "CVE-2024-1", "bucket": "cost"}, ("security", 10)),
        ({"type": "cve", "source": "GHSA-1", "labels": ["low"], "priority": 9}, ("security", 9)),
        ({"type": "marketplace_refund", "source": "e1"}, ("reliability", 8)),
        ({"type": "marketplace_install", "source": "e1"}, ("features", 4)),
        ({"type": "marketplace_refund", "source": "e1", "bucket": "cost"}, ("cost", 8)),
        ({"type": "marketplace_refund", "source": "e1", "labels": ["emergency"]}, ("reliability", 8)),
        ({"type": "internal_request"}, ("features", 4)),
        ({"type": "internal_request", "metadata": {"bucket": "Debt"}}, ("technical_debt", 3)),
        ({"type": "internal_request", "labels": ["bug", "high"]}, ("features", 4)),
        ({"type": "internal_request", "bucket": "cost", "metadata": {"bucket": "debt"}}, ("cost", 5)),
        ({"metadata": {"bucket": "cost"}}, ("features", 4)),
    ],
)
def test_a_signal_gets_its_bucket_and_priority_from_the_first_rule_that_matches(
    fields: dict[str, Any], expected: tuple[str, int]
) -> None:
    assert routed(**fields) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["bug", "emergency"], 10),
        (["bug", "critical"], 9),
        (["bug", "medium"], 5),
        (["bug", "low"], 5),
        (["critical"], 6),
        (["emergency"], 10),
        (["refactor", "emergency"], 10),
        (["refactor", "high"], 4),
        (["bug", "low", "high", "medium"], 7),
        (["bug", "Priority:High"], 7),
        (["bug", "priority/high"], 7),
        (["bug", " severity:critical "], 9),
        (["bug", "severity/LOW"], 5),
        (["bug", "highest"], 6),
        (["bug", "priority high"], 6),
    ],
)
def test_a_severity_label_sets_the_priority_within_the_buckets_range(
    labels: list[str], expected: int
) -> None:
    assert routed(labels=labels)[1] == expected


@pytest.mark.parametrize(("given_as", "priority"), [(1, 1), ("10", 10), ("emergency", 10)])
def test_a_given_priority_is_used_as_it_is(given_as: object, priority: int) -> None:
    assert routed(labels=["bug", "high"], priority=given_as) == ("reliability", priority)


def test_the_title_is_the_source_cut_to_its_limit_unless_one_is_given() -> None:
    long = f"https://github.com/{'x' * 300}"
    assert signals.read_signal({"type": "github_issue", "source": long}).title == long[:256]
    assert signals.read_signal({"type": "github_issue", "source": long, "title": " t "}).title == "t"


@pytest.mark.parametrize(
    ("signal", "code", "fields"),
    [
        ([], "invalid_signal", None),
        ("text", "invalid_signal", None),
        ({"pull_signal": 5}, "invalid_signal", None),
        ({}, "missing_required_field", ["type", "source"]),
        ({"source": "x"}, "missing_required_field", ["type"]),
        ({"type": None, "source": "x"}, "missing_required_field", ["type"]),
        ({"type": "github_issue"}, "missing_required_field", ["source"]),
        ({"type": "cve", "source": "  "}, "missing_required_field", ["source"]),
        ({"type": "internal_request"}, "missing_required_field", ["title"]),
        ({"type": "e-mail", "source": "x"}, "invalid_signal", ["type"]),
        ({"type": "cve", "source": "x", "hue": 1, "age": 2}, "invalid_signal", ["age", "hue"]),
        ({"type": "cve", "source": 5}, "invalid_field", ["source"]),
        ({"type": "cve", "source": "x" * 2049}, "too_large", ["source"]),
        ({"type": "cve", "source": "x", "title": "t" * 257}, "too_large", ["title"]),
        ({"type": "cve", "source": "x", "description": "d" * 65_537}, "too_large", ["description"]),
        ({"type": "cve", "source": "x", "bucket": "none"}, "invalid_bucket", ["bucket"]),
        ({"type": "internal_request", "title": "t", "metadata": {"bucket": "x"}}, "invalid_bucket", None),
        ({"type": "cve", "source": "x", "priority": 11}, "invalid_priority", ["priority"]),
        ({"type": "cve", "source": "x", "due_on": "2026-01-20T10:00:00"}, "invalid_timestamp", ["due_on"]),
        ({"type": "cve", "source": "x", "metadata": []}, "invalid_field", ["metadata"]),
        ({"type": "cve", "source": "x", "labels": "bug"}, "invalid_field", ["labels"]),
    ],
)
def test_a_signal_that_is_none_is_refused_naming_what_is_wrong(
    signal: object, code: str, fields: list[str] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        signals.read_signal(signal)
    assert caught.value.code == code
    if fields is not None:
        assert caught.value.details["fields"] == fields


def test_a_signal_may_stand_within_pull_signal() -> None:
    inner = {"type": "github_issue", "source": ISSUE}
    assert signals.read_signal({"pull_signal": inner}) == signals.read_signal(inner)


@pytest.mark.parametrize(
    ("kind", "source", "key"),
    [
        (
            "github_issue",
            "HTTPS://GitHub.com/Test/Repo/issues/1/?a=1#top",
            "https://github.com/Test/Repo/issues/1",
        ),
        ("github_pr", ISSUE, ISSUE),
        ("github_issue", "test/repo#1", "test/repo#1"),
        ("github_issue", "http://[", "http://["),
        ("cve", "GHSA-abcd", "GHSA-abcd"),
        ("marketplace_refund", "e1", "marketplace:refund:e1"),
        ("marketplace_install", "e1", "marketplace:install:e1"),
        ("marketplace_install", "marketplace:install:e1", "marketplace:install:e1"),
        ("internal_request", "ticket 5", "ticket 5"),
    ],
)
def test_a_source_has_the_key_of_its_type(kind: str, source: str, key: str) -> None:
    assert signals.read_signal({"type": kind, "source": source}).source_keys == (key,)


@pytest.mark.parametrize(
    "again",
    [ISSUE, f"{ISSUE}/", f"{ISSUE}#comment", f"{ISSUE}?x=y", "HTTPS://GITHUB.com/test/repo/issues/1"],
)
def test_a_source_creates_one_order_only(store: Store, again: str) -> None:
    first = take(store, type="github_issue", source=ISSUE)
    with unchanged(store):
        second = take(store, type="github_issue", source=again, title="other", bucket="cost")
    assert (first.outcome, second.outcome) == ("created", "duplicate")
    assert second.order == first.order


def test_a_source_creates_no_second_order_after_the_first_was_cancelled(store: Store) -> None:
    first = take(store, type="github_issue", source=ISSUE)
    act(store, work_orders.cancel, first.order.id, "not needed")
    assert take(store, type="github_issue", source=ISSUE).outcome == "duplicate"


def test_deleting_an_order_frees_its_source(store: Store) -> None:
    first = take(store, type="github_issue", source=ISSUE)
    act(store, work_orders.delete, first.order.id)
    again = take(store, type="github_issue", source=ISSUE)
    assert (again.outcome, again.order.id) == ("created", "WO-2")


def test_internal_requests_without_a_source_are_never_duplicates(store: Store) -> None:
    outcomes = [take(store, type="internal_request", title="same").outcome for _ in range(2)]
    assert outcomes == ["created", "created"]


def test_an_order_keeps_the_signal_that_made_it(store: Store) -> None:
    made = take(store, type="github_issue", source=f"{ISSUE}/", metadata={"number": 1}).order
    signal = made.pull_signal
    assert (signal.type, signal.source, signal.source_keys) == ("github_issue", f"{ISSUE}/", (ISSUE,))
    assert signal.received_at == made.created_at
    assert made.metadata == {"number": 1}


@pytest.mark.parametrize("severity", ["critical", " CRITICAL ", "unknown", "none", 7, None])
def test_a_critical_or_unknown_cve_stops_the_line_of_its_advisory(store: Store, severity: object) -> None:
    metadata = {} if severity is None else {"severity": severity}
    intake = take(store, type="cve", source="RHSA-2022:0216", metadata=metadata)
    (event,) = andons(store)
    assert event == intake.andon
    assert (event.failure_type, event.severity, event.stage) == (
        "security_vulnerability",
        "critical",
        "security_scan",
    )
    assert (event.sku_id, event.work_order_id) == ("RHSA-2022-0216", intake.order.id)


@pytest.mark.parametrize("severity", ["low", "MODERATE", "medium", "High"])
def test_a_cve_of_another_severity_stops_nothing(store: Store, severity: str) -> None:
    intake = take(store, type="cve", source="CVE-2024-1", metadata={"severity": severity})
    assert intake.andon is None
    assert andons(store) == []


def test_a_duplicate_cve_stops_nothing_again(store: Store) -> None:
    take(store, type="cve", source="CVE-2024-1")
    take(store, type="cve", source="CVE-2024-1")
    assert [event.occurrences for event in andons(store)] == [1]


def test_order_and_andon_of_a_cve_are_one_transaction(store: Store) -> None:
    before = sum(text.count(b"\n") for text in ledger(store).values())
    take(store, type="cve", source="CVE-2024-1")
    assert sum(text.count(b"\n") for text in ledger(store).values()) == before + 1


def test_an_advisory_id_is_cut_to_what_a_sku_id_may_have(store: Store) -> None:
    take(store, type="cve", source="a" * 200)
    assert andons(store)[0].sku_id == "a" * 128


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sku_id": "SKU-1"}, "reserved_id"),
        ({"sku_id": "a/b"}, "invalid_id"),
        ({"depends_on": "WO-1"}, "invalid_field"),
        ({"depends_on": ["a b"]}, "invalid_id"),
        ({"depends_on": ["WO-99"]}, "not_found"),
        ({"depends_on": [f"X-{n}" for n in range(1001)]}, "too_large"),
        ({"status": "completed"}, "invalid_field"),
    ],
)
def test_a_new_order_with_a_wrong_field_is_refused_and_creates_nothing(
    store: Store, fields: dict[str, Any], code: str
) -> None:
    with refused(store, code):
        order(store, **fields)
