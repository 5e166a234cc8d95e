"""What holds of every record that is written, whatever made it (domain 2, 5, 7, 8.1, 10.2, 11, 12.3, 13.1).

The operations see to it. It is looked at once more when a record is put, so that neither a caller who puts
records of his own nor a fault in a rule leaves one behind that breaks it. `shapes.ttl` says
the same of the graph; a test holds both against each other.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tcps.errors import InvalidInput
from tcps.model import (
    Analysis,
    AnalysisStatus,
    AndonEvent,
    AndonStatus,
    Artifact,
    Improvement,
    Policy,
    Receipt,
    ReceiptStatus,
    Record,
    Sku,
    SkuStatus,
    TpmRun,
    WorkOrder,
    WorkOrderStatus,
    number_of,
)
from tcps.model.text import ARTIFACTS, LABEL, LABELS, TEXT, TITLE, is_id
from tcps.rules.andon import LOGGED
from tcps.rules.root_cause import WHYS

Rule = tuple[str, Callable[[Any], bool]]
"""What holds, and whether it does."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def faults(record: Record) -> list[str]:
    """What does not hold of a record, of all that should."""
    return [rule for rule, holds in RULES[type(record)] if not holds(record)]


def require(record: Record) -> None:
    """Raise InvalidInput (`invalid_field`) for a record of which something does not hold."""
    if broken := faults(record):
        name = f"{record.kind.replace('_', ' ')} {record.id}"
        raise InvalidInput(
            f"{name} cannot be written, for this does not hold: {broken[0]}",
            details={"fields": [record.kind], "rules": broken},
        )


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_said(text: str, limit: int = TEXT) -> bool:
    return len(text) <= limit and not (text == "" or text.isspace())


def _is_numbered(record: Record) -> bool:
    number = number_of(record.id, record.kind)
    return number > 0 and record.id.endswith(f"-{number}")


def _is_sound(artifact: Artifact) -> bool:
    return _SHA256.fullmatch(artifact.sha256) is not None and artifact.size >= 0


def _has_good_deadline(order: WorkOrder) -> bool:
    deadline = order.sla_deadline
    return deadline is None or deadline > order.created_at or deadline == order.due_on


def _is_judged(receipt: Receipt) -> bool:
    gate = receipt.evidence.get("gate")
    violated = isinstance(gate, dict) and bool(gate.get("violations"))
    return not violated or receipt.status is ReceiptStatus.FAIL


def _is_resolved(andon: AndonEvent) -> bool:
    how = andon.resolution
    if how is None:
        return True
    texts = (how.root_cause, how.fix_applied, how.prevention_added)
    return all(map(_is_said, texts)) and _is_time(how.resolved_at)


def _is_concluded(analysis: Analysis) -> bool:
    if analysis.status is not AnalysisStatus.FINALIZED:
        return True
    return bool(analysis.root_cause and analysis.prevention_action) and len(analysis.whys) == WHYS


_REVISION: Rule = ("its revision is 1 or more", lambda one: one.revision >= 1)
_NUMBERED: Rule = ("its id is its kind's and a number", _is_numbered)
_CREATED: Rule = ("it says when it was made", lambda one: _is_time(one.created_at))
_MAKER: Rule = ("it says who made it, in at most 128 characters", lambda one: _is_said(one.created_by, LABEL))
RULES: dict[type[Record], tuple[Rule, ...]] = {
    WorkOrder: (
        _REVISION,
        _NUMBERED,
        _CREATED,
        _MAKER,
        ("its title has 1 to 256 characters", lambda one: _is_said(one.title, TITLE)),
        ("its priority is 1 to 10", lambda one: 1 <= one.priority <= 10),
        (
            "it has at most 100 labels, of at most 128 characters each",
            lambda one: len(one.labels) <= LABELS and all(_is_said(label, LABEL) for label in one.labels),
        ),
        ("its deadline comes after its creation, or is the day that was asked for", _has_good_deadline),
        (
            "it says when it was completed, if it was",
            lambda one: (one.completed_at is not None) is (one.status is WorkOrderStatus.COMPLETED),
        ),
        (
            "it says when it was cancelled, if it was",
            lambda one: (one.cancelled_at is not None) is (one.status is WorkOrderStatus.CANCELLED),
        ),
        (
            "it has a place in a queue, if it is queued",
            lambda one: bool(one.queue_key) is (one.status is WorkOrderStatus.QUEUED),
        ),
    ),
    Sku: (
        _REVISION,
        _CREATED,
        _MAKER,
        ("its id is one", lambda one: is_id(one.id)),
        ("it counts its receipts", lambda one: one.receipt_count >= 0),
        ("it names the digest of its newest receipt", lambda one: _DIGEST.fullmatch(one.head) is not None),
        ("it is at a stage", lambda one: len(one.history) >= 1),
        (
            "it says when it was published, if it was",
            lambda one: (one.published_at is not None) is (one.status is SkuStatus.PUBLISHED),
        ),
        ("it says when it ended, if it did", lambda one: (one.ended_at is None) is one.status.active),
    ),
    Receipt: (
        _REVISION,
        _NUMBERED,
        ("it says when it was", lambda one: _is_time(one.timestamp)),
        ("it says whose it is", lambda one: _is_said(one.actor, LABEL)),
        ("its sequence is 1 or more", lambda one: one.sequence >= 1),
        ("its duration is not negative", lambda one: one.duration_ms >= 0),
        ("it names the digest of the one before", lambda one: _DIGEST.fullmatch(one.previous) is not None),
        ("it has failed, if its gate was not met", _is_judged),
        (
            "it has at most 1000 artifacts, each with its SHA-256 and its size",
            lambda one: len(one.artifacts) <= ARTIFACTS and all(map(_is_sound, one.artifacts)),
        ),
    ),
    AndonEvent: (
        _REVISION,
        _NUMBERED,
        _CREATED,
        _MAKER,
        ("it has occurred", lambda one: one.occurrences >= 1),
        ("it keeps at most 100 occurrences", lambda one: len(one.occurrence_log) <= LOGGED),
        ("it is escalated to 0, 1 or 2", lambda one: 0 <= one.escalation_level <= 2),
        (
            "it has a resolution, if it is resolved",
            lambda one: (one.resolution is not None) is (one.status is AndonStatus.RESOLVED),
        ),
        ("its resolution has its three texts and its time", _is_resolved),
    ),
    Analysis: (
        _REVISION,
        _NUMBERED,
        _CREATED,
        ("it states the problem", lambda one: _is_said(one.problem)),
        ("it has at most five whys", lambda one: len(one.whys) <= WHYS),
        ("it has five whys, a root cause and a prevention, if it is finalized", _is_concluded),
    ),
    Improvement: (
        _REVISION,
        _NUMBERED,
        _CREATED,
        ("its waste is not negative", lambda one: one.weekly_waste_hours >= 0),
    ),
    TpmRun: (
        _REVISION,
        _NUMBERED,
        ("its score is 0 to 100", lambda one: 0 <= one.score <= 100),
    ),
    Policy: (_REVISION,),
}
