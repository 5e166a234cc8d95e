"""Webhook payloads of GitHub (domain 4, table, first column)."""

import pytest

from tests.signals.payloads import ISSUE_URL, PULL_URL, Json, issue, pull_request
from tests.signals.reading import demand, ignored, refused

NO_ISSUE = {
    "no action": issue() | {"action": None},
    "an action that is no text": issue() | {"action": 5},
    "an issue that is no object": issue() | {"issue": "x"},
    "an issue without a URL": issue(html_url=None),
    "an issue whose URL is none": issue(html_url="rocket#7"),
    "an issue whose URL has no host": issue(html_url="https:///rocket"),
    "an issue whose URL is broken": issue(html_url="https://[rocket"),
    "an issue whose title is no text": issue(title=7),
    "an issue whose body is no text": issue(body=["x"]),
    "labels that are no list": issue(labels="bug"),
    "labels that are no objects": issue(labels=["bug"]),
    "a label without a name": issue(labels=[{"id": 1}]),
    "a number that is none": issue(number="7"),
    "a milestone that is no object": issue(milestone="1.5"),
    "a repository that is no object": issue(extra={"repository": []}),
    "a pull request that is no object": pull_request() | {"pull_request": 8},
}


def test_an_issue_gives_the_fields_of_the_table() -> None:
    found = demand(issue())
    assert (found.type, found.source, found.source_keys) == ("github_issue", ISSUE_URL, (ISSUE_URL,))
    assert (found.title, found.description) == ("Valve sticks", "Since 1.4.0\nit sticks.")
    assert found.labels == ("bug", "priority: high")
    assert found.due_on == "2026-03-01T08:00:00.000Z"
    assert found.metadata == {
        "url": ISSUE_URL,
        "number": 7,
        "repository": "acme/rocket",
        "sender": "carol",
        "action": "opened",
    }
    assert (found.bucket, found.priority) == ("reliability", 7)


def test_a_pull_request_gives_the_fields_of_the_table() -> None:
    found = demand(pull_request("labeled", labels=[{"name": "refactor"}]))
    assert (found.type, found.source_keys, found.metadata["number"]) == ("github_pr", (PULL_URL,), 8)
    assert (found.bucket, found.priority, found.metadata["action"]) == ("technical_debt", 3, "labeled")


@pytest.mark.parametrize("milestone", [None, {"title": "1.5", "due_on": None}, {"title": "1.5"}])
def test_without_a_due_milestone_there_is_no_due_on(milestone: Json | None) -> None:
    assert demand(issue(milestone=milestone)).due_on is None


def test_a_body_that_is_null_is_an_empty_description() -> None:
    assert demand(issue(body=None)).description == ""


def test_a_long_title_is_cut_to_256_characters() -> None:
    assert demand(issue(title="x" * 300)).title == "x" * 256


def test_a_title_that_is_blank_is_the_url() -> None:
    assert demand(issue(title=" ")).title == ISSUE_URL


def test_what_a_payload_does_not_say_is_null() -> None:
    found = demand({"action": "opened", "issue": {"html_url": ISSUE_URL}})
    assert found.metadata == {
        "url": ISSUE_URL,
        "number": None,
        "repository": None,
        "sender": None,
        "action": "opened",
    }
    assert (found.title, found.labels, found.bucket) == (ISSUE_URL, (), "features")


@pytest.mark.parametrize("action", ["opened", "reopened", "labeled"])
def test_an_issue_is_taken_when_it_is_opened_reopened_or_labeled(action: str) -> None:
    assert demand(issue(action)).metadata["action"] == action


@pytest.mark.parametrize("action", ["opened", "reopened", "labeled", "ready_for_review"])
def test_a_pull_request_is_also_taken_when_it_is_ready_for_review(action: str) -> None:
    assert demand(pull_request(action)).metadata["action"] == action


@pytest.mark.parametrize(
    "payload",
    [
        *map(issue, ["closed", "edited", "deleted", "unlabeled", "assigned", "ready_for_review", "OPENED"]),
        *map(pull_request, ["closed", "synchronize", "edited", "converted_to_draft"]),
    ],
)
def test_any_other_action_is_ignored(payload: Json) -> None:
    assert payload["action"] in ignored(payload)


@pytest.mark.parametrize(
    ("payload", "about"),
    [
        (issue(extra={"comment": {"body": "me too"}}), "comment"),
        (pull_request(extra={"comment": {"body": "me too"}}), "comment"),
        (pull_request(extra={"review": {"state": "approved"}}), "review"),
        ({"action": "opened", "issue": {}, "comment": {}}, "comment"),
    ],
)
def test_an_event_about_a_comment_or_a_review_is_ignored(payload: Json, about: str) -> None:
    assert about in ignored(payload)


@pytest.mark.parametrize("payload", NO_ISSUE.values(), ids=NO_ISSUE)
def test_a_payload_that_is_none_is_an_invalid_signal(payload: Json) -> None:
    error = refused(payload, "invalid_signal")
    assert error.exit_code == 2
    assert error.details["fields"]


def test_a_due_on_that_is_no_time_is_refused() -> None:
    refused(issue(milestone={"due_on": "soon"}), "invalid_timestamp")


def test_a_control_character_is_refused() -> None:
    assert refused(issue(body="a\x1b[31m"), "invalid_field").details["fields"] == ["description"]
