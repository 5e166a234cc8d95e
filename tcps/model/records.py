"""The records of production (domain 5, 7, 8, 10, 14): immutable, typed, as they are stored.

A record's JSON form has exactly these fields. Those that only the system sets have a default, so
that a caller who makes a record may leave them out.
"""

from typing import Any, ClassVar

import msgspec

from tcps.model.enums import (
    AndonStatus,
    Bucket,
    FailureType,
    ReceiptStatus,
    Severity,
    SignalType,
    SkuStatus,
    Stage,
    WorkOrderStatus,
)
from tcps.model.time import Timestamp

Json = dict[str, Any]
NEVER = Timestamp("")
"""The value of a system-set time in a record that the store has not taken yet."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value inside a record."""


class Record(Part, frozen=True, kw_only=True):
    """What every record has: a kind, an id, and a revision (1 when created, +1 per change)."""

    kind: ClassVar[str]
    id_field: ClassVar[str]
    revision: int = 0

    @property
    def id(self) -> str:
        """The value of the record's own id field."""
        return str(getattr(self, self.id_field))


class PullSignal(Part, frozen=True, kw_only=True):
    """The demand that made a work order; `source_keys` find a second one of the same source."""

    type: SignalType = SignalType.INTERNAL_REQUEST
    source: str | None = None
    source_keys: tuple[str, ...] = ()
    received_at: Timestamp = NEVER


class WorkOrder(Record, frozen=True, kw_only=True):
    """The accepted demand (domain 5). `queue_key` orders its bucket's queue; null when not queued."""

    kind = "work_order"
    id_field = "work_order_id"

    work_order_id: str = ""
    title: str
    description: str = ""
    bucket: Bucket = Bucket.FEATURES
    priority: int = 0
    status: WorkOrderStatus = WorkOrderStatus.QUEUED
    queue_key: str | None = None
    pull_signal: PullSignal = PullSignal()
    labels: tuple[str, ...] = ()
    metadata: Json = {}
    due_on: Timestamp | None = None
    sla_deadline: Timestamp | None = None
    created_at: Timestamp = NEVER
    created_by: str = ""
    updated_at: Timestamp = NEVER
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    cancelled_at: Timestamp | None = None
    cancellation_reason: str | None = None
    depends_on: tuple[str, ...] = ()
    sku_id: str | None = None
    sla_andon_id: str | None = None


class StageVisit(Part, frozen=True, kw_only=True):
    """A SKU's stay at one stage; `receipt_id` is the passing receipt it left with."""

    stage: Stage
    entered_at: Timestamp
    left_at: Timestamp | None = None
    receipt_id: str | None = None


class Sku(Record, frozen=True, kw_only=True):
    """One concrete build on its way through the stages (domain 7). `head` is its newest receipt's digest."""

    kind = "sku"
    id_field = "sku_id"

    sku_id: str
    work_order_id: str
    status: SkuStatus = SkuStatus.IN_PRODUCTION
    current_stage: Stage = Stage.SHACL_VALIDATION
    created_at: Timestamp = NEVER
    created_by: str = ""
    updated_at: Timestamp = NEVER
    history: tuple[StageVisit, ...] = ()
    receipt_count: int = 0
    head: str = ""
    completed_at: Timestamp | None = None
    published_at: Timestamp | None = None
    marketplace_url: str | None = None
    ended_at: Timestamp | None = None
    end_reason: str | None = None
    metadata: Json = {}


class Artifact(Part, frozen=True, kw_only=True):
    """A file that a stage made: its name, SHA-256 (lower-case hex), size in bytes, where it is."""

    name: str
    sha256: str
    size: int
    uri: str | None = None


class Receipt(Record, frozen=True, kw_only=True):
    """The immutable record of one run of one stage of one SKU (domain 8.1).

    `previous` is the digest of the file of the SKU's receipt before; of the first, the genesis digest.
    """

    kind = "receipt"
    id_field = "receipt_id"

    receipt_id: str = ""
    sku_id: str
    work_order_id: str = ""
    sequence: int = 0
    stage: Stage
    status: ReceiptStatus = ReceiptStatus.PASS
    timestamp: Timestamp = NEVER
    actor: str = ""
    evidence: Json = {}
    metrics: Json = {}
    artifacts: tuple[Artifact, ...] = ()
    duration_ms: int = 0
    previous: str = ""


class Occurrence(Part, frozen=True, kw_only=True):
    """One time that an Andon's cause was seen."""

    timestamp: Timestamp
    actor: str
    details: Json = {}


class Resolution(Part, frozen=True, kw_only=True):
    """How an Andon ended: the three texts without which it does not, and by whom."""

    root_cause: str
    fix_applied: str
    prevention_added: str
    resolver: str = ""
    resolved_at: Timestamp = NEVER
    resolution_minutes: float = 0.0


class AndonEvent(Record, frozen=True, kw_only=True):
    """A stop of one SKU at one stage and every later one until it is resolved (domain 10.2)."""

    kind = "andon_event"
    id_field = "andon_id"

    andon_id: str = ""
    sku_id: str
    work_order_id: str | None = None
    stage: Stage
    failure_type: FailureType
    severity: Severity
    status: AndonStatus = AndonStatus.OPEN
    details: Json = {}
    created_at: Timestamp = NEVER
    created_by: str = ""
    occurrences: int = 1
    occurrence_log: tuple[Occurrence, ...] = ()
    last_occurrence_at: Timestamp = NEVER
    investigating_at: Timestamp | None = None
    investigator: str | None = None
    escalation_level: int = 0
    escalated_at: Timestamp | None = None
    timed_out_at: Timestamp | None = None
    resolution: Resolution | None = None


class Policy(Record, frozen=True, kw_only=True):
    """The settings that differ from their defaults (domain 14), by key; one record per store."""

    kind = "policy"
    id_field = "policy_id"

    policy_id: str = "policy"
    settings: Json = {}
