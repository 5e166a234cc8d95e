"""Security advisories (domain 4): how severe one is, and the Andon of a critical one."""

import re

from tcps.model import AndonEvent, FailureType, Json, Severity, SignalType, Stage, WorkOrder
from tcps.rules import andon
from tcps.rules.state import State

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._-]")


def severity(metadata: Json) -> Severity:
    """An advisory's severity: the stated word, of which unknown or none is critical."""
    stated = str(metadata.get("severity", "")).strip().lower()
    stated = "medium" if stated == "moderate" else stated
    return Severity(stated) if stated in Severity.__members__.values() else Severity.CRITICAL


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
