"""Payloads as others publish them, in the folder TCPS_SHARED_DATA; without one, nothing is tried.

It has the folders github-webhooks, osv and cve5, with the files below.
"""

import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tcps.errors import Refused
from tcps.rules import signals
from tcps.rules.signals import Demand, Ignored
from tcps.service import intake
from tcps.service.intake import Options
from tcps.store import Store
from tests.signals.payloads import Json

FOLDER = Path(os.environ.get("TCPS_SHARED_DATA", ""))
pytestmark = pytest.mark.skipif(
    "TCPS_SHARED_DATA" not in os.environ, reason="TCPS_SHARED_DATA names the folder of published payloads"
)


class Hook(NamedTuple):
    """What a webhook payload must give."""

    type: str
    url: str
    title: str
    bucket: str
    priority: int
    labels: tuple[str, ...]
    due_on: str | None
    metadata: Json


class Advisory(NamedTuple):
    """What an advisory must give."""

    source: str
    keys: tuple[str, ...]
    title: str
    severity: str
    score: float | None
    vector: str | None
    published: str
    affected: str | None


def _codertocat(number: int, action: str, kind: str) -> Json:
    return {
        "url": f"https://github.com/Codertocat/Hello-World/{kind}/{number}",
        "number": number,
        "repository": "Codertocat/Hello-World",
        "sender": "Codertocat",
        "action": action,
    }


HOOKS = {
    f"issues.{action}.json": Hook(
        type="github_issue",
        url="https://github.com/Codertocat/Hello-World/issues/1",
        title="Spelling error in the README file",
        bucket="reliability",
        priority=6,
        labels=("bug",),
        due_on="2019-05-23T07:00:00.000Z",
        metadata=_codertocat(1, action, "issues"),
    )
    for action in ("opened", "labeled")
}
HOOKS["pull_request.opened.json"] = Hook(
    type="github_pr",
    url="https://github.com/Codertocat/Hello-World/pull/2",
    title="Update the README with new information.",
    bucket="reliability",
    priority=6,
    labels=("bug",),
    due_on=None,
    metadata=_codertocat(2, "opened", "pull"),
)
IGNORED = ["issues.closed.json", "pull_request.closed-unmerged.json", "pull_request.closed.go-scm.json"]
ADVISORIES = {
    "osv/GHSA-9v2f-6vcg-3hgv.json": Advisory(
        source="CVE-2024-39236",
        keys=("GHSA-9v2f-6vcg-3hgv", "CVE-2024-39236"),
        title="CVE-2024-39236: Gradio was discovered to contain a code injection vulnerability via the",
        severity="critical",
        score=9.8,
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        published="2024-07-01T21:31:15Z",
        affected="Gradio",
    ),
    "osv/PYSEC-2023-74.json": Advisory(
        source="CVE-2023-32681",
        keys=("PYSEC-2023-74", "CVE-2023-32681", "GHSA-j8r2-6x86-q33q"),
        title="CVE-2023-32681: Requests is a HTTP library. Since Requests 2.3.0, Requests has been leaking",
        severity="unknown",
        score=None,
        vector=None,
        published="2023-05-26T18:15:00Z",
        affected="requests",
    ),
    "osv/MAL-2024-10238.json": Advisory(
        source="MAL-2024-10238",
        keys=("MAL-2024-10238",),
        title="MAL-2024-10238: Malicious code in 123bla (PyPI)",
        severity="unknown",
        score=None,
        vector=None,
        published="2024-10-27T13:55:45Z",
        affected="123bla",
    ),
    "osv/RHSA-2022_0216.json": Advisory(
        source="RHSA-2022:0216",
        keys=("RHSA-2022:0216",),
        title="RHSA-2022:0216: Red Hat Security Advisory: Red Hat JBoss Enterprise Application Platform 7.4",
        severity="high",
        score=8.1,
        vector="CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
        published="2024-09-01T17:42:35Z",
        affected=None,
    ),
    "osv/GHSA-76mp-659p-rw65.json": Advisory(
        source="CVE-2021-32620",
        keys=("GHSA-76mp-659p-rw65", "CVE-2021-32620"),
        title="CVE-2021-32620: Users registered with email verification can self re-activate their disabled",
        severity="unknown",
        score=None,
        vector=None,
        published="2021-05-18T18:36:21Z",
        affected="org.xwiki.commons:xwiki-commons-core",
    ),
    "cve5/CVE-2024-34625.json": Advisory(
        source="CVE-2024-34625",
        keys=("CVE-2024-34625",),
        title="CVE-2024-34625: Out-of-bounds read in applying connection point in Samsung Notes prior to",
        severity="medium",
        score=5.5,
        vector="CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
        published="2024-08-07T01:30:20.848Z",
        affected="Samsung Notes",
    ),
    "cve5/CVE-2024-48706.json": Advisory(
        source="CVE-2024-48706",
        keys=("CVE-2024-48706",),
        title="CVE-2024-48706: Collabtive 3.1 is vulnerable to Cross-site scripting (XSS) via the title",
        severity="medium",
        score=5.4,
        vector="CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N",
        published="2024-10-22T00:00:00",
        affected="n/a",
    ),
    "cve5/CVE-2024-10072.json": Advisory(
        source="CVE-2024-10072",
        keys=("CVE-2024-10072",),
        title="CVE-2024-10072: ESAFENET CDG EncryptPolicyService.java actionAddEncryptPolicyGroup sql",
        severity="medium",
        score=6.5,
        vector="AV:N/AC:L/Au:S/C:P/I:P/A:P",
        published="2024-10-17T16:31:06.271Z",
        affected="CDG",
    ),
    "cve5/CVE-2024-47764.json": Advisory(
        source="CVE-2024-47764",
        keys=("CVE-2024-47764",),
        title="CVE-2024-47764: cookie accepts cookie name, path, and domain with out of bounds characters",
        severity="medium",
        score=6.9,
        vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
        published="2024-10-04T19:09:46.640Z",
        affected="cookie",
    ),
    "cve5/CVE-2024-37768.json": Advisory(
        source="CVE-2024-37768",
        keys=("CVE-2024-37768",),
        title="CVE-2024-37768: 14Finger v1.1 was discovered to contain an arbitrary user deletion",
        severity="unknown",
        score=None,
        vector=None,
        published="2024-07-05T00:00:00",
        affected="n/a",
    ),
}
WITHDRAWN = ["osv/withdrawn.osvdev.json", "cve5/CVE-2024-47725.json"]


def published(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def demand(name: str) -> Demand:
    found = signals.read_signal(published(name))
    assert isinstance(found, Demand)
    return found


@pytest.mark.parametrize("name", HOOKS)
def test_a_webhook_payload_is_read(name: str) -> None:
    found, wanted = demand(f"github-webhooks/{name}"), HOOKS[name]
    assert (found.type, found.source, found.source_keys) == (wanted.type, wanted.url, (wanted.url,))
    assert (found.title, found.labels, found.due_on) == (wanted.title, wanted.labels, wanted.due_on)
    assert (found.bucket, found.priority) == (wanted.bucket, wanted.priority)
    assert found.metadata == wanted.metadata
    assert found.description


@pytest.mark.parametrize("name", IGNORED)
def test_a_webhook_payload_of_another_action_is_ignored(name: str) -> None:
    assert isinstance(signals.read_signal(published(f"github-webhooks/{name}")), Ignored)


@pytest.mark.parametrize("name", ADVISORIES)
def test_an_advisory_is_read(name: str) -> None:
    found, wanted = demand(name), ADVISORIES[name]
    metadata = found.metadata
    assert (found.type, found.bucket, found.priority) == ("cve", "security", 10)
    assert (found.source, found.source_keys) == (wanted.source, wanted.keys)
    assert found.title.startswith(wanted.title)
    assert len(found.title) <= 256
    assert found.description
    rating = (metadata["severity"], metadata["cvss_score"], metadata["cvss_vector"])
    assert rating == (wanted.severity, wanted.score, wanted.vector)
    assert metadata["advisory_id"] == wanted.keys[0]
    assert metadata["aliases"] == list(wanted.keys[1:])
    assert metadata["published"] == wanted.published
    names = [one.get("product") or one["package"]["name"] for one in metadata["affected"]]
    assert names == ([] if wanted.affected is None else [wanted.affected])


@pytest.mark.parametrize("name", WITHDRAWN)
def test_a_withdrawn_advisory_is_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        signals.read_signal(published(name))
    assert caught.value.code == "advisory_withdrawn"


def test_every_file_of_the_folders_is_read_here() -> None:
    folders = ("github-webhooks", "osv", "cve5")
    there = {f"{folder}/{path.name}" for folder in folders for path in (FOLDER / folder).iterdir()}
    hooks = {f"github-webhooks/{name}" for name in (*HOOKS, *IGNORED)}
    assert there == hooks | {*ADVISORIES, *WITHDRAWN}


def test_all_of_them_come_in_one_file(store: Store) -> None:
    names = [*(f"github-webhooks/{name}" for name in (*HOOKS, *IGNORED)), *ADVISORIES, *WITHDRAWN]
    text = "\n".join(json.dumps(published(name)) for name in names)
    results = list(intake.take(store, io.BytesIO(text.encode()), Options(skip_invalid=True))[1])
    assert [result.outcome for result in results] == [
        *("created", "duplicate", "created"),
        *["ignored"] * 3,
        *["created"] * len(ADVISORIES),
        *["invalid"] * 2,
    ]
    stopped = [
        result.order["pull_signal"]["source"] for result in results if result.andon_id and result.order
    ]
    assert stopped == [
        *("CVE-2024-39236", "CVE-2023-32681", "MAL-2024-10238", "CVE-2021-32620", "CVE-2024-37768")
    ]
