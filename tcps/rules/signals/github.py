"""GitHub webhook payloads of the events `issues` and `pull_request` (domain 4)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tcps.model import SignalType
from tcps.rules.signals.demand import Ignored, Reading
from tcps.rules.signals.payload import Payload, title

_OPENING = ("opened", "reopened", "labeled")
_TAKEN = {"issue": _OPENING, "pull_request": (*_OPENING, "ready_for_review")}
"""The actions that ask for something, by the object that they are about."""
_TYPES = {"issue": SignalType.GITHUB_ISSUE, "pull_request": SignalType.GITHUB_PR}
_OTHER_EVENTS = ("comment", "review")
"""What an event about an issue or a pull request has when it is not about the thing itself."""


def recognised(value: Mapping[str, Any]) -> bool:
    """Whether a payload is of this source."""
    return not value.keys().isdisjoint(_TAKEN)


def read(payload: Payload) -> Reading | Ignored:
    """What an event asks for; most ask for nothing."""
    about = "pull_request" if payload.has("pull_request") else "issue"
    action = payload.needed("action")
    other = next(filter(payload.has, _OTHER_EVENTS), None)
    if other is not None:
        return Ignored(f"it is about a {other}")
    if action not in _TAKEN[about]:
        return Ignored(
            f"the action {action[:40]} of {'an' if about == 'issue' else 'a'} {about} asks for nothing"
        )
    return _reading(payload, about, action)


def _reading(payload: Payload, about: str, action: str) -> Reading:
    subject = payload.inside(about)
    url = _url(subject)
    fields = {
        "type": _TYPES[about],
        "source": url,
        "title": title(subject.text("title")),
        "description": subject.text("body"),
        "labels": [label.needed("name") for label in subject.objects("labels")],
        "due_on": subject.inside("milestone").text("due_on") or None,
        "metadata": {
            "url": url,
            "number": subject.number("number"),
            "repository": payload.inside("repository").text("full_name") or None,
            "sender": payload.inside("sender").text("login") or None,
            "action": action,
        },
    }
    return Reading(fields)


def _url(subject: Payload) -> str:
    url = subject.needed("html_url")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise subject.invalid("html_url", f"must be a URL, not {url[:60]!r}")
    return url
