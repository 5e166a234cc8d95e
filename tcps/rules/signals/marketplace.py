"""Events of a marketplace: installations and refunds (domain 4)."""

from collections.abc import Mapping
from typing import Any

from tcps.errors import missing
from tcps.model import SignalType
from tcps.rules.signals.demand import Reading
from tcps.rules.signals.payload import Payload, title

_TYPES = {"install": SignalType.MARKETPLACE_INSTALL, "refund": SignalType.MARKETPLACE_REFUND}
_LABELS = {"install": ("feature-request",), "refund": ("reliability", "customer-issue")}


def recognised(value: Mapping[str, Any]) -> bool:
    """Whether a payload is of this source."""
    return "event_id" in value or value.get("type") in tuple(_TYPES)


def read(payload: Payload) -> Reading:
    """What an event says. Raises InvalidInput: `missing_required_field` without an `event_id`."""
    kind = payload.text("type").lower()
    if kind not in _TYPES:
        raise payload.invalid("type", f"must be install or refund, not {kind[:40]!r}")
    event_id = payload.text("event_id")
    if not event_id:
        raise missing(["event_id"], "a marketplace event")
    key = f"marketplace:{kind}:{event_id}"
    fields = {
        "type": _TYPES[kind],
        "source": key,
        "title": title(payload.text("title") or f"{kind} {event_id}"),
        "description": payload.text("description"),
        "labels": _LABELS[kind],
        "metadata": dict(payload.value),
    }
    return Reading(fields, (key,))
