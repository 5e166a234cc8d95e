"""Payloads as the sources send them: small, whole, and made up."""

import copy
from typing import Any

Json = dict[str, Any]
ISSUE_URL = "https://github.com/acme/rocket/issues/7"
PULL_URL = "https://github.com/acme/rocket/pull/8"
VECTOR_2 = "AV:N/AC:L/Au:S/C:P/I:P/A:P"  # 6.5
VECTOR_3 = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"  # 8.8
VECTOR_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"  # 9.3


def issue(action: str = "opened", *, extra: Json | None = None, **fields: Any) -> Json:
    """A webhook payload of the event `issues`; `fields` are those of the issue."""
    return _event("issue", ISSUE_URL, 7, action, extra, fields)


def pull_request(action: str = "opened", *, extra: Json | None = None, **fields: Any) -> Json:
    """A webhook payload of the event `pull_request`."""
    return _event("pull_request", PULL_URL, 8, action, extra, fields)


def _event(kind: str, url: str, number: int, action: str, extra: Json | None, fields: Json) -> Json:
    subject = {
        "url": url.replace("github.com", "api.github.com/repos"),
        "html_url": url,
        "id": 73464126,
        "number": number,
        "title": "Valve sticks",
        "body": "Since 1.4.0\r\nit sticks.",
        "state": "open",
        "locked": False,
        "user": {"login": "bob", "id": 2},
        "labels": [{"id": 1, "name": "bug", "default": True}, {"id": 2, "name": "priority: high"}],
        "milestone": {"title": "1.5", "due_on": "2026-03-01T08:00:00Z"},
    }
    return {
        "action": action,
        kind: subject | fields,
        "repository": {"id": 3, "name": "rocket", "full_name": "acme/rocket", "private": False},
        "sender": {"login": "carol", "id": 4},
    } | (extra or {})


def osv(**fields: Any) -> Json:
    """An OSV record with its severity in words and as a vector."""
    record = {
        "schema_version": "1.6.0",
        "id": "GHSA-aaaa-bbbb-cccc",
        "modified": "2026-01-11T00:00:00Z",
        "published": "2026-01-10T12:00:00Z",
        "aliases": ["CVE-2026-1234"],
        "summary": "Valve opens by itself",
        "details": "A crafted header opens the valve.\nUpgrade to 1.4.1.",
        "severity": [{"type": "CVSS_V3", "score": VECTOR_3}],
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "rocket", "purl": "pkg:pypi/rocket"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4.1"}]}],
                "versions": ["1.4.0"],
            }
        ],
        "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-20"]},
    }
    return _changed(record, fields)


def cve5(*, state: str = "PUBLISHED", adp: list[Json] | None = None, **cna: Any) -> Json:
    """A CVE record; `cna` are fields of the CNA's container."""
    container = {
        "providerMetadata": {"orgId": "0", "shortName": "acme"},
        "title": "Valve opens by itself",
        "descriptions": [
            {"lang": "de", "value": "Ein Kopf öffnet das Ventil."},
            {"lang": "en-US", "value": "A crafted header opens the valve."},
        ],
        "affected": [
            {
                "vendor": "Acme",
                "product": "Rocket",
                "versions": [{"version": "1.4.0", "status": "affected"}],
                "defaultStatus": "unaffected",
            }
        ],
        "metrics": [metric("cvssV3_1", 8.8, "HIGH", VECTOR_3)],
    }
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": "CVE-2026-1234",
            "state": state,
            "datePublished": "2026-01-10T12:00:00.000Z",
        },
        "containers": {"cna": _changed(container, cna), "adp": adp or []},
    }


def metric(name: str, score: Any = None, severity: Any = None, vector: Any = None) -> Json:
    """A metric of a CVE record, with what is not None."""
    said = {"baseScore": score, "baseSeverity": severity, "vectorString": vector}
    return {name: {key: value for key, value in said.items() if value is not None}}


def refund(**fields: Any) -> Json:
    """A refund at the marketplace."""
    event = {"type": "refund", "event_id": "evt-1", "title": "Does not start", "customer": {"id": 5}}
    return _changed(event | {"description": "It shows a blank page."}, fields)


def plain(**fields: Any) -> Json:
    """A plain signal."""
    return {"type": "internal_request", "title": "Rotate the keys"} | fields


def real_ones() -> list[Json]:
    """One payload of each source."""
    return copy.deepcopy([issue(), pull_request(), osv(), cve5(), refund(), {"pull_signal": plain()}])


def _changed(record: Json, fields: Json) -> Json:
    """The record with other fields; `...` takes one away."""
    return {name: value for name, value in (record | fields).items() if value is not ...}
