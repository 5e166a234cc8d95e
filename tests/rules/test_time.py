"""Time as it is read and written (domain 2, time)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.model import from_ms, parse_timestamp, to_ms

MOMENTS = st.integers(min_value=0, max_value=253_402_300_799_999)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-20T10:00:00Z", "2026-01-20T10:00:00.000Z"),
        ("2026-01-20t10:00:00.5z", "2026-01-20T10:00:00.500Z"),
        ("2026-01-20T12:00:00.123456789+02:00", "2026-01-20T10:00:00.123Z"),
        ("2026-01-20T10:00:00.9999999Z", "2026-01-20T10:00:00.999Z"),
        ("2026-01-19T22:30:00-11:30", "2026-01-20T10:00:00.000Z"),
        ("2026-01-20T10:00:00-00:00", "2026-01-20T10:00:00.000Z"),
        ("  2026-01-20T10:00:00Z\n", "2026-01-20T10:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_any_offset_and_fraction_is_read_and_cut_to_milliseconds(text: str, written: str) -> None:
    assert parse_timestamp(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-20T10:00:00",
        "2026-01-20T10:00:00.000",
        "2026-01-20",
        "2026-01-20 10:00:00Z",
        "20260120T100000Z",
        "2026-01-20T10:00Z",
        "2026-W04-2T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-01-20T24:00:00Z",
        "2026-01-20T10:00:60Z",
        "2026-01-20T10:00:00,5Z",
        "2026-01-20T10:00:00+0200",
        "2026-01-20T10:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-01-20T10:00:00Z",
        "yesterday",
        "",
        None,
        1_768_903_200,
        True,
    ],
)
def test_a_naive_or_malformed_time_is_refused_naming_its_field(text: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_timestamp(text, "due_on")
    assert caught.value.code == "invalid_timestamp"
    assert caught.value.details["fields"] == ["due_on"]


@given(MOMENTS)
def test_milliseconds_survive_being_written_and_read(ms: int) -> None:
    written = from_ms(ms)
    assert to_ms(written) == ms
    assert parse_timestamp(written) == written
    assert len(written) == len("2026-01-20T10:00:00.000Z")


@given(MOMENTS, MOMENTS)
def test_timestamps_compare_as_text_in_the_order_of_time(first: int, second: int) -> None:
    assert (from_ms(first) < from_ms(second)) == (first < second)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-1439, 1439))
def test_the_same_moment_in_any_offset_is_the_same_timestamp(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_timestamp(elsewhere.isoformat()) == parse_timestamp(moment.isoformat())
