"""OSV records (domain 4, table, second column)."""

from typing import Any

import pytest

from tests.signals.payloads import VECTOR_2, VECTOR_3, VECTOR_4, Json, osv
from tests.signals.reading import demand, refused


def test_a_record_gives_the_fields_of_the_table() -> None:
    found = demand(osv())
    assert (found.type, found.source) == ("cve", "CVE-2026-1234")
    assert found.source_keys == ("GHSA-aaaa-bbbb-cccc", "CVE-2026-1234")
    assert found.title == "CVE-2026-1234: Valve opens by itself"
    assert found.description == "A crafted header opens the valve.\nUpgrade to 1.4.1."
    assert (found.bucket, found.priority, found.labels, found.due_on) == ("security", 10, (), None)
    assert found.metadata == {
        "advisory_id": "GHSA-aaaa-bbbb-cccc",
        "aliases": ["CVE-2026-1234"],
        "severity": "high",
        "cvss_score": 8.8,
        "cvss_vector": VECTOR_3,
        "published": "2026-01-10T12:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "rocket"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4.1"}]}],
                "versions": ["1.4.0"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("own", "aliases", "canonical"),
    [
        ("GHSA-1", ["CVE-2026-9", "CVE-2025-10000", "PYSEC-1"], "CVE-2025-10000"),
        ("GHSA-1", ["CVE-2026-10000", "CVE-2026-9999"], "CVE-2026-9999"),
        ("CVE-2024-1", ["CVE-2026-1"], "CVE-2024-1"),
        ("RHSA-2022:0216", [], "RHSA-2022:0216"),
        ("PYSEC-1", ["GHSA-1", "CVE-2024-x", "xCVE-2024-1"], "PYSEC-1"),
        ("MAL-1", None, "MAL-1"),
    ],
)
def test_the_canonical_id_is_the_smallest_cve_id_else_its_own(
    own: str, aliases: list[str] | None, canonical: str
) -> None:
    found = demand(osv(id=own, aliases=aliases))
    assert found.source == canonical
    assert found.title.startswith(f"{canonical}: ")
    assert found.source_keys == (own, *(aliases or ()))


@pytest.mark.parametrize(
    ("summary", "details", "title", "description"),
    [
        ("Short", "Long\nlonger", "CVE-2026-1234: Short", "Long\nlonger"),
        (None, "\nLong\nlonger", "CVE-2026-1234: Long", "Long\nlonger"),
        (" ", "Long", "CVE-2026-1234: Long", "Long"),
        ("Short", None, "CVE-2026-1234: Short", "Short"),
        (None, None, "CVE-2026-1234", ""),
        ("x" * 300, "", "CVE-2026-1234: " + "x" * 241, "x" * 300),
    ],
)
def test_title_and_description_come_from_summary_and_details(
    summary: str | None, details: str | None, title: str, description: str
) -> None:
    found = demand(osv(summary=summary, details=details))
    assert (found.title, found.description) == (title, description)


def rated(**fields: Any) -> tuple[Any, Any, Any]:
    """Severity, score and vector of a record."""
    metadata = demand(osv(**fields)).metadata
    return metadata["severity"], metadata["cvss_score"], metadata["cvss_vector"]


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("LOW", "low"),
        ("MODERATE", "medium"),
        ("HIGH", "high"),
        ("CRITICAL", "critical"),
        ("moderate", "medium"),
    ],
)
def test_the_stated_word_is_the_severity_whatever_the_vectors_say(word: str, severity: str) -> None:
    assert rated(database_specific={"severity": word}) == (severity, 8.8, VECTOR_3)


def vectors(*given: object) -> list[Json]:
    return [{"type": "CVSS_V3", "score": vector} for vector in given]


@pytest.mark.parametrize(
    "specific", [..., None, {}, {"severity": None}, {"severity": "UNKNOWN"}, {"severity": 7}]
)
def test_without_a_known_word_it_is_that_of_the_highest_vector(specific: object) -> None:
    given = vectors(VECTOR_2, VECTOR_4, VECTOR_3)
    assert rated(database_specific=specific, severity=given) == ("critical", 9.3, VECTOR_4)


def test_the_vectors_of_what_is_affected_count_too() -> None:
    affected = [{"package": {"name": "a"}, "severity": vectors(VECTOR_4)}, {"severity": vectors(VECTOR_2)}]
    assert rated(database_specific=..., affected=affected) == ("critical", 9.3, VECTOR_4)


def test_a_vector_of_2_0_has_the_bands_of_2_0() -> None:
    worst = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
    assert rated(database_specific=..., severity=vectors(worst)) == ("high", 10.0, worst)


def test_what_is_no_vector_does_not_count() -> None:
    given = [{"type": "Ubuntu", "score": "high"}, *vectors("7.5", 9, None, "CVSS:3.1/AV:N", VECTOR_2)]
    assert rated(database_specific=..., severity=given) == ("medium", 6.5, VECTOR_2)


def test_without_word_and_vector_it_is_unknown() -> None:
    assert rated(database_specific={"severity": "?"}, severity=...) == ("unknown", None, None)


def test_a_withdrawn_record_is_refused() -> None:
    error = refused(osv(withdrawn="2026-01-12T00:00:00Z"), "advisory_withdrawn")
    assert error.exit_code == 3
    assert error.details == {"advisory_id": "GHSA-aaaa-bbbb-cccc"}


def test_a_record_that_was_not_withdrawn_may_say_so() -> None:
    assert demand(osv(withdrawn=None)).source == "CVE-2026-1234"


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": " "},
        {"id": 5},
        {"aliases": "CVE-2026-1234"},
        {"aliases": [5]},
        {"summary": {}},
        {"details": []},
        {"published": 5},
        {"severity": {}},
        {"severity": ["HIGH"]},
        {"affected": {}},
        {"affected": ["rocket"]},
        {"affected": [{"package": "rocket"}]},
        {"database_specific": "HIGH"},
    ],
    ids=str,
)
def test_a_record_that_is_none_is_an_invalid_signal(fields: Json) -> None:
    assert refused(osv(**fields), "invalid_signal").details["fields"]


def test_only_what_is_there_is_kept_of_what_is_affected() -> None:
    assert demand(osv(affected=[{"package": {"name": "a"}}, {}])).metadata["affected"] == [
        {"package": {"name": "a"}},
        {},
    ]
