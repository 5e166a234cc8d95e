"""A payload's source is told by its content (interface 3, `work-order create --from`)."""

from typing import Any

import pytest

from tcps.rules import signals
from tests.signals.payloads import Json, cve5, issue, osv, plain, pull_request, refund
from tests.signals.reading import demand, refused

SOURCES = {
    "an issue": (issue(), "github_issue"),
    "a pull request": (pull_request(), "github_pr"),
    "an OSV record": (osv(), "cve"),
    "an OSV record of little": ({"id": "MAL-1", "modified": "2026-01-01T00:00:00Z"}, "cve"),
    "a CVE record": (cve5(), "cve"),
    "a CVE record without its type": ({k: v for k, v in cve5().items() if k != "dataType"}, "cve"),
    "a refund": (refund(), "marketplace_refund"),
    "an installation": (refund(type="install"), "marketplace_install"),
    "a plain signal": (plain(), "internal_request"),
    "a wrapped signal": ({"pull_signal": plain()}, "internal_request"),
    "a plain signal of an advisory": ({"type": "cve", "source": "CVE-2026-1234"}, "cve"),
    "a plain signal of an event": ({"type": "marketplace_refund", "source": "evt-1"}, "marketplace_refund"),
    "a plain signal of an issue": ({"type": "github_issue", "source": "https://x/1"}, "github_issue"),
}


@pytest.mark.parametrize(("payload", "kind"), SOURCES.values(), ids=SOURCES)
def test_every_source_is_recognised(payload: Json, kind: str) -> None:
    assert demand(payload).type == kind


@pytest.mark.parametrize(
    "payload",
    [
        {"id": 5},
        {"id": "x", "state": "open"},
        {"ref": "refs/heads/main", "commits": []},
        {"zen": "Keep it logically awesome.", "hook_id": 1},
        {"CVE_data_meta": {"ID": "CVE-2020-1"}},
        {"document": {"category": "csaf_vex"}},
    ],
    ids=str,
)
def test_anything_else_is_an_invalid_signal(payload: Json) -> None:
    assert "webhook" in str(refused(payload, "invalid_signal").hint)


@pytest.mark.parametrize("payload", [None, [], [issue()], "x", 5, True], ids=str)
def test_what_is_no_object_is_an_invalid_signal(payload: object) -> None:
    refused(payload, "invalid_signal")


@pytest.mark.parametrize("payload", [issue(), pull_request(), refund(), plain()])
def test_options_go_before_what_a_payload_says(payload: Json) -> None:
    overrides: dict[str, Any] = {
        "title": "Mine",
        "description": "of mine",
        "bucket": "cost",
        "priority": 9,
        "labels": ["x"],
        "due_on": "2026-05-01T00:00:00Z",
    }
    found = signals.read_signal(payload, overrides)
    assert isinstance(found, signals.Demand)
    assert (found.title, found.description, found.labels) == ("Mine", "of mine", ("x",))
    assert (found.bucket, found.priority, found.due_on) == ("cost", 9, "2026-05-01T00:00:00.000Z")
    assert found.source_keys == demand(payload).source_keys
    assert found.metadata == demand(payload).metadata


@pytest.mark.parametrize("payload", [osv(), cve5()])
def test_an_advisory_stays_in_security_whatever_bucket_is_given(payload: Json) -> None:
    found = signals.read_signal(payload, {"bucket": "cost", "priority": 8})
    assert isinstance(found, signals.Demand)
    assert (found.bucket, found.priority) == ("security", 8)
