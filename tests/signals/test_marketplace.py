"""Events of a marketplace (domain 4, table, fourth column)."""

import pytest

from tests.signals.payloads import refund
from tests.signals.reading import demand, refused


def test_a_refund_gives_the_fields_of_the_table() -> None:
    event = refund()
    found = demand(event)
    key = "marketplace:refund:evt-1"
    assert (found.type, found.source, found.source_keys) == ("marketplace_refund", key, (key,))
    assert (found.title, found.description) == ("Does not start", "It shows a blank page.")
    assert found.labels == ("reliability", "customer-issue")
    assert found.metadata == event
    assert (found.bucket, found.priority, found.due_on) == ("reliability", 8, None)


def test_an_installation_is_a_request_for_a_feature() -> None:
    found = demand(refund(type="install", title=..., description=...))
    assert (found.type, found.source_keys) == ("marketplace_install", ("marketplace:install:evt-1",))
    assert (found.title, found.description) == ("install evt-1", "")
    assert (found.labels, found.bucket, found.priority) == (("feature-request",), "features", 4)


def test_an_event_has_the_key_of_the_plain_signal_of_its_type() -> None:
    same = {"type": "marketplace_refund", "source": "marketplace:refund:evt-1"}
    assert demand(refund()).source_keys == demand(same).source_keys


def test_an_id_cannot_take_the_key_of_another_type() -> None:
    assert demand(refund(event_id="marketplace:install:1")).source_keys == (
        "marketplace:refund:marketplace:install:1",
    )


@pytest.mark.parametrize("kind", ["uninstall", "", None, 5, ["refund"]])
def test_an_event_of_another_type_is_an_invalid_signal(kind: object) -> None:
    assert refused(refund(type=kind), "invalid_signal").details["fields"] == ["type"]


@pytest.mark.parametrize("event_id", [..., None, " "])
def test_an_event_needs_its_id(event_id: object) -> None:
    error = refused(refund(event_id=event_id), "missing_required_field")
    assert error.details["fields"] == ["event_id"]


def test_an_id_that_is_no_text_is_an_invalid_signal() -> None:
    assert refused(refund(event_id=5), "invalid_signal").details["fields"] == ["event_id"]
