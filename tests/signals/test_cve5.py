"""CVE records in JSON 5.x (domain 4, table, third column)."""

from typing import Any

import pytest

from tests.signals.payloads import VECTOR_2, VECTOR_3, VECTOR_4, Json, cve5, metric
from tests.signals.reading import demand, refused


def test_a_record_gives_the_fields_of_the_table() -> None:
    found = demand(cve5())
    assert (found.type, found.source, found.source_keys) == ("cve", "CVE-2026-1234", ("CVE-2026-1234",))
    assert found.title == "CVE-2026-1234: Valve opens by itself"
    assert found.description == "A crafted header opens the valve."
    assert (found.bucket, found.priority, found.labels, found.due_on) == ("security", 10, (), None)
    assert found.metadata == {
        "advisory_id": "CVE-2026-1234",
        "aliases": [],
        "severity": "high",
        "cvss_score": 8.8,
        "cvss_vector": VECTOR_3,
        "published": "2026-01-10T12:00:00.000Z",
        "affected": [
            {
                "vendor": "Acme",
                "product": "Rocket",
                "versions": [{"version": "1.4.0", "status": "affected"}],
            }
        ],
    }


def test_without_a_title_it_is_the_start_of_the_description() -> None:
    long = "A" * 300
    assert demand(cve5(title=..., descriptions=[{"lang": "en", "value": long}])).title == (
        "CVE-2026-1234: " + "A" * 241
    )
    assert demand(cve5(title=..., descriptions=...)).title == "CVE-2026-1234"


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ([("de", "Ventil"), ("en", "valve"), ("en-US", "other")], "valve"),
        ([("de", "Ventil"), ("en-GB", "valve")], "valve"),
        ([("de", "Ventil"), ("fr", "soupape")], "Ventil"),
        ([(None, "valve")], "valve"),
        ([], ""),
    ],
)
def test_the_description_is_the_first_english_one_else_the_first(
    given: list[tuple[str | None, str]], description: str
) -> None:
    descriptions = [{"lang": lang, "value": value} for lang, value in given]
    assert demand(cve5(descriptions=descriptions)).description == description


def rated(metrics: list[Json], adp: list[list[Json]] | None = None) -> tuple[Any, Any, Any]:
    """Severity, score and vector of a record with these metrics of the CNA and of others."""
    metadata = demand(cve5(metrics=metrics, adp=[{"metrics": other} for other in adp or []])).metadata
    return metadata["severity"], metadata["cvss_score"], metadata["cvss_vector"]


@pytest.mark.parametrize("name", ["cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"])
def test_a_metric_of_each_version_counts_by_its_word(name: str) -> None:
    assert rated([metric(name, 1.0, "CRITICAL", "v")]) == ("critical", 1.0, "v")


@pytest.mark.parametrize(
    ("name", "score", "severity"),
    [
        ("cvssV4_0", 9.0, "critical"),
        ("cvssV3_1", 9, "critical"),
        ("cvssV3_0", 8.9, "high"),
        ("cvssV3_1", 0.0, "low"),
        ("cvssV2_0", 10.0, "high"),
        ("cvssV2_0", 6.9, "medium"),
    ],
)
@pytest.mark.parametrize("word", [None, "NONE", 5])
def test_without_a_known_word_it_counts_by_its_score(
    name: str, score: float, severity: str, word: object
) -> None:
    assert rated([metric(name, score, word)]) == (severity, score, None)


@pytest.mark.parametrize("score", [None, True, "9.8", -1, 11])
def test_without_word_and_score_it_counts_by_its_vector(score: object) -> None:
    assert rated([metric("cvssV4_0", score, None, VECTOR_4)]) == ("critical", 9.3, VECTOR_4)


def test_the_most_severe_counts_and_of_equals_the_one_with_the_highest_score() -> None:
    high, higher = metric("cvssV3_1", 7.1, "HIGH"), metric("cvssV3_0", 8.8, "HIGH", VECTOR_3)
    other = metric("cvssV2_0", 9.9, "MEDIUM")
    assert rated([other, high, {"format": "CVSS"}, higher, metric("other")]) == ("high", 8.8, VECTOR_3)
    both = metric("cvssV4_0", 5.0, "MEDIUM") | metric("cvssV2_0", 6.5, None, VECTOR_2)
    assert rated([both]) == ("medium", 6.5, VECTOR_2)


def test_what_others_say_counts_only_where_the_cna_says_nothing() -> None:
    low, critical = metric("cvssV3_1", 2.0, "LOW"), metric("cvssV3_1", 9.8, "CRITICAL")
    assert rated([low], [[critical]]) == ("low", 2.0, None)
    assert rated([metric("other")], [[low], [critical, low]]) == ("critical", 9.8, None)
    assert rated([metric("cvssV3_1", None, "NONE")], [[low]]) == ("low", 2.0, None)


def test_without_any_metric_it_is_unknown() -> None:
    assert rated([], [[metric("other")]]) == ("unknown", None, None)


def test_a_rejected_record_is_refused() -> None:
    record = cve5(state="REJECTED")
    del record["containers"]["cna"]["descriptions"]
    error = refused(record, "advisory_withdrawn")
    assert (error.exit_code, error.details) == (3, {"advisory_id": "CVE-2026-1234"})


NO_RECORD = {
    "metadata that are no object": cve5() | {"cveMetadata": []},
    "no metadata": {"dataType": "CVE_RECORD", "dataVersion": "5.1"},
    "no id": cve5() | {"cveMetadata": {"state": "PUBLISHED"}},
    "an id of another form": cve5() | {"cveMetadata": {"cveId": "GHSA-1"}},
    "a version before 5": cve5() | {"dataVersion": "4.0"},
    "a version that is no text": cve5() | {"dataVersion": 5},
    "a state that is no text": cve5() | {"cveMetadata": {"cveId": "CVE-2026-1", "state": 1}},
    "containers that are no object": cve5() | {"containers": []},
    "a title that is no text": cve5(title=5),
    "descriptions that are no list": cve5(descriptions="x"),
    "a description that is no text": cve5(descriptions=[{"lang": "en", "value": 5}]),
    "metrics that are no list": cve5(metrics={}),
    "a metric that is no object": cve5(metrics=[{"cvssV3_1": "HIGH"}]),
    "affected that is no list": cve5(affected={}),
    "an adp that is no list": cve5(metrics=[]) | {"containers": {"cna": {}, "adp": {}}},
}


@pytest.mark.parametrize("record", NO_RECORD.values(), ids=NO_RECORD)
def test_a_record_that_is_none_is_an_invalid_signal(record: Json) -> None:
    assert refused(record, "invalid_signal").details["fields"]
