"""Security advisories (domain 4): how severe one is, and the Andon of a critical one."""

import re

from tcps.model import AndonEvent, FailureType, Json, Severity, SignalType, Stage, WorkOrder
from tcps.rules import andon
from tcps.rules.state import State

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._-]")


def word(stated: object) -> Severity | None:
    """The severity that a word of an advisory means, in any case; None for one that is not known."""
    text = stated.strip().lower() if isinstance(stated, str) else ""
    text = "medium" if text == "moderate" else text
    return Severity(text) if text in Severity.__members__.values() else None


def severity(metadata: Json) -> Severity:
    """An advisory's severity: the stated word, of which unknown or none is critical."""
    return word(metadata.get("severity")) or Severity.CRITICAL


def alarm(state: State, order: WorkOrder) -> AndonEvent | None:
    """A cve order of critical severity triggers an Andon in the same transaction."""
    signal = order.pull_signal
    if signal.type is not SignalType.CVE or severity(order.metadata) is not Severity.CRITICAL:
        return None
    return andon.trigger(
        state,
        sku_id=_NOT_IN_AN_ID.sub("-", signal.source or "")[:128],
        failure_type=FailureType.SECURITY_VULNERABILITY,
        stage=Stage.SECURITY_SCAN,
        severity=Severity.CRITICAL,
        work_order_id=order.id,
        details={"advisory": signal.source, "title": order.title},
    )
